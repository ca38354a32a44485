//! Attends a process: reads what it prints into the step's log until it ends, or ends it.
//!
//! ```text
//! running ──exit──▶ draining ──end of output, or 2 s──▶ ended
//!    │ silent, stopped                                    ▲
//!    └──SIGTERM──▶ stopping ──10 s──▶ SIGKILL ──exit──────┘
//! ```
//!
//! The terminal's other end stays open when children of the shell hold it: they may live on
//! (RUN §2.5), and would die of a hang-up. The caller gets what is left as [`Leftover`].

use std::{
    future::Future,
    io,
    os::fd::{AsFd as _, OwnedFd},
    time::Duration,
};

use nix::{
    fcntl::{FcntlArg, OFlag, fcntl},
    libc::{EIO, SIGKILL, SIGTERM},
};
use roundel_container::{Exit, Process};
use roundel_model::limits::GRACE;
use tokio::{
    net::unix::pipe::Receiver,
    time::{Instant, sleep_until},
};

use crate::{log::StepLog, stop::StopReason, task::Trouble};

/// How long output may follow the end of the shell (RUN §2.5).
const DRAIN: Duration = Duration::from_secs(2);

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
    /// Reads and forgets, so that nobody blocks on a full terminal.
    pub(crate) async fn drain(self) {
        let mut piece = vec![0; PIECE];
        while let Ok(1..) = read(&self.0, &mut piece).await {}
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    Running,
    Stopping(Why),
    Killed(Why),
    Draining(Exit, Option<Why>),
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
    let mut output =
        process.take_output().map(asynchronous).transpose().map_err(|error| lost(&error))?;
    let mut piece = vec![0; PIECE];
    let mut phase = Phase::Running;
    let mut deadline = patience.silence.map(after);
    let mut flush_at = None;
    tokio::pin!(ending);
    loop {
        let open = output.is_some();
        if let (Phase::Draining(exit, why), false) = (&phase, open) {
            return Ok((End { why: why.clone(), exit: Some(*exit) }, None));
        }
        let full = log.spool().is_full();
        tokio::select! {
            biased;
            why = &mut ending, if phase == Phase::Running => {
                (phase, deadline) = end(process, why)?;
            }
            // The server is behind: the job waits, and nobody blames it for being silent.
            () = room(log), if full => deadline = renewed(&phase, deadline, &patience),
            count = read_some(output.as_ref(), &mut piece), if open && !full => match count {
                Ok(count @ 1..) => {
                    log.write(&piece[..count]).map_err(|error| Trouble::disk(&error))?;
                    deadline = renewed(&phase, deadline, &patience);
                    flush_at = log.holds().then(|| after(FLUSH));
                }
                Ok(0) | Err(_) => output = None,
            },
            exit = process.wait(), if !matches!(phase, Phase::Draining(..)) => {
                let why = match phase {
                    Phase::Stopping(why) | Phase::Killed(why) => Some(why),
                    Phase::Running | Phase::Draining(..) => None,
                };
                phase = Phase::Draining(exit.map_err(Trouble::from)?, why);
                deadline = Some(after(DRAIN));
            }
            () = at(flush_at), if flush_at.is_some() => {
                log.flush().map_err(|error| Trouble::disk(&error))?;
                flush_at = None;
            }
            () = at(deadline), if deadline.is_some() && !(full && phase == Phase::Running) => match phase {
                Phase::Running => (phase, deadline) = end(process, Why::Silent)?,
                Phase::Stopping(why) => {
                    signal(process, SIGKILL)?;
                    phase = Phase::Killed(why);
                    deadline = Some(after(KILL));
                }
                // Not even SIGKILL helps: the environment's own end must.
                Phase::Killed(why) => return Ok((End { why: Some(why), exit: None }, None)),
                Phase::Draining(exit, why) => {
                    return Ok((End { why, exit: Some(exit) }, output.map(Leftover)));
                }
            },
        }
    }
}

/// Begins to end a process: politely, unless somebody else may have the task already.
fn end(process: &Process, why: Why) -> Result<(Phase, Option<Instant>), Trouble> {
    if why == Why::Stopped(StopReason::LeaseLost) {
        signal(process, SIGKILL)?;
        return Ok((Phase::Killed(why), Some(after(KILL))));
    }
    signal(process, SIGTERM)?;
    Ok((Phase::Stopping(why), Some(after(GRACE))))
}

fn signal(process: &Process, signal: i32) -> Result<(), Trouble> {
    process.signal(signal).map_err(Trouble::from)
}

fn renewed(phase: &Phase, deadline: Option<Instant>, patience: &Patience) -> Option<Instant> {
    if *phase == Phase::Running { patience.silence.map(after) } else { deadline }
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

async fn room(log: &StepLog) {
    log.spool().has_room().await;
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
