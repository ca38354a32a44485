//! Attends a process: reads what it prints into the step's log until it ends, or ends it.
//!
//! ```text
//! running ──exit──▶ draining ──end of output, or 2 s──▶ ended
//!    │ silent, stopped                                    ▲
//!    └──SIGTERM──▶ stopping ──10 s──▶ SIGKILL ──exit──────┘
//! ```
//!
//! The terminal stays open when children of the shell hold it: they may live on (RUN §2.5), and
//! whoever printed into a closed one would fail. The caller gets what is left as [`Leftover`].

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

use crate::{log::StepLog, stop::StopReason, task::Trouble};

/// How long output may follow the end of the shell (RUN §2.5).
const DRAIN: Duration = Duration::from_secs(2);

/// How long nobody reads between two pieces of output that nobody wants.
const BREATH: Duration = Duration::from_millis(5);

/// How much silence lets out what is held back for masking (RUN §7.3).
const FLUSH: Duration = Duration::from_millis(100);

/// How long a killed process may take to be gone.
const KILL: Duration = Duration::from_secs(10);

/// Bytes read at a time.
const PIECE: usize = 64 << 10;

/// Why a process is ended before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It printed nothing for too long (RUN §2.6).
    Silent,
    /// The task is stopped.
    Stopped(StopReason),
    /// It ran in the background, and the job is over.
    JobOver,
}

/// How a process came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// Why it was ended, if it was.
    pub(crate) why: Option<Why>,
    /// How it exited; `None` if it was ended and did not say so in time.
    pub(crate) exit: Option<Exit>,
}

/// A terminal that something still holds.
pub(crate) struct Leftover(Receiver);

impl Leftover {
    /// Reads and forgets until nobody holds the terminal any more, so that nobody blocks on it for
    /// long. Without haste: what prints without end shall not keep the runner busy.
    pub(crate) async fn drain(self) {
        let mut piece = vec![0; PIECE];
        while let Ok(1..) = read(&self.0, &mut piece).await {
            sleep(BREATH).await;
        }
    }
}

/// What the process is measured by.
pub(crate) struct Patience {
    /// How long it may be silent; `None`: for ever.
    pub(crate) silence: Option<Duration>,
}

/// Attends a process until it has ended, or is ended because `ending` says why.
///
/// # Errors
///
/// The runner's disk does not take the log, or the environment is broken.
pub(crate) async fn attend(
    process: &mut Process,
    log: &mut StepLog,
    patience: Patience,
    ending: impl Future<Output = Why>,
) -> Result<(End, Option<Leftover>), Trouble> {
    let output = process.take_output().map(asynchronous).transpose();
    let mut attendance = Attendance {
        output: output.map_err(|error| lost(&error))?,
        deadline: patience.silence.map(after),
        flush_at: None,
        phase: Phase::Running,
        piece: vec![0; PIECE],
        process,
        log,
        patience,
    };
    tokio::pin!(ending);
    loop {
        if let (Phase::Draining(exit, why), None) = (&attendance.phase, &attendance.output) {
            return Ok((End { why: why.clone(), exit: Some(*exit) }, None));
        }
        let event = attendance.next(ending.as_mut()).await;
        if let Some(end) = attendance.heed(event)? {
            return Ok((end, attendance.output.map(Leftover)));
        }
    }
}

struct Attendance<'a> {
    process: &'a Process,
    log: &'a mut StepLog,
    patience: Patience,
    phase: Phase,
    /// When the phase ends by itself.
    deadline: Option<Instant>,
    /// When silence lets out what is held back.
    flush_at: Option<Instant>,
    /// `None`: nobody holds the other end any more.
    output: Option<Receiver>,
    piece: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    Running,
    Stopping(Why),
    Killed(Why),
    Draining(Exit, Option<Why>),
}

/// What happens to a process that is attended.
enum Event {
    End(Why),
    Exited(Result<Exit, ContainerError>),
    Deadline,
    Silence,
    Room,
    Output(io::Result<usize>),
}

impl Attendance<'_> {
    async fn next(&mut self, ending: Pin<&mut impl Future<Output = Why>>) -> Event {
        let open = self.output.is_some();
        let full = self.log.spool().is_full();
        // The server is behind: the job waits, and nobody blames it for being silent.
        let paused = full && self.phase.is_patient();
        // In this order: output without end must not keep anything else from being seen.
        tokio::select! {
            biased;
            // A process that ended by itself is judged by that, whatever else comes about.
            exit = self.process.wait(), if !matches!(self.phase, Phase::Draining(..)) => {
                Event::Exited(exit)
            }
            why = ending, if self.phase.is_patient() => Event::End(why),
            () = at(self.deadline), if !paused => Event::Deadline,
            () = at(self.flush_at) => Event::Silence,
            () = self.log.spool().has_room(), if full => Event::Room,
            count = read_some(self.output.as_ref(), &mut self.piece), if open && !full => {
                Event::Output(count)
            }
        }
    }

    /// Takes what happened; answers how the process ended, if it did.
    fn heed(&mut self, event: Event) -> Result<Option<End>, Trouble> {
        match event {
            Event::End(why) => return self.end(why),
            Event::Exited(exit) => {
                let why = match &self.phase {
                    Phase::Stopping(why) | Phase::Killed(why) => Some(why.clone()),
                    Phase::Running | Phase::Draining(..) => None,
                };
                self.enter(Phase::Draining(exit?, why), Some(DRAIN));
            }
            Event::Deadline => return self.on_deadline(),
            Event::Silence => {
                self.log.flush().map_err(|error| Trouble::disk(&error))?;
                self.flush_at = None;
            }
            Event::Room => self.renew(),
            Event::Output(Ok(count @ 1..)) => {
                self.log.write(&self.piece[..count]).map_err(|error| Trouble::disk(&error))?;
                self.flush_at = self.log.holds().then(|| after(FLUSH));
                if self.phase == Phase::Running {
                    self.renew();
                }
            }
            Event::Output(Ok(0) | Err(_)) => self.output = None,
        }
        Ok(None)
    }

    /// Begins to end a process: politely, unless somebody else may have the task already.
    fn end(&mut self, why: Why) -> Result<Option<End>, Trouble> {
        if let Phase::Draining(exit, _) = self.phase {
            let why = (why != Why::JobOver).then_some(why);
            return Ok(Some(End { why, exit: Some(exit) }));
        }
        if why == Why::Stopped(StopReason::LeaseLost) {
            self.process.signal(SIGKILL)?;
            self.enter(Phase::Killed(why), Some(KILL));
        } else {
            self.process.signal(SIGTERM)?;
            self.enter(Phase::Stopping(why), Some(GRACE));
        }
        Ok(None)
    }

    fn on_deadline(&mut self) -> Result<Option<End>, Trouble> {
        match self.phase.clone() {
            Phase::Running => self.end(Why::Silent),
            Phase::Stopping(why) => {
                self.process.signal(SIGKILL)?;
                self.enter(Phase::Killed(why), Some(KILL));
                Ok(None)
            }
            // Not even SIGKILL helps: the end of the environment must.
            Phase::Killed(why) => Ok(Some(End { why: Some(why), exit: None })),
            Phase::Draining(exit, why) => Ok(Some(End { why, exit: Some(exit) })),
        }
    }

    fn enter(&mut self, phase: Phase, patience: Option<Duration>) {
        self.phase = phase;
        self.deadline = patience.map(after);
    }

    /// Begins to count anew, after output or after time that does not count.
    fn renew(&mut self) {
        match self.phase {
            Phase::Running => self.deadline = self.patience.silence.map(after),
            Phase::Draining(_, None) => self.deadline = Some(after(DRAIN)),
            Phase::Stopping(_) | Phase::Killed(_) | Phase::Draining(_, Some(_)) => {}
        }
    }
}

impl Phase {
    /// Tells whether the process is left in peace: it runs, or ended by itself.
    fn is_patient(&self) -> bool {
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

/// Reads what there is. A terminal that nobody holds any more answers EIO: that is its end.
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

fn lost(error: &io::Error) -> Trouble {
    Trouble::Infrastructure(format!("the output of a step cannot be read: {error}"))
}
