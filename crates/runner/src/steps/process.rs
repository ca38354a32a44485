//! Supervises a process: reads what it prints into the step's log until it ends, or ends it.
//!
//! ```text
//! running ──exit──▶ draining ──end of output, or 2 s──▶ ended
//!    │ silent, stopped                                    ▲
//!    └──SIGTERM──▶ stopping ──10 s──▶ SIGKILL ──exit──────┘
//! ```
//!
//! The terminal stays open when children of the shell hold it: they may live on (RUN §2.5), and a
//! process that prints into a closed one would fail. The caller gets it as [`OpenTerminal`].

use std::{
    future::Future,
    io,
    os::fd::{AsFd as _, OwnedFd},
    pin::Pin,
    time::Duration,
};

use nix::{
    fcntl::{FcntlArg, OFlag, fcntl},
    libc::{EIO, SIGKILL, SIGTERM},
};
use roundel_container::{ContainerError, Exit, Process};
use roundel_model::limits::GRACE;
use tokio::{
    net::unix::pipe::Receiver,
    time::{Instant, sleep, sleep_until},
};

use crate::{log::StepLog, stop::StopReason, task_error::TaskError};

/// How long output may follow the end of the shell (RUN §2.5).
const DRAIN: Duration = Duration::from_secs(2);

/// The pause between two reads of output that is discarded.
const DRAIN_PAUSE: Duration = Duration::from_millis(5);

/// How long a killed process may take to be gone.
const KILL: Duration = Duration::from_secs(10);

/// Bytes read at a time.
const PIECE: usize = 64 << 10;

/// Why a process is ended before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EndReason {
    /// It printed nothing for too long (RUN §2.6).
    NoOutput,
    Stopped(StopReason),
    /// It ran in the background, and the job is over.
    JobOver,
}

/// How a process came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProcessEnd {
    /// Why it was ended, if it was.
    pub(crate) reason: Option<EndReason>,
    /// The way it exited; `None` if it was ended and that was not reported in time.
    pub(crate) exit: Option<Exit>,
}

/// A terminal that outlives its process because other processes still hold it.
pub(crate) struct OpenTerminal(Receiver);

impl OpenTerminal {
    /// Reads and discards until no process holds the terminal any more, so that none blocks on it for
    /// long. With pauses, so that endless output does not keep the runner busy.
    pub(crate) async fn drain(self) {
        let mut piece = vec![0; PIECE];
        while let Ok(1..) = read(&self.0, &mut piece).await {
            sleep(DRAIN_PAUSE).await;
        }
    }
}

/// The timeouts of a process.
pub(crate) struct Timeouts {
    /// How long it may print nothing; `None`: without limit.
    pub(crate) no_output: Option<Duration>,
}

/// Supervises a process until it has ended, or is ended for the reason that `ending` returns.
///
/// # Errors
///
/// The runner's disk does not accept the log, or the environment is broken.
pub(crate) async fn supervise(
    process: &mut Process,
    log: &mut StepLog,
    timeouts: Timeouts,
    ending: impl Future<Output = EndReason>,
) -> Result<(ProcessEnd, Option<OpenTerminal>), TaskError> {
    let output = process.take_output().map(asynchronous).transpose();
    let mut supervisor = Supervisor {
        output: output.map_err(|error| lost(&error))?,
        deadline: timeouts.no_output.map(after),
        phase: Phase::Running,
        piece: vec![0; PIECE],
        process,
        log,
        timeouts,
    };
    tokio::pin!(ending);
    loop {
        if let (Phase::Draining(exit, reason), None) = (&supervisor.phase, &supervisor.output) {
            return Ok((ProcessEnd { reason: reason.clone(), exit: Some(*exit) }, None));
        }
        let event = supervisor.next(ending.as_mut()).await;
        if let Some(end) = supervisor.handle(event)? {
            return Ok((end, supervisor.output.map(OpenTerminal)));
        }
    }
}

struct Supervisor<'a> {
    process: &'a Process,
    log: &'a mut StepLog,
    timeouts: Timeouts,
    phase: Phase,
    /// When the phase ends by itself.
    deadline: Option<Instant>,
    /// `None`: no process holds the other end any more.
    output: Option<Receiver>,
    piece: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    Running,
    Stopping(EndReason),
    Killed(EndReason),
    Draining(Exit, Option<EndReason>),
}

/// An event in the life of a supervised process.
enum Event {
    EndRequested(EndReason),
    Exited(Result<Exit, ContainerError>),
    Deadline,
    Room,
    Output(io::Result<usize>),
}

impl Supervisor<'_> {
    async fn next(&mut self, ending: Pin<&mut impl Future<Output = EndReason>>) -> Event {
        let open = self.output.is_some();
        let full = self.log.spool().is_full();
        // The server is behind: the job waits, and its silence does not count.
        let paused = full && self.phase.is_undisturbed();
        // In this order: output without end must not keep anything else from being seen.
        tokio::select! {
            biased;
            // A process that ended by itself is judged by that, whatever else happens.
            exit = self.process.wait(), if !matches!(self.phase, Phase::Draining(..)) => {
                Event::Exited(exit)
            }
            reason = ending, if self.phase.is_undisturbed() => Event::EndRequested(reason),
            () = at(self.deadline), if !paused => Event::Deadline,
            () = self.log.spool().has_room(), if full => Event::Room,
            count = read_some(self.output.as_ref(), &mut self.piece), if open && !full => {
                Event::Output(count)
            }
        }
    }

    /// Handles what happened; returns how the process ended, if it did.
    fn handle(&mut self, event: Event) -> Result<Option<ProcessEnd>, TaskError> {
        match event {
            Event::EndRequested(reason) => return self.end(reason),
            Event::Exited(exit) => {
                let reason = match &self.phase {
                    Phase::Stopping(reason) | Phase::Killed(reason) => Some(reason.clone()),
                    Phase::Running | Phase::Draining(..) => None,
                };
                self.enter(Phase::Draining(exit?, reason), Some(DRAIN));
            }
            Event::Deadline => return self.on_deadline(),
            Event::Room => self.restart_timeout(),
            Event::Output(Ok(count @ 1..)) => {
                self.log.write(&self.piece[..count]).map_err(|error| TaskError::disk(&error))?;
                if self.phase == Phase::Running {
                    self.restart_timeout();
                }
            }
            Event::Output(Ok(0) | Err(_)) => self.output = None,
        }
        Ok(None)
    }

    /// Begins to end a process: with a grace period, unless the lease is lost: then nothing that it does counts.
    fn end(&mut self, reason: EndReason) -> Result<Option<ProcessEnd>, TaskError> {
        if let Phase::Draining(exit, _) = self.phase {
            let reason = (reason != EndReason::JobOver).then_some(reason);
            return Ok(Some(ProcessEnd { reason, exit: Some(exit) }));
        }
        if reason == EndReason::Stopped(StopReason::LeaseLost) {
            self.process.signal(SIGKILL)?;
            self.enter(Phase::Killed(reason), Some(KILL));
        } else {
            self.process.signal(SIGTERM)?;
            self.enter(Phase::Stopping(reason), Some(GRACE));
        }
        Ok(None)
    }

    fn on_deadline(&mut self) -> Result<Option<ProcessEnd>, TaskError> {
        match self.phase.clone() {
            Phase::Running => self.end(EndReason::NoOutput),
            Phase::Stopping(reason) => {
                self.process.signal(SIGKILL)?;
                self.enter(Phase::Killed(reason), Some(KILL));
                Ok(None)
            }
            // Not even SIGKILL helps: the end of the environment must.
            Phase::Killed(reason) => Ok(Some(ProcessEnd { reason: Some(reason), exit: None })),
            Phase::Draining(exit, reason) => Ok(Some(ProcessEnd { reason, exit: Some(exit) })),
        }
    }

    fn enter(&mut self, phase: Phase, limit: Option<Duration>) {
        self.phase = phase;
        self.deadline = limit.map(after);
    }

    /// Restarts the timeout, after output or after time that does not count.
    fn restart_timeout(&mut self) {
        match self.phase {
            Phase::Running => self.deadline = self.timeouts.no_output.map(after),
            Phase::Draining(_, None) => self.deadline = Some(after(DRAIN)),
            Phase::Stopping(_) | Phase::Killed(_) | Phase::Draining(_, Some(_)) => {}
        }
    }
}

impl Phase {
    /// Returns whether the runner has not begun to end the process: it runs, or ended by itself.
    fn is_undisturbed(&self) -> bool {
        matches!(self, Self::Running | Self::Draining(_, None))
    }
}

fn after(time: Duration) -> Instant {
    Instant::now() + time
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// A terminal is read like a pipe, without waiting in a thread.
fn asynchronous(fd: OwnedFd) -> io::Result<Receiver> {
    let flags = OFlag::from_bits_retain(fcntl(fd.as_fd(), FcntlArg::F_GETFL)?);
    fcntl(fd.as_fd(), FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Receiver::from_owned_fd_unchecked(fd)
}

async fn read_some(output: Option<&Receiver>, piece: &mut [u8]) -> io::Result<usize> {
    match output {
        Some(output) => read(output, piece).await,
        None => std::future::pending().await,
    }
}

/// Reads what there is. A terminal that no process holds any more returns EIO: that is its end.
async fn read(output: &Receiver, piece: &mut [u8]) -> io::Result<usize> {
    loop {
        output.readable().await?;
        // Not the `AsyncRead` of the pipe: that takes a short read for "nothing is left", which
        // is not so for terminals.
        match output.try_read(piece) {
            Err(error) if error.raw_os_error() == Some(EIO) => return Ok(0),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) => {}
            other => return other,
        }
    }
}

fn lost(error: &io::Error) -> TaskError {
    TaskError::Infrastructure(format!("the output of a step cannot be read: {error}"))
}
