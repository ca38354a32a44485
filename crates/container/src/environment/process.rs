//! A process in an environment, as the host side holds it.

use std::{os::fd::OwnedFd, sync::Arc};

use tokio::sync::watch;

use super::connection::{Connection, is_over};
use crate::{
    error::ContainerError,
    wire::{Exit, Request},
};

/// A process in an environment. Dropping it leaves it running: it ends with the environment.
pub struct Process {
    connection: Arc<Connection>,
    id: u64,
    end: watch::Receiver<Option<Exit>>,
    output: Option<OwnedFd>,
    error: Option<OwnedFd>,
}

impl Process {
    pub(super) fn new(
        connection: Arc<Connection>,
        id: u64,
        end: watch::Receiver<Option<Exit>>,
        fds: Vec<OwnedFd>,
    ) -> Self {
        let mut fds = fds.into_iter();
        Self { connection, id, end, output: fds.next(), error: fds.next() }
    }

    /// The pty's master (reads what it prints, merged), or the read end of its stdout pipe.
    /// Taken once.
    ///
    /// A pty's master answers `EIO` when the last process has closed the terminal.
    pub fn take_output(&mut self) -> Option<OwnedFd> {
        self.output.take()
    }

    /// The read end of its stderr pipe, without a pty. Taken once.
    pub fn take_error(&mut self) -> Option<OwnedFd> {
        self.error.take()
    }

    /// Sends a signal to its process group. A group that is gone already is fine.
    ///
    /// # Errors
    ///
    /// `Ended` if the environment has ended.
    pub fn signal(&self, signal: i32) -> Result<(), ContainerError> {
        self.connection.ask(Request::Signal { process: self.id, signal }, &[]).map(drop)
    }

    /// Waits until it ends. Cancel-safe; may be called again.
    ///
    /// # Errors
    ///
    /// `Ended` if the environment has ended without reporting it.
    pub async fn wait(&self) -> Result<Exit, ContainerError> {
        let mut end = self.end.clone();
        let ended = end.wait_for(Option::is_some).await.ok().and_then(|end| *end);
        ended.ok_or_else(is_over)
    }
}

impl std::fmt::Debug for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Process").field("id", &self.id).finish_non_exhaustive()
    }
}
