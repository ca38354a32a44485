//! The session of a terminal, and its leader, which outlives the program that runs in it.
//!
//! When the leader of a session dies, the kernel hangs its terminal up: the foreground group gets
//! SIGHUP, and processes that still print get EIO. If a shell led its own session, its exit would
//! kill the processes that it had started with `&`, which must keep running (RUN §2.5). So the session
//! leader is a separate fork of PID 1 that only waits until no process holds the terminal any more:
//!
//! ```text
//! PID 1 ──fork──▶ leader: session, terminal
//!   │                └──clone──▶ program, a child of PID 1, in the foreground group
//!   │◀──────────── its end ─────────┘
//!   │             leader: takes the foreground, lets go of the terminal, waits until all have
//! ```
//!
//! The program is the leader's sibling, so that PID 1 reaps it like any other process, and nothing
//! has to be passed on. Without a terminal there is nothing to hang up, and no leader.

use std::{
    fs::File,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::Duration,
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{SigSet, Signal, kill},
        signalfd::{SfdFlags, SignalFd},
    },
    unistd::{Pid, getpid, setpgid, setsid, tcsetpgrp},
};

use crate::{error::ContainerError, sys};

/// How often the leader checks whether the terminal is still held. The host side's hang-up, which is
/// how nearly all terminals end, wakes it at once.
const LOOK_AGAIN_MILLIS: u16 = 1000;
/// How often kernels without pidfds are asked whether the program still runs.
const ASK_AGAIN: Duration = Duration::from_millis(20);

/// Makes a session with a terminal, and a process in its foreground. Returns that process to the
/// leader, and `None` to the process itself, which has all signals blocked.
pub(super) fn enter(terminal: &OwnedFd, owner: u32) -> Result<Option<Pid>, ContainerError> {
    let tried = |error: Errno| ContainerError::failed("make a session", error);
    // No process inside ends the leader by a signal that was meant for all of them.
    SigSet::all().thread_block().map_err(tried)?;
    setsid().map_err(tried)?;
    sys::take_terminal(terminal.as_fd())
        .map_err(|error| ContainerError::failed("take the terminal", error))?;
    // Programs such as `tty` and `mesg` expect the terminal to be their user's.
    let _unmapped = std::os::unix::fs::fchown(terminal, Some(owner), None);
    match sys::fork_sibling() {
        Ok(Some(program)) => Ok(Some(program)),
        Ok(None) => {
            let own = getpid();
            setpgid(own, own).map_err(tried)?;
            tcsetpgrp(terminal, own).map_err(tried)?;
            Ok(None)
        }
        Err(error) => Err(not_started(error)),
    }
}

/// A fork failed.
pub(super) fn not_started(error: std::io::Error) -> ContainerError {
    let tried = "start a process (has the environment reached its limit of processes?)";
    ContainerError::failed(tried, error)
}

/// Leads the session until it is not needed any more. `report` is closed when the program can be
/// waited for: before that, PID 1 does not reap it, and its number is not reused.
pub(super) fn lead(terminal: OwnedFd, program: Pid, report: File) {
    let watched = u32::try_from(program.as_raw()).ok().and_then(|pid| sys::open_pidfd(pid).ok());
    drop(report);
    wait_for(program, watched.as_ref());
    // The kernel remembers which group was in the foreground when the terminal was hung up, and sends
    // it SIGHUP at the leader's end: that must be the leader alone.
    let _gone = tcsetpgrp(&terminal, getpid());
    drop(terminal);
    let mut hang_up = SigSet::empty();
    hang_up.add(Signal::SIGHUP);
    let hang_up = SignalFd::with_flags(&hang_up, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK);
    while is_held() {
        // Whatever wakes it, or fails: the state of the terminal decides.
        let mut woken = hang_up.iter().map(AsFd::as_fd).map(readable).collect::<Vec<_>>();
        let _woken = poll(&mut woken, PollTimeout::from(LOOK_AGAIN_MILLIS));
        while let Ok(Ok(Some(_))) = hang_up.as_ref().map(SignalFd::read_signal) {}
    }
}

fn wait_for(program: Pid, watched: Option<&OwnedFd>) {
    let Some(watched) = watched else {
        while kill(program, None) != Err(Errno::ESRCH) {
            std::thread::sleep(ASK_AGAIN);
        }
        return;
    };
    let mut ended = [readable(watched.as_fd())];
    while poll(&mut ended, PollTimeout::NONE) == Err(Errno::EINTR) {}
}

fn readable(fd: BorrowedFd<'_>) -> PollFd<'_> {
    PollFd::new(fd, PollFlags::POLLIN)
}

/// Returns whether a process has the session's terminal open. The kernel takes it from the session
/// when the last one closes it, and when the host side hangs up.
fn is_held() -> bool {
    File::open("/dev/tty").is_ok()
}
