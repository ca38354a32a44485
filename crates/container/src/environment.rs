//! Starting environments and running processes in them. Safe to use from a threaded host.

use std::{os::fd::OwnedFd, path::PathBuf, sync::Arc, time::Duration};

use crate::{error::ContainerError, limits::Limits};

/// Where environments live on this host.
#[derive(Clone, Debug)]
pub struct RuntimeSettings {
    /// Directory for layers, scratch and state. Made if missing; may be shared by many runtimes.
    pub directory: PathBuf,
    /// The binary that answers [`crate::boot::run_if_asked`]; `None`: this one (`/proc/self/exe`).
    pub boot: Option<PathBuf>,
}

/// Starts environments.
#[derive(Clone)]
pub struct Runtime { inner: Arc<()> }

/// What an environment's root file system is made of.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub enum Root {
    /// Image layers in the store, lowest first.
    Layers(Vec<PathBuf>),
    /// The host's toolchain, read-only: `/usr`, `/bin`, `/lib*`, `/etc` without secrets; fresh
    /// `/home`, `/tmp`, `/var`, `/root`. Writes land in a throw-away overlay.
    Host,
}

/// An environment that is wanted.
#[derive(Clone, Debug)]
pub struct EnvironmentSpec {
    /// For directory and cgroup names: letters, digits, `-`.
    pub name: String,
    pub root: Root,
    pub limits: Limits,
    pub hostname: String,
    /// Extra `name -> 127.0.0.1` entries of `/etc/hosts`.
    pub hosts: Vec<String>,
    /// (host directory, path inside, read-only) binds.
    pub binds: Vec<(PathBuf, PathBuf, bool)>,
    /// Files to put into the root before anything runs: (path, mode, uid, gid, bytes).
    pub files: Vec<(PathBuf, u32, u32, u32, Vec<u8>)>,
    /// Outside network, where the host allows it; otherwise loopback only.
    pub network: bool,
}

/// A running environment. Dropping it ends everything in it.
pub struct Environment { inner: () }

/// A process that is wanted in an environment.
#[derive(Clone, Debug)]
pub struct ProcessSpec {
    /// Program and arguments; the program is looked up in the environment's `PATH`.
    pub argv: Vec<String>,
    /// All of its variables.
    pub env: Vec<(String, String)>,
    /// Must exist.
    pub cwd: PathBuf,
    /// Numbers or names, as in an image's `USER`: `root`, `1000`, `circleci:circleci`. None: root.
    pub user: Option<String>,
    /// Columns and rows of a new pty that becomes its controlling terminal; `None`: pipes, stdin empty.
    pub pty: Option<(u16, u16)>,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Exit {
    Code(i32),
    /// Ended by a signal; `out_of_memory` if the memory limit did it.
    Signal { signal: i32, out_of_memory: bool },
}

/// A process in an environment.
pub struct Process { inner: () }

impl Runtime {
    /// Opens the runtime, sweeps what a killed predecessor left, and finds out what the host can do.
    pub fn open(settings: RuntimeSettings) -> Result<Self, ContainerError> { let _ = settings; todo!() }
    /// Sentences on what this host cannot do, for `roundel doctor`.
    pub fn shortcomings(&self) -> Vec<String> { todo!() }
    /// The image store.
    pub fn images(&self) -> crate::image::ImageStore { todo!() }
    /// Starts an environment. Blocks for a few milliseconds.
    pub fn start(&self, spec: &EnvironmentSpec) -> Result<Environment, ContainerError> { let _ = spec; todo!() }
}

impl Environment {
    /// Limits and features that this host does not enforce, one sentence each.
    pub fn not_enforced(&self) -> &[String] { todo!() }
    /// Starts a process. Blocks for a millisecond.
    pub fn spawn(&self, spec: &ProcessSpec) -> Result<Process, ContainerError> { let _ = spec; todo!() }
    /// The home directory and ids of a user, from the environment's user database:
    /// (name, uid, gid, home, shell).
    pub fn user(&self, user: Option<&str>) -> Result<(String, u32, u32, PathBuf, String), ContainerError> { let _ = user; todo!() }
    /// Makes a directory and its parents, owned by the ids, as seen from inside.
    pub fn make_dir(&self, path: &std::path::Path, uid: u32, gid: u32, mode: u32) -> Result<(), ContainerError> { let _ = (path, uid, gid, mode); todo!() }
    /// Writes a small file as seen from inside (links are resolved inside).
    pub fn write_file(&self, path: &std::path::Path, bytes: &[u8], uid: u32, gid: u32, mode: u32) -> Result<(), ContainerError> { let _ = (path, bytes, uid, gid, mode); todo!() }
    /// Reads a small file as seen from inside; `None` if there is none.
    pub fn read_file(&self, path: &std::path::Path, max_bytes: usize) -> Result<Option<Vec<u8>>, ContainerError> { let _ = (path, max_bytes); todo!() }
    /// Tells whether a path exists inside.
    pub fn exists(&self, path: &std::path::Path) -> Result<bool, ContainerError> { let _ = path; todo!() }
    /// Ends everything in it and waits until it is gone, at most `patience`.
    pub fn stop(self, patience: Duration) -> Result<(), ContainerError> { let _ = patience; todo!() }
}

impl Process {
    /// The pty's master (reads what it prints, merged), or the read end of its stdout pipe.
    /// Taken once.
    pub fn take_output(&mut self) -> Option<OwnedFd> { todo!() }
    /// The read end of its stderr pipe, without a pty. Taken once.
    pub fn take_error(&mut self) -> Option<OwnedFd> { todo!() }
    /// Sends a signal to its process group.
    pub fn signal(&self, signal: i32) -> Result<(), ContainerError> { let _ = signal; todo!() }
    /// Waits until it ends. Cancel-safe; may be called again.
    pub async fn wait(&self) -> Result<Exit, ContainerError> { todo!() }
}
