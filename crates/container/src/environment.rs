//! Starting environments and running processes in them. Safe to use from a threaded host.
//!
//! Nothing in here waits longer than a few milliseconds except [`Process::wait`], which is async,
//! and [`Environment::stop`], which is told how long. How an environment is built is the helper's
//! affair ([`crate::boot`]).

mod conversation;
mod process;
mod runtime;

use std::{
    net::TcpListener,
    os::fd::AsFd,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

pub use process::Process;
pub use runtime::Runtime;

use conversation::Conversation;
pub(crate) use runtime::Inner;

use crate::{
    cgroup::Group,
    error::ContainerError,
    limits::Limits,
    network::Signal,
    wire::{Answer, FileHead, StepPlan, Wish, memory_file, read_memory_file},
};

/// Dropping an environment waits this long for it to be gone, so that nothing is left to sweep.
const DROP_PATIENCE: Duration = Duration::from_secs(5);

/// Where environments live on this host.
#[derive(Clone, Debug)]
pub struct RuntimeSettings {
    /// Directory for layers, scratch and state. Made if missing; may be shared by many runtimes.
    pub directory: PathBuf,
    /// The binary that answers [`crate::boot::run_if_asked`]; `None`: this one (`/proc/self/exe`).
    pub boot: Option<PathBuf>,
}

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
    /// What it starts from.
    pub root: Root,
    /// What it may use.
    pub limits: Limits,
    /// Its host name.
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
pub struct Environment {
    conversation: Arc<Conversation>,
    group: Arc<Group>,
    not_enforced: Vec<String>,
    /// Until the outside network is ready.
    network: Mutex<Option<Signal>>,
}

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
    /// It ended by itself.
    Code(i32),
    /// Ended by a signal; `out_of_memory` if the memory limit did it.
    Signal {
        /// The signal's number.
        signal: i32,
        /// The memory limit did it.
        out_of_memory: bool,
    },
}

impl Environment {
    /// Limits and features that this host does not enforce, one sentence each.
    pub fn not_enforced(&self) -> &[String] {
        &self.not_enforced
    }

    /// How many processes the memory limit has killed in it so far. A shell that lost its child
    /// this way reports code 137 like any other death; this tells it apart.
    pub fn out_of_memory_kills(&self) -> u64 {
        self.group.out_of_memory_kills()
    }

    /// Starts a process. Blocks for a millisecond.
    ///
    /// # Errors
    ///
    /// [`ContainerError::Request`] if the program, the user or the directory does not exist, and
    /// [`ContainerError::Host`] if the environment has ended or is at its limit of processes.
    pub fn spawn(&self, spec: &ProcessSpec) -> Result<Process, ContainerError> {
        let plan = StepPlan {
            argv: spec.argv.clone(),
            env: spec.env.clone(),
            cwd: spec.cwd.clone(),
            user: spec.user.clone(),
            pty: spec.pty,
        };
        self.wait_for_network();
        let kills = self.group.out_of_memory_kills();
        let (id, end, fds) = self.conversation.spawn(Wish::Spawn(plan), kills)?;
        Ok(Process::new(Arc::clone(&self.conversation), id, end, fds))
    }

    /// The home directory and ids of a user, from the environment's user database:
    /// (name, uid, gid, home, shell).
    ///
    /// # Errors
    ///
    /// [`ContainerError::Request`] if the database does not know a name.
    pub fn user(
        &self,
        user: Option<&str>,
    ) -> Result<(String, u32, u32, PathBuf, String), ContainerError> {
        match self.conversation.ask(Wish::User(user.map(str::to_owned)), &[])? {
            (Answer::User(user), _) => Ok((user.name, user.uid, user.gid, user.home, user.shell)),
            _ => Err(out_of_turn()),
        }
    }

    /// Makes a directory and its parents, owned by the ids, as seen from inside. What exists is
    /// left as it is.
    ///
    /// # Errors
    ///
    /// [`ContainerError::Request`] if something on the way is no directory.
    pub fn make_dir(
        &self,
        path: &Path,
        uid: u32,
        gid: u32,
        mode: u32,
    ) -> Result<(), ContainerError> {
        let wish = Wish::MakeDir { path: path.to_owned(), uid, gid, mode };
        self.conversation.ask(wish, &[]).map(drop)
    }

    /// Writes a small file as seen from inside (links are resolved inside).
    ///
    /// # Errors
    ///
    /// [`ContainerError::Request`] if the path cannot be a file, [`ContainerError::Host`] if the
    /// environment's disk limit is reached.
    #[expect(clippy::too_many_arguments, reason = "the same attributes as of `make_dir`")]
    pub fn write_file(
        &self,
        path: &Path,
        bytes: &[u8],
        uid: u32,
        gid: u32,
        mode: u32,
    ) -> Result<(), ContainerError> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let head = FileHead { path: path.to_owned(), mode, uid, gid, bytes: length };
        let file = memory_file(bytes)
            .map_err(|error| ContainerError::host("hold a file in memory", error))?;
        self.conversation.ask(Wish::WriteFile(head), &[file.as_fd()]).map(drop)
    }

    /// Reads a small file as seen from inside; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`ContainerError::Request`] if it is no regular file or larger than `max_bytes`.
    pub fn read_file(
        &self,
        path: &Path,
        max_bytes: usize,
    ) -> Result<Option<Vec<u8>>, ContainerError> {
        let most = u64::try_from(max_bytes).unwrap_or(u64::MAX);
        let wish = Wish::ReadFile { path: path.to_owned(), max_bytes: most };
        match self.conversation.ask(wish, &[])? {
            (Answer::Read { bytes: None }, _) => Ok(None),
            (Answer::Read { bytes: Some(_) }, fds) => {
                let file = fds.into_iter().next().ok_or_else(out_of_turn)?;
                read_memory_file(file, most)
                    .map(Some)
                    .map_err(|error| ContainerError::host("read what was received", error))
            }
            _ => Err(out_of_turn()),
        }
    }

    /// Tells whether a path exists inside.
    ///
    /// # Errors
    ///
    /// [`ContainerError::Request`] if the path cannot be looked at, for example a circle of links.
    pub fn exists(&self, path: &Path) -> Result<bool, ContainerError> {
        match self.conversation.ask(Wish::Exists(path.to_owned()), &[])? {
            (Answer::Exists(exists), _) => Ok(exists),
            _ => Err(out_of_turn()),
        }
    }

    /// Listens on a port of the environment's loopback: whoever accepts on this socket talks to
    /// processes inside, without any outside network. Port 0: any free one.
    ///
    /// # Errors
    ///
    /// [`ContainerError::Host`] if the port is taken inside.
    pub fn listen(&self, port: u16) -> Result<TcpListener, ContainerError> {
        match self.conversation.ask(Wish::Listen { port }, &[])? {
            (Answer::Listening, fds) => {
                fds.into_iter().next().map(TcpListener::from).ok_or_else(out_of_turn)
            }
            _ => Err(out_of_turn()),
        }
    }

    /// Ends everything in it and waits until it is gone, at most `patience`.
    ///
    /// # Errors
    ///
    /// [`ContainerError::Host`] if the kernel has not let go of it in time.
    pub fn stop(self, patience: Duration) -> Result<(), ContainerError> {
        if self.end(patience) {
            return Ok(());
        }
        Err(ContainerError::Host(format!(
            "the environment was still there {} ms after its end: a process hangs in the kernel",
            patience.as_millis()
        )))
    }

    /// The way out is laid while the environment is built; its first process waits for the rest.
    fn wait_for_network(&self) {
        let mut network = self.network.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signal) = network.take() {
            signal.wait();
        }
    }

    /// Hangs up, and kills if that does not help; tells whether everything is gone.
    fn end(&self, patience: Duration) -> bool {
        self.conversation.hang_up();
        if self.conversation.wait_until_gone(patience / 2) {
            return true;
        }
        self.conversation.kill();
        self.conversation.wait_until_gone(patience / 2)
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        if !self.end(DROP_PATIENCE) {
            tracing::warn!("an environment was not gone in time; the kernel ends it later");
        }
    }
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment")
            .field("not_enforced", &self.not_enforced)
            .finish_non_exhaustive()
    }
}

fn out_of_turn() -> ContainerError {
    ContainerError::Host("the environment answered out of turn".to_owned())
}
