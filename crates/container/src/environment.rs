//! A running environment: start processes in it, read and write its files, end it.
//!
//! Nothing in here blocks longer than a few milliseconds except [`Process::wait`], which is async,
//! and [`Environment::stop`], which takes a timeout. How an environment is built is decided in
//! [`crate::boot`]; what it is built from, in [`crate::Runtime`].

mod connection;
mod process;

use std::{
    net::TcpListener,
    os::fd::AsFd,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

pub use process::Process;

pub(crate) use connection::Resources;

use connection::Connection;

use crate::{
    cgroup::Group,
    error::{ContainerError, ErrorKind},
    helper::Helper,
    limitation::Limitation,
    link::{memory_file, read_memory_file},
    network::Ready,
    spec::{FileAttributes, ProcessSpec, User},
    wire::{FileHeader, Request, Response},
};

/// Dropping an environment waits this long for it to be gone, so that nothing is left to sweep.
const DROP_TIMEOUT: Duration = Duration::from_secs(5);

/// A running environment. Dropping it ends everything in it.
pub struct Environment {
    connection: Arc<Connection>,
    group: Arc<Group>,
    limitations: Vec<Limitation>,
    disk: Disk,
    /// Until the outside network is ready.
    network: Mutex<Option<Ready>>,
}

/// The disk that is full when a write finds no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disk {
    /// The environment's own space.
    Own,
    /// The host's disk.
    Shared,
}

/// An environment whose PID 1 serves requests.
pub(crate) struct Built {
    pub(crate) helper: Helper,
    pub(crate) resources: Resources,
    pub(crate) limitations: Vec<Limitation>,
    pub(crate) disk: Disk,
    pub(crate) network: Option<Ready>,
}

impl Environment {
    /// Takes over what was built.
    pub(crate) fn new(built: Built) -> Result<Self, ContainerError> {
        let Built { helper, resources, limitations, disk, network } = built;
        let group = Arc::clone(&resources.group);
        let connection = connection::open(helper, resources)?;
        Ok(Self { connection, group, limitations, disk, network: Mutex::new(network) })
    }

    /// Returns what it lacks of its spec on this host.
    pub fn limitations(&self) -> &[Limitation] {
        &self.limitations
    }

    /// Returns how many processes the memory limit has killed in it so far. A shell that lost its
    /// child this way reports code 137 as for any other death; this tells them apart.
    pub fn out_of_memory_kills(&self) -> u64 {
        self.group.out_of_memory_kills()
    }

    /// Starts a process. Blocks for a millisecond.
    ///
    /// # Errors
    ///
    /// `NotFound`, `AccessDenied` or `InvalidRequest` if the program, the user or the directory
    /// cannot be used, `Ended` if the environment has ended, `Host` if it is at its limit of
    /// processes.
    pub fn spawn(&self, spec: &ProcessSpec) -> Result<Process, ContainerError> {
        self.wait_for_network();
        let kills = self.group.out_of_memory_kills();
        let (id, end, fds) = self.connection.spawn(Request::Spawn(spec.clone()), kills)?;
        Ok(Process::new(Arc::clone(&self.connection), id, end, fds))
    }

    /// Returns a user of the environment's user database.
    ///
    /// # Errors
    ///
    /// `NotFound` if the database does not have the name.
    pub fn user(&self, user: Option<&str>) -> Result<User, ContainerError> {
        match self.connection.ask(Request::User(user.map(str::to_owned)), &[])? {
            (Response::User(user), _) => Ok(user),
            _ => Err(unexpected_response()),
        }
    }

    /// Makes a directory and its parents, owned by the ids, as seen from inside. A directory that
    /// exists is left as it is.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` if a part of the path is not a directory, `DiskLimit` if the environment's
    /// disk limit is reached, `StorageFull` if the host's disk is full.
    pub fn make_dir(&self, path: &Path, attributes: FileAttributes) -> Result<(), ContainerError> {
        let request = Request::MakeDir { path: path.to_owned(), attributes };
        self.connection.ask(request, &[]).map(drop).map_err(|error| self.attribute(error))
    }

    /// Writes a small file as seen from inside (links are resolved inside).
    ///
    /// # Errors
    ///
    /// `InvalidRequest` or `NotFound` if the path cannot be a file, `DiskLimit` if the environment's
    /// disk limit is reached, `StorageFull` if the host's disk is full.
    pub fn write_file(
        &self,
        path: &Path,
        bytes: &[u8],
        attributes: FileAttributes,
    ) -> Result<(), ContainerError> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let header = FileHeader { path: path.to_owned(), attributes, bytes: length };
        let file = memory_file(bytes)
            .map_err(|error| ContainerError::failed("hold a file in memory", error))?;
        let written = self.connection.ask(Request::WriteFile(header), &[file.as_fd()]);
        written.map(drop).map_err(|error| self.attribute(error))
    }

    /// Reads a small file as seen from inside; `None` if there is none.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` if it is not a regular file or larger than `max_bytes`.
    pub fn read_file(
        &self,
        path: &Path,
        max_bytes: usize,
    ) -> Result<Option<Vec<u8>>, ContainerError> {
        let max_bytes = u64::try_from(max_bytes).unwrap_or(u64::MAX);
        let request = Request::ReadFile { path: path.to_owned(), max_bytes };
        match self.connection.ask(request, &[])? {
            (Response::Read { bytes: None }, _) => Ok(None),
            (Response::Read { bytes: Some(_) }, fds) => {
                let file = fds.into_iter().next().ok_or_else(unexpected_response)?;
                read_memory_file(file, max_bytes)
                    .map(Some)
                    .map_err(|error| ContainerError::failed("read a file in memory", error))
            }
            _ => Err(unexpected_response()),
        }
    }

    /// Returns whether a path exists inside.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` if the path cannot be looked up, for example because symbolic links form a cycle.
    pub fn exists(&self, path: &Path) -> Result<bool, ContainerError> {
        match self.connection.ask(Request::Exists(path.to_owned()), &[])? {
            (Response::Exists(exists), _) => Ok(exists),
            _ => Err(unexpected_response()),
        }
    }

    /// Listens on a port of the environment's loopback: connections accepted on this socket come from
    /// processes inside, without any outside network. Port 0: any free one.
    ///
    /// # Errors
    ///
    /// `Host` if the port is taken inside.
    pub fn listen(&self, port: u16) -> Result<TcpListener, ContainerError> {
        match self.connection.ask(Request::Listen { port }, &[])? {
            (Response::Listening, fds) => {
                fds.into_iter().next().map(TcpListener::from).ok_or_else(unexpected_response)
            }
            _ => Err(unexpected_response()),
        }
    }

    /// Ends everything in it and waits until it is gone, at most for `timeout`.
    ///
    /// # Errors
    ///
    /// `Host` if the kernel has not let go of it in time.
    pub fn stop(self, timeout: Duration) -> Result<(), ContainerError> {
        if self.end(timeout) {
            return Ok(());
        }
        Err(ContainerError::host(format!(
            "the environment was still there {} ms after its end: a process hangs in the kernel",
            timeout.as_millis()
        )))
    }

    /// The network is connected while the environment is built; the first process waits for the rest.
    fn wait_for_network(&self) {
        let mut network = self.network.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ready) = network.take() {
            ready.wait();
        }
    }

    /// Decides whose space is used up, which PID 1 cannot know.
    fn attribute(&self, error: ContainerError) -> ContainerError {
        if error.kind() == ErrorKind::StorageFull && self.disk == Disk::Own {
            return error.with_kind(ErrorKind::DiskLimit);
        }
        error
    }

    /// Hangs up, and kills if that does not help; returns whether everything is gone.
    fn end(&self, timeout: Duration) -> bool {
        self.connection.hang_up();
        if self.connection.wait_until_gone(timeout / 2) {
            return true;
        }
        self.connection.kill();
        self.connection.wait_until_gone(timeout / 2)
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        if !self.end(DROP_TIMEOUT) {
            tracing::warn!("an environment was not gone in time; the kernel ends it later");
        }
    }
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment")
            .field("limitations", &self.limitations)
            .finish_non_exhaustive()
    }
}

fn unexpected_response() -> ContainerError {
    ContainerError::host("the environment broke the protocol: unexpected response")
}
