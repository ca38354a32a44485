//! The few calls of rtnetlink that a connection to the outside takes: a pair of interfaces, addresses, a route.
//!
//! Messages are built by hand: programs such as `ip` take longer to start than an environment.

use std::{
    io,
    os::fd::{AsRawFd, OwnedFd},
};

use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, sendto,
    setsockopt, socket, sockopt::ReceiveTimeout,
};

use crate::wire::{Block, Interface};

const NEW_LINK: u16 = 16;
const NEW_ADDRESS: u16 = 20;
const NEW_ROUTE: u16 = 24;
const REQUEST_AND_ANSWER: u16 = 0x1 | 0x4;
const CREATE_ANEW: u16 = 0x400 | 0x200;
const ERROR: u16 = 2;
const IFLA_ADDRESS_NAME: u16 = 3;
const IFLA_LINKINFO: u16 = 18;
const IFLA_NET_NS_PID: u16 = 19;
const INFO_KIND: u16 = 1;
const INFO_DATA: u16 = 2;
const VETH_PEER: u16 = 1;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const RTA_DST: u16 = 1;
const RTA_GATEWAY: u16 = 5;
/// `RTN_PROHIBIT`, a type of route.
const PROHIBIT: u8 = 8;
const NESTED: u16 = 0x8000;
/// The kernel answers at once.
const TIMEOUT_SECONDS: i64 = 5;

/// A pair of interfaces to make.
pub(crate) struct Pair<'a> {
    /// The end that stays.
    pub(crate) name: &'a str,
    /// The end in the namespace of `pid`.
    pub(crate) inside: &'a str,
    pub(crate) pid: u32,
    /// Address of the end that stays.
    pub(crate) gateway: [u8; 4],
    pub(crate) prefix: u8,
}

/// Makes a pair of interfaces, and gives the end that stays its address.
pub(crate) fn make_pair(pair: &Pair<'_>) -> io::Result<()> {
    let link = Rtnetlink::open()?;
    let mut peer = interface_header(0, 0);
    attribute(&mut peer, IFLA_ADDRESS_NAME, &c_name(pair.inside));
    attribute(&mut peer, IFLA_NET_NS_PID, &pair.pid.to_ne_bytes());
    let mut data = Vec::new();
    attribute(&mut data, VETH_PEER | NESTED, &peer);
    let mut info = Vec::new();
    attribute(&mut info, INFO_KIND, b"veth");
    attribute(&mut info, INFO_DATA | NESTED, &data);
    let mut message = interface_header(0, 0);
    attribute(&mut message, IFLA_ADDRESS_NAME, &c_name(pair.name));
    attribute(&mut message, IFLA_LINKINFO | NESTED, &info);
    link.ask(NEW_LINK, CREATE_ANEW, &message)?;
    link.set_up(pair.name, pair.gateway, pair.prefix)
}

/// Gives an interface of this namespace its address, and makes it the way to everywhere.
pub(crate) fn configure(interface: &Interface) -> io::Result<()> {
    let link = Rtnetlink::open()?;
    link.set_up(&interface.name, interface.address, interface.prefix)?;
    // family, lengths of destination and source, service, table main, protocol static, global
    // scope, unicast, no flags
    let mut message = vec![family()?, 0, 0, 0, 254, 4, 0, 1, 0, 0, 0, 0];
    attribute(&mut message, RTA_GATEWAY, &interface.gateway);
    link.ask(NEW_ROUTE, CREATE_ANEW, &message)
}

/// Makes every connection to some addresses fail at once, whatever other routes there are.
pub(crate) fn prohibit(block: Block) -> io::Result<()> {
    // As above, but with a destination, and of the kind "prohibit".
    let mut message = vec![family()?, block.prefix, 0, 0, 254, 4, 0, PROHIBIT, 0, 0, 0, 0];
    attribute(&mut message, RTA_DST, &block.address);
    Rtnetlink::open()?.ask(NEW_ROUTE, CREATE_ANEW, &message)
}

struct Rtnetlink {
    socket: OwnedFd,
}

impl Rtnetlink {
    fn open() -> io::Result<Self> {
        let protocol = SockProtocol::NetlinkRoute;
        let kind = SockType::Raw;
        let socket = socket(AddressFamily::Netlink, kind, SockFlag::SOCK_CLOEXEC, protocol)?;
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, 0))?;
        let timeout = nix::sys::time::TimeVal::new(TIMEOUT_SECONDS, 0);
        setsockopt(&socket, ReceiveTimeout, &timeout)?;
        Ok(Self { socket })
    }

    /// Gives an interface an address and sets it up.
    fn set_up(&self, name: &str, address: [u8; 4], prefix: u8) -> io::Result<()> {
        let index = nix::net::if_::if_nametoindex(name)?;
        // family, prefix, no flags, global scope
        let mut message = vec![family()?, prefix, 0, 0];
        message.extend(index.to_ne_bytes());
        attribute(&mut message, IFA_LOCAL, &address);
        attribute(&mut message, IFA_ADDRESS, &address);
        self.ask(NEW_ADDRESS, CREATE_ANEW, &message)?;
        let index = i32::try_from(index).map_err(io::Error::other)?;
        self.ask(NEW_LINK, 0, &interface_header(index, libc::IFF_UP))
    }

    /// Sends a message and waits for the kernel's answer.
    fn ask(&self, kind: u16, flags: u16, body: &[u8]) -> io::Result<()> {
        let length = u32::try_from(16 + body.len()).map_err(io::Error::other)?;
        let mut message = Vec::new();
        message.extend(length.to_ne_bytes());
        message.extend(kind.to_ne_bytes());
        message.extend((REQUEST_AND_ANSWER | flags).to_ne_bytes());
        message.extend(1_u32.to_ne_bytes());
        message.extend(0_u32.to_ne_bytes());
        message.extend(body);
        let kernel = NetlinkAddr::new(0, 0);
        sendto(self.socket.as_raw_fd(), &message, &kernel, MsgFlags::empty())?;
        let mut answer = [0; 4096];
        recv(self.socket.as_raw_fd(), &mut answer, MsgFlags::empty())?;
        // A header, then an error number that is 0 if all went well.
        let [_, _, _, _, low, high, ..] = answer;
        if u16::from_ne_bytes([low, high]) != ERROR {
            return Err(io::Error::other("the kernel sent an unexpected reply"));
        }
        let mut code = [0; 4];
        code.copy_from_slice(&answer[16..20]);
        match i32::from_ne_bytes(code) {
            0 => Ok(()),
            error => Err(io::Error::from_raw_os_error(-error)),
        }
    }
}

fn family() -> io::Result<u8> {
    u8::try_from(libc::AF_INET).map_err(io::Error::other)
}

/// `struct ifinfomsg`, with the same flags to set and to change.
fn interface_header(index: i32, flags: i32) -> Vec<u8> {
    let mut header = vec![0; 4];
    header.extend(index.to_ne_bytes());
    header.extend(flags.to_ne_bytes());
    header.extend(flags.to_ne_bytes());
    header
}

/// Appends an attribute, padded to four bytes.
fn attribute(message: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    message.extend(length.to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend(value);
    message.resize(message.len().next_multiple_of(4), 0);
}

fn c_name(name: &str) -> Vec<u8> {
    let mut bytes = name.as_bytes().to_vec();
    bytes.push(0);
    bytes
}
