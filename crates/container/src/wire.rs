//! What the host side and the helper say to each other, and how it travels.
//!
//! Messages are JSON on a `SEQPACKET` socket, with descriptors beside them (`SCM_RIGHTS`). A body
//! that is too large for one packet travels in a memory file as the last descriptor. The two ends
//! are the same binary, so the format is private and has no versions.

use std::{
    fs::File,
    io::{self, IoSlice, IoSliceMut, Read, Seek, Write},
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
    path::PathBuf,
    time::Duration,
};

use nix::sys::{
    memfd::{MFdFlags, memfd_create},
    socket::{
        self, AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType,
    },
    time::TimeVal,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{environment::Exit, error::ContainerError};

/// Bodies up to this size travel inside the packet; the socket's buffer is several times larger.
const INLINE_BYTES: usize = 32 * 1024;
/// Descriptors that one packet may carry.
const MOST_FDS: usize = 8;
/// A body in a memory file may be this large: the tools that a runner puts into an environment are
/// a few megabytes each.
const BODY_BYTES: u64 = 512 * 1024 * 1024;
const INLINE: u8 = 0;
const IN_FILE: u8 = 1;

/// One end of a conversation.
#[derive(Debug)]
pub(crate) struct Link {
    socket: OwnedFd,
}

/// Something that went wrong on the helper's side, on its way to the host side.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Fault {
    /// The one who asked is wrong, not the host.
    pub(crate) request: bool,
    pub(crate) message: String,
}

/// The first message to a helper: what it shall be.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Task {
    /// PID 1 of an environment. With [`Blueprint::idmapped`], a user namespace is attached; then
    /// comes a memory file with the bytes of [`Blueprint::files`].
    Environment(Box<Blueprint>),
    /// A holder of a user namespace, until the socket closes.
    Namespace,
    /// Unpacks the layer that comes on the attached descriptor into a directory.
    Unpack(crate::image::unpack::Order),
    /// Removes directories whose owners only a user namespace can name.
    Remove { directories: Vec<PathBuf>, new_namespace: bool },
}

/// What a helper says before an environment or another task is ready.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Report {
    /// It has a new user namespace and waits for its id maps.
    Unshared,
    /// It did what was asked, or PID 1 serves; sentences on what is not enforced.
    Ready {
        not_enforced: Vec<String>,
    },
    /// A layer was unpacked.
    Unpacked(crate::image::unpack::Unpacked),
    Failed(Fault),
}

/// The id maps are written: go on.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Mapped {
    /// The host side has made an interface `eth0` in the new network namespace.
    pub(crate) interface: Option<Interface>,
}

/// Addresses of the outside interface.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Interface {
    pub(crate) name: String,
    pub(crate) address: [u8; 4],
    pub(crate) prefix: u8,
    pub(crate) gateway: [u8; 4],
}

/// All that PID 1 needs to know to build an environment.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Blueprint {
    /// An empty directory of the host; everything is mounted below it, in a private namespace.
    pub(crate) stash: PathBuf,
    pub(crate) root: RootPlan,
    pub(crate) upper: Upper,
    pub(crate) hostname: String,
    pub(crate) hosts: String,
    pub(crate) resolv: String,
    pub(crate) binds: Vec<BindPlan>,
    pub(crate) files: Vec<FileHead>,
    /// The `cgroup.procs` files to join.
    pub(crate) cgroups: Vec<PathBuf>,
    /// Sources get the ids of the attached user namespace.
    pub(crate) idmapped: bool,
    /// Only one user and group exist inside.
    pub(crate) single_id: bool,
    /// Size of `/dev/shm`.
    pub(crate) shm_bytes: u64,
    /// Setuid programs work inside.
    pub(crate) setuid: bool,
}

/// What the root is made of.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum RootPlan {
    /// Layers, lowest first.
    Layers(Vec<PathBuf>),
    /// Trees of the host.
    Host(HostPlan),
}

/// A root made of the host's toolchain.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct HostPlan {
    pub(crate) trees: Vec<HostTree>,
    /// Links in the root: (name, target).
    pub(crate) links: Vec<(String, PathBuf)>,
}

/// A directory that appears inside with a throw-away overlay.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct HostTree {
    /// Name in the root: `usr`.
    pub(crate) name: String,
    /// Where it is on the host.
    pub(crate) source: PathBuf,
    /// A directory with whiteouts for what must not be seen.
    pub(crate) mask: Option<PathBuf>,
}

/// Where writes go.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Upper {
    Memory {
        bytes: Option<u64>,
    },
    Directory(PathBuf),
    /// An ext4 file system on a block device; its root must be given to this id.
    Device {
        device: PathBuf,
        owner: u32,
    },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BindPlan {
    pub(crate) source: PathBuf,
    pub(crate) target: PathBuf,
    pub(crate) read_only: bool,
}

/// A file to write; its bytes travel beside it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FileHead {
    pub(crate) path: PathBuf,
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) bytes: u64,
}

/// A request to PID 1.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) id: u64,
    pub(crate) wish: Wish,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Wish {
    /// The call's id becomes the process's.
    Spawn(StepPlan),
    Signal {
        process: u64,
        signal: i32,
    },
    User(Option<String>),
    MakeDir {
        path: PathBuf,
        uid: u32,
        gid: u32,
        mode: u32,
    },
    /// The bytes come in a memory file.
    WriteFile(FileHead),
    ReadFile {
        path: PathBuf,
        max_bytes: u64,
    },
    Exists(PathBuf),
    /// A listening socket on this port of the environment's loopback.
    Listen {
        port: u16,
    },
}

/// A process that is wanted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StepPlan {
    pub(crate) argv: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) cwd: PathBuf,
    pub(crate) user: Option<String>,
    pub(crate) pty: Option<(u16, u16)>,
}

/// What PID 1 says while it serves.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum News {
    Answer { id: u64, answer: Result<Answer, Fault> },
    Ended { process: u64, exit: Exit },
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    Done,
    /// The master of the pty, or the read ends of stdout and stderr, are attached.
    Spawned,
    User(UserEntry),
    /// The bytes are attached in a memory file; `None`: there is no such file.
    Read {
        bytes: Option<u64>,
    },
    Exists(bool),
    /// The socket is attached.
    Listening,
}

/// A line of the user database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UserEntry {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) home: PathBuf,
    pub(crate) shell: String,
}

impl Link {
    /// Makes both ends of a conversation.
    pub(crate) fn pair() -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) = socket::socketpair(
            AddressFamily::Unix,
            SockType::SeqPacket,
            None,
            SockFlag::SOCK_CLOEXEC,
        )?;
        Ok((Self { socket: ours }, theirs))
    }

    /// Takes an end that was inherited; `None` if the descriptor is no such socket.
    pub(crate) fn inherited(socket: OwnedFd) -> Option<Self> {
        let kind = socket::getsockopt(&socket, socket::sockopt::SockType).ok()?;
        (kind == SockType::SeqPacket).then_some(Self { socket })
    }

    /// A second handle of the same end.
    pub(crate) fn another(&self) -> io::Result<Self> {
        Ok(Self { socket: self.socket.try_clone()? })
    }

    /// Limits how long [`Link::receive`] waits; `None`: for ever.
    pub(crate) fn set_patience(&self, patience: Option<Duration>) -> io::Result<()> {
        let patience = patience.unwrap_or_default();
        let seconds = i64::try_from(patience.as_secs()).unwrap_or(i64::MAX);
        let value = TimeVal::new(seconds, i64::from(patience.subsec_micros()));
        Ok(socket::setsockopt(&self.socket, socket::sockopt::ReceiveTimeout, &value)?)
    }

    /// Ends the conversation for both sides, whoever else holds this end.
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
        let mut control = nix::cmsg_space!([std::os::fd::RawFd; MOST_FDS]);
        let mut parts = [IoSliceMut::new(buffer)];
        let packet = socket::recvmsg::<()>(
            self.socket.as_raw_fd(),
            &mut parts,
            Some(&mut control),
            MsgFlags::MSG_CMSG_CLOEXEC,
        );
        let packet = match packet {
            // The other side died with unread messages of ours: gone, as at an end of file.
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
pub(crate) fn read_memory_file(file: OwnedFd, most: u64) -> io::Result<Vec<u8>> {
    let mut file = File::from(file);
    file.rewind()?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Fault {
    /// The host's trouble, with what was tried.
    pub(crate) fn host(tried: impl std::fmt::Display, error: impl std::fmt::Display) -> Self {
        Self { request: false, message: format!("failed to {tried}: {error}") }
    }

    /// The asker's mistake.
    pub(crate) fn request(message: impl Into<String>) -> Self {
        Self { request: true, message: message.into() }
    }
}

impl From<Fault> for ContainerError {
    fn from(fault: Fault) -> Self {
        if fault.request { Self::Request(fault.message) } else { Self::Host(fault.message) }
    }
}
