//! PID 1 of an environment: forks processes, reaps what they leave, works on files, and ends with
//! the socket.
//!
//! One thread and one loop. It never waits for a process, only for the next message or the next
//! death. When it returns, the kernel ends everything else in the environment.

use std::{
    collections::HashMap,
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{SigSet, Signal},
        signalfd::{SfdFlags, SignalFd},
    },
    unistd::Pid,
};

use super::{files, step, users};
use crate::{
    environment::Exit,
    sys::{self, Death},
    wire::{Answer, Call, Fault, Link, News, Wish},
};

/// A call's answer, and the descriptors that go with it.
pub(super) type Outcome = Result<(Answer, Vec<OwnedFd>), Fault>;

struct Agent<'a> {
    link: &'a Link,
    single_id: bool,
    /// Processes by the call that asked for them; they stay after their death, because a group may
    /// outlive its first process.
    groups: HashMap<u64, Pid>,
    /// Calls by the processes that still run.
    running: HashMap<Pid, u64>,
}

/// Serves until the host side hangs up.
pub(super) fn serve(link: &Link, single_id: bool) -> i32 {
    let mut agent = Agent { link, single_id, groups: HashMap::new(), running: HashMap::new() };
    match agent.run() {
        Ok(()) => 0,
        // The host side sees the end of the conversation, which ends everything else too.
        Err(_) => 1,
    }
}

impl Agent<'_> {
    fn run(&mut self) -> io::Result<()> {
        let mut deaths = SigSet::empty();
        deaths.add(Signal::SIGCHLD);
        deaths.thread_block()?;
        let deaths = SignalFd::with_flags(&deaths, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        loop {
            let (call, death) = wait(self.link.as_fd(), deaths.as_fd())?;
            if death {
                while deaths.read_signal()?.is_some() {}
                self.reap()?;
            }
            if call {
                match self.link.receive::<Call>()? {
                    Some((call, fds)) => self.answer(call, fds)?,
                    None => return Ok(()),
                }
            }
        }
    }

    fn answer(&mut self, call: Call, fds: Vec<OwnedFd>) -> io::Result<()> {
        let Call { id, wish } = call;
        let (answer, fds) = match self.fulfil(id, wish, fds) {
            Ok((answer, fds)) => (Ok(answer), fds),
            Err(fault) => (Err(fault), Vec::new()),
        };
        let borrowed: Vec<BorrowedFd<'_>> = fds.iter().map(AsFd::as_fd).collect();
        self.link.send(&News::Answer { id, answer }, &borrowed)
    }

    fn fulfil(&mut self, id: u64, wish: Wish, fds: Vec<OwnedFd>) -> Outcome {
        let done = |()| (Answer::Done, Vec::new());
        match wish {
            Wish::Spawn(plan) => {
                let started = step::start(&plan, self.single_id)?;
                self.groups.insert(id, started.pid);
                self.running.insert(started.pid, id);
                Ok((Answer::Spawned, started.outputs))
            }
            Wish::Signal { process, signal } => self.signal(process, signal).map(done),
            Wish::User(user) => {
                let user = users::resolve(user.as_deref(), self.single_id)?;
                Ok((Answer::User(user.entry), Vec::new()))
            }
            Wish::MakeDir { path, uid, gid, mode } => {
                files::make_dir(&path, files::Owner { uid, gid }, mode, self.single_id).map(done)
            }
            Wish::WriteFile(head) => files::write(&head, fds, self.single_id).map(done),
            Wish::ReadFile { path, max_bytes } => files::read(&path, max_bytes),
            Wish::Exists(path) => files::exists(&path),
            Wish::Listen { port } => step::listen(port),
        }
    }

    fn signal(&self, process: u64, signal: i32) -> Result<(), Fault> {
        let group = self.groups.get(&process).ok_or_else(|| Fault::request("no such process"))?;
        match sys::signal_group(*group, signal) {
            Ok(()) => Ok(()),
            // The whole group is gone: what the signal wanted has come about.
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
                Err(Fault::request(format!("no signal has the number {signal}")))
            }
            Err(error) => Err(Fault::host("send a signal", error)),
        }
    }

    /// Reaps the dead: processes that were asked for, and orphans that only PID 1 can reap.
    fn reap(&mut self) -> io::Result<()> {
        while let Some((pid, death)) = sys::reap()? {
            let exit = match death {
                Death::Exited(code) => Exit::Code(code),
                // Whether memory ran out is written outside; the host side fills it in.
                Death::Killed(signal) => Exit::Signal { signal, out_of_memory: false },
            };
            if let Some(process) = self.running.remove(&pid) {
                self.link.send(&News::Ended { process, exit }, &[])?;
            }
        }
        Ok(())
    }
}

/// Waits for a call or a death; tells which.
fn wait(link: BorrowedFd<'_>, deaths: BorrowedFd<'_>) -> io::Result<(bool, bool)> {
    let mut fds = [PollFd::new(link, PollFlags::POLLIN), PollFd::new(deaths, PollFlags::POLLIN)];
    loop {
        match poll(&mut fds, PollTimeout::NONE) {
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
            Ok(_) => {
                let [call, death] = fds.each_ref().map(|fd| fd.any().unwrap_or(true));
                return Ok((call, death));
            }
        }
    }
}
