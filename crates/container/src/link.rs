//! How messages travel between the host side and the helper.
//!
//! Messages are JSON on a `SEQPACKET` socket, with descriptors attached (`SCM_RIGHTS`). A body that
//! is too large for one packet travels in a memory file as the last descriptor. The messages
//! are defined in [`crate::wire`].

use std::{
    fs::File,
    io::{self, IoSlice, IoSliceMut, Read, Seek, Write},
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
    time::Duration,
};

use nix::sys::{
    memfd::{MFdFlags, memfd_create},
    socket::{
        self, AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType,
    },
    time::TimeVal,
};
use serde::{Serialize, de::DeserializeOwned};

/// Bodies up to this size travel inside the packet; the socket's buffer is several times larger.
const INLINE_BYTES: usize = 32 * 1024;
/// Descriptors that one packet may carry.
const MAX_FDS: usize = 8;
/// A body in a memory file may be this large: the tools that a runner puts into an environment are
/// a few megabytes each.
const BODY_BYTES: u64 = 512 * 1024 * 1024;
const INLINE: u8 = 0;
const IN_FILE: u8 = 1;

/// One end of the socket between the host side and a helper.
#[derive(Debug)]
pub(crate) struct Link {
    socket: OwnedFd,
}

impl Link {
    /// Makes both ends.
    pub(crate) fn pair() -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) = socket::socketpair(
            AddressFamily::Unix,
            SockType::SeqPacket,
            None,
            SockFlag::SOCK_CLOEXEC,
        )?;
        Ok((Self { socket: ours }, theirs))
    }

    /// Takes an end that was inherited; `None` if the descriptor is not such a socket.
    pub(crate) fn inherited(socket: OwnedFd) -> Option<Self> {
        let kind = socket::getsockopt(&socket, socket::sockopt::SockType).ok()?;
        (kind == SockType::SeqPacket).then_some(Self { socket })
    }

    /// Returns a second handle of the same end.
    pub(crate) fn another(&self) -> io::Result<Self> {
        Ok(Self { socket: self.socket.try_clone()? })
    }

    /// Limits how long [`Link::receive`] waits; `None`: no limit.
    pub(crate) fn set_receive_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        let timeout = timeout.unwrap_or_default();
        let seconds = i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX);
        let value = TimeVal::new(seconds, i64::from(timeout.subsec_micros()));
        Ok(socket::setsockopt(&self.socket, socket::sockopt::ReceiveTimeout, &value)?)
    }

    /// Closes the connection for both sides, even if other handles of this end exist.
    pub(crate) fn hang_up(&self) {
        // The other side may be gone already; then there is nothing left to end.
        let _gone = socket::shutdown(self.socket.as_raw_fd(), socket::Shutdown::Both);
    }

    /// Sends a message and descriptors.
    pub(crate) fn send<T: Serialize>(&self, message: &T, fds: &[BorrowedFd<'_>]) -> io::Result<()> {
        let body = serde_json::to_vec(message)?;
        let mut raw: Vec<_> = fds.iter().map(AsRawFd::as_raw_fd).collect();
        let file;
        let parts = if body.len() <= INLINE_BYTES {
            [IoSlice::new(&[INLINE]), IoSlice::new(&body)]
        } else {
            file = memory_file(&body)?;
            raw.push(file.as_raw_fd());
            [IoSlice::new(&[IN_FILE]), IoSlice::new(&[])]
        };
        let rights = [ControlMessage::ScmRights(&raw)];
        let control: &[ControlMessage<'_>] = if raw.is_empty() { &[] } else { &rights };
        socket::sendmsg::<()>(
            self.socket.as_raw_fd(),
            &parts,
            control,
            MsgFlags::MSG_NOSIGNAL,
            None,
        )?;
        Ok(())
    }

    /// Receives a message and its descriptors; `None` when the other side is gone.
    pub(crate) fn receive<T: DeserializeOwned>(&self) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
        let mut buffer = vec![0; INLINE_BYTES + 1];
        let (length, mut fds) = loop {
            match self.receive_packet(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        if length == 0 {
            return Ok(None);
        }
        if buffer.first() == Some(&IN_FILE) {
            let file = fds.pop().ok_or_else(|| io::Error::other("a body without its file"))?;
            let body = read_memory_file(file, BODY_BYTES)?;
            return Ok(Some((serde_json::from_slice(&body)?, fds)));
        }
        let body = buffer.get(1..length).unwrap_or_default();
        Ok(Some((serde_json::from_slice(body)?, fds)))
    }

    fn receive_packet(&self, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
        let mut control = nix::cmsg_space!([std::os::fd::RawFd; MAX_FDS]);
        let mut parts = [IoSliceMut::new(buffer)];
        let packet = socket::recvmsg::<()>(
            self.socket.as_raw_fd(),
            &mut parts,
            Some(&mut control),
            MsgFlags::MSG_CMSG_CLOEXEC,
        );
        let packet = match packet {
            // The other side died with our messages unread: gone, as at an end of file.
            Err(nix::errno::Errno::ECONNRESET) => return Ok((0, Vec::new())),
            other => other?,
        };
        let mut fds = Vec::new();
        for message in packet.cmsgs()? {
            if let ControlMessageOwned::ScmRights(raw) = message {
                fds.extend(raw.into_iter().map(crate::sys::adopt));
            }
        }
        Ok((packet.bytes, fds))
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Puts bytes into an anonymous file in memory, to be read from its start.
pub(crate) fn memory_file(bytes: &[u8]) -> io::Result<OwnedFd> {
    let mut file = File::from(memfd_create(c"roundel", MFdFlags::MFD_CLOEXEC)?);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file.into())
}

/// Reads what [`memory_file`] made.
pub(crate) fn read_memory_file(file: OwnedFd, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut file = File::from(file);
    file.rewind()?;
    let mut bytes = Vec::new();
    file.take(max_bytes).read_to_end(&mut bytes)?;
    Ok(bytes)
}
