//! The messages that the host side and the helper exchange.
//!
//! Both ends are the same binary, so the format is private and has no versions. How a message
//! travels is in [`crate::link`].

use std::{net::Ipv4Addr, os::fd::OwnedFd, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    error::ContainerError,
    limitation::Limitation,
    spec::{Bind, FileAttributes, ProcessSpec, User},
};

/// First argument of a helper.
pub(crate) const HELPER_ARGUMENT: &str = "__roundel-boot";

/// The first message to a helper: what it is for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum HelperTask {
    /// PID 1 of an environment. With [`Blueprint::idmapped`], a user namespace is attached; then
    /// comes a memory file with the bytes of [`Blueprint::files`].
    Environment(Box<Blueprint>),
    /// Holds a user namespace until the socket closes.
    Namespace,
    /// Unpacks the layer that comes on the attached descriptor into a directory.
    Unpack(UnpackRequest),
    /// Removes directories whose owners only a user namespace can name.
    Remove { directories: Vec<PathBuf>, new_namespace: bool },
}

/// What a helper reports before an environment or another task is ready.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum HelperReport {
    /// It has a new user namespace and waits for its id maps.
    Unshared,
    /// It did what was asked, or PID 1 serves requests.
    Ready {
        limitations: Vec<Limitation>,
    },
    Unpacked(UnpackedLayer),
    Failed(ContainerError),
}

/// The id maps are written: continue.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct IdsMapped {
    pub(crate) connection: Connection,
}

/// What PID 1 has to set up of the connection to the outside.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Connection {
    /// The host side has made an interface `eth0` in the new network namespace.
    pub(crate) interface: Option<Interface>,
    /// Addresses to which no route may lead.
    pub(crate) prohibited: Vec<Block>,
    /// The name server that takes the place of the host's.
    pub(crate) name_server: Option<Ipv4Addr>,
}

/// Addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Block {
    pub(crate) address: [u8; 4],
    /// How many bits are the same.
    pub(crate) prefix: u8,
}

/// Addresses of the outside interface.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Interface {
    pub(crate) name: String,
    pub(crate) address: [u8; 4],
    pub(crate) prefix: u8,
    pub(crate) gateway: [u8; 4],
}

/// Everything that PID 1 needs to know to build an environment.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Blueprint {
    /// An empty directory of the host; everything is mounted below it, in a private namespace.
    pub(crate) stash: PathBuf,
    pub(crate) root: RootPlan,
    pub(crate) upper: Upper,
    pub(crate) hostname: String,
    /// The text of `/etc/hosts`.
    pub(crate) hosts: String,
    /// The text of `/etc/resolv.conf`.
    pub(crate) resolv: String,
    pub(crate) binds: Vec<Bind>,
    pub(crate) files: Vec<FileHeader>,
    /// The `cgroup.procs` files to join.
    pub(crate) cgroups: Vec<PathBuf>,
    /// Sources get the ids of the attached user namespace.
    pub(crate) idmapped: bool,
    pub(crate) ids: InnerIds,
    /// Size of `/dev/shm`.
    pub(crate) shm_bytes: u64,
    /// Setuid programs work inside.
    pub(crate) setuid: bool,
}

/// Which users and groups exist inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum InnerIds {
    /// Only root; owners cannot be set.
    Single,
    /// All that an image may name.
    Many,
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
    /// Its path on the host.
    pub(crate) source: PathBuf,
    /// A directory with whiteouts for what must not be seen.
    pub(crate) mask: Option<PathBuf>,
}

/// Where writes go.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Upper {
    /// A tmpfs; `None`: as large as the kernel's default.
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

impl Upper {
    /// Returns whether the environment can fill only its own space, not the host's disk.
    pub(crate) fn is_limited(&self) -> bool {
        match self {
            Self::Memory { .. } | Self::Device { .. } => true,
            Self::Directory(_) => false,
        }
    }
}

/// A file to write; its bytes travel separately.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FileHeader {
    pub(crate) path: PathBuf,
    pub(crate) attributes: FileAttributes,
    pub(crate) bytes: u64,
}

/// What to unpack, and where.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct UnpackRequest {
    /// An empty directory.
    pub(crate) directory: PathBuf,
    /// Owners can only be set inside a user namespace.
    pub(crate) new_namespace: bool,
    pub(crate) ids: InnerIds,
    /// The layer is this part of the source, as offset and length; `None`: all of it.
    pub(crate) part: Option<(u64, u64)>,
    /// The unpacked layer may have this many bytes.
    pub(crate) max_bytes: u64,
}

/// The result of unpacking a layer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct UnpackedLayer {
    /// `sha256:…` of the bytes as they came.
    pub(crate) digest: String,
    /// `sha256:…` of the tar inside.
    pub(crate) diff_id: String,
    /// Bytes of the tar inside.
    pub(crate) bytes: u64,
    /// Device nodes that were left out: no environment could open them.
    pub(crate) skipped: u64,
}

/// A request to PID 1, with the number that its response carries.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) id: u64,
    pub(crate) request: Request,
}

/// What PID 1 can be asked for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    /// The call's id becomes the process's.
    Spawn(ProcessSpec),
    Signal {
        process: u64,
        signal: i32,
    },
    User(Option<String>),
    MakeDir {
        path: PathBuf,
        attributes: FileAttributes,
    },
    /// The bytes come in a memory file.
    WriteFile(FileHeader),
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

/// What PID 1 sends while it serves requests.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum AgentMessage {
    Responded { id: u64, result: Result<Response, ContainerError> },
    Exited { process: u64, exit: Exit },
}

/// The successful result of a request.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Response {
    Done,
    /// The master of the pty, or the read ends of stdout and stderr, are attached.
    Spawned,
    User(User),
    /// The bytes are attached in a memory file; `None`: there is no such file.
    Read {
        bytes: Option<u64>,
    },
    Exists(bool),
    /// The socket is attached.
    Listening,
}

/// The result of a request, with the descriptors that travel with it.
pub(crate) type Reply = Result<(Response, Vec<OwnedFd>), ContainerError>;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// It ended by itself.
    Code(i32),
    /// A signal ended it.
    Signal {
        signal: i32,
        /// The memory limit was the cause.
        out_of_memory: bool,
    },
}
