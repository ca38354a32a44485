//! A helper process, as the host side holds it: start it, write its id maps, hear its reports.

use std::{
    io,
    os::fd::BorrowedFd,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::{
    error::ContainerError,
    link::Link,
    wire::{Connection, HELPER_ARGUMENT, HelperReport, HelperTask, IdsMapped},
};

/// How long a helper may take to report: it does a handful of system calls.
const REPORT_TIMEOUT: Duration = Duration::from_secs(30);

/// A helper that has been started, and this side of the socket to it.
#[derive(Debug)]
pub(crate) struct Helper {
    pub(crate) child: Child,
    pub(crate) link: Link,
}

impl Helper {
    /// Starts a helper and sends it its task.
    pub(crate) fn start(
        program: &Path,
        task: &HelperTask,
        fds: &[BorrowedFd<'_>],
    ) -> Result<Self, ContainerError> {
        let tried = |error: io::Error| ContainerError::failed("start the helper process", error);
        let (link, theirs) = Link::pair().map_err(tried)?;
        let child = Command::new(program)
            .arg(HELPER_ARGUMENT)
            // Nothing of this process's environment may be readable from inside.
            .env_clear()
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(tried)?;
        let helper = Self { child, link };
        let sent = helper
            .link
            .set_receive_timeout(Some(REPORT_TIMEOUT))
            .and_then(|()| helper.link.send(task, fds));
        if let Err(error) = sent {
            helper.finish();
            return Err(tried(error));
        }
        Ok(helper)
    }

    /// Waits for the next report. A failure that the helper reports is the error.
    pub(crate) fn report(&self) -> Result<HelperReport, ContainerError> {
        match self.link.receive::<HelperReport>() {
            Ok(Some((HelperReport::Failed(error), _))) => Err(error),
            Ok(Some((report, _))) => Ok(report),
            Ok(None) => Err(ContainerError::host(
                "the helper process ended without a report; does the program call \
                 `boot::run_if_asked` first in `main`?",
            )),
            Err(error) => Err(ContainerError::failed("read the helper process's report", error)),
        }
    }

    /// Lets the helper continue after its id maps are written.
    pub(crate) fn proceed(&self, connection: Connection) -> Result<(), ContainerError> {
        self.link
            .send(&IdsMapped { connection }, &[])
            .map_err(|error| ContainerError::failed("send to the helper process", error))
    }

    /// Ends the helper and waits until it is gone.
    pub(crate) fn finish(mut self) {
        self.link.hang_up();
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// The error for a report that does not fit the state of the task.
pub(crate) fn unexpected_report() -> ContainerError {
    ContainerError::host("the helper process broke the protocol: unexpected report")
}
