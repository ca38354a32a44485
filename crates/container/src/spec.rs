//! What callers ask for: environments, processes, files. Plain data, checked before it is used.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{error::ContainerError, limits::Limits};

/// Names of environments are parts of file names.
const MAX_NAME_BYTES: usize = 100;
/// The kernel's longest host name.
const MAX_HOSTNAME_BYTES: usize = 64;

/// What an environment's root file system is made of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Root {
    /// Image layers in the store, lowest first.
    Layers(Vec<PathBuf>),
    /// The host's toolchain, read-only: `/usr`, `/bin`, `/lib*`, `/etc` without secrets; fresh
    /// `/home`, `/tmp`, `/var`, `/root`. Writes land in a throw-away overlay.
    Host,
}

/// The environment to start.
#[derive(Clone, Debug)]
pub struct EnvironmentSpec {
    /// Part of directory and cgroup names: letters, digits, `-`.
    pub name: String,
    /// The contents of its root at the start.
    pub root: Root,
    /// Limits that the kernel enforces on all of its processes.
    pub limits: Limits,
    /// What `hostname` prints inside.
    pub hostname: String,
    /// Extra `name -> 127.0.0.1` entries of `/etc/hosts`.
    pub hosts: Vec<String>,
    /// Directories and files of the host that appear inside.
    pub binds: Vec<Bind>,
    /// Files to put into the root before anything runs.
    pub files: Vec<FileSpec>,
    /// Outside network, where the host allows it; otherwise loopback only.
    pub network: bool,
}

impl EnvironmentSpec {
    /// Describes an environment with a name and a root, and nothing else: no limits, no network.
    pub fn new(name: &str, root: Root) -> Self {
        Self {
            name: name.to_owned(),
            root,
            limits: Limits::default(),
            hostname: name.to_owned(),
            hosts: Vec::new(),
            binds: Vec::new(),
            files: Vec::new(),
            network: false,
        }
    }

    /// Checks everything that becomes part of a path or a file of the system.
    pub(crate) fn check(&self) -> Result<(), ContainerError> {
        let refuse = |what: String| Err(ContainerError::invalid(what));
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if self.name.is_empty() || self.name.len() > MAX_NAME_BYTES || !self.name.chars().all(plain)
        {
            return refuse(format!("`{}` is not a valid name of an environment", self.name));
        }
        if !is_host_name(&self.hostname) || self.hostname.len() > MAX_HOSTNAME_BYTES {
            return refuse(format!("`{}` is not a valid host name", self.hostname));
        }
        if let Some(wrong) = self.hosts.iter().find(|name| !is_host_name(name)) {
            return refuse(format!("`{wrong}` is not a valid host name"));
        }
        if let Some(wrong) = self.binds.iter().find(|bind| !is_bind_target(&bind.target)) {
            return refuse(format!(
                "cannot bind to `{}`: not an absolute path",
                wrong.target.display()
            ));
        }
        Ok(())
    }
}

fn is_host_name(name: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !name.is_empty() && name.chars().all(letters)
}

fn is_bind_target(path: &Path) -> bool {
    path.is_absolute() && !path.components().any(|part| part.as_os_str() == "..")
}

/// A directory or a file of the host that appears inside.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bind {
    /// Its path on the host.
    pub source: PathBuf,
    /// Its absolute path inside.
    pub target: PathBuf,
    /// Processes inside cannot change it.
    pub read_only: bool,
}

/// A file to put into the root.
#[derive(Clone, Debug)]
pub struct FileSpec {
    /// Its path inside.
    pub path: PathBuf,
    /// Its owner and mode.
    pub attributes: FileAttributes,
    pub bytes: Vec<u8>,
}

/// Owner and mode of a file or directory, as seen from inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileAttributes {
    pub uid: u32,
    pub gid: u32,
    /// Permission bits.
    pub mode: u32,
}

impl FileAttributes {
    /// A file of root's.
    pub const fn root(mode: u32) -> Self {
        Self { uid: 0, gid: 0, mode }
    }
}

/// The process to start in an environment.
#[derive(Clone, Debug, Serialize, Deserialize)]
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

/// An entry of an environment's user database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Login name, or the number of a user without one.
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    pub home: PathBuf,
    pub shell: String,
}
