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
    error::ContainerError,
    link::Link,
    sys::{self, WaitStatus},
    wire::{AgentMessage, Call, Exit, InnerIds, Reply, Request, Response},
};

struct Agent<'a> {
    link: &'a Link,
    ids: InnerIds,
    /// Processes by the call that asked for them; they stay after their death, because a group may
    /// outlive its first process.
    groups: HashMap<u64, Pid>,
    /// Calls by the processes that still run.
    running: HashMap<Pid, u64>,
}

/// Serves until the host side hangs up.
pub(super) fn serve(link: &Link, ids: InnerIds) -> i32 {
    let mut agent = Agent { link, ids, groups: HashMap::new(), running: HashMap::new() };
    match agent.run() {
        Ok(()) => 0,
        // The host side sees the end of the connection, which ends everything else too.
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
                    Some((call, fds)) => self.respond(call, fds)?,
                    None => return Ok(()),
                }
            }
        }
    }

    fn respond(&mut self, call: Call, fds: Vec<OwnedFd>) -> io::Result<()> {
        let Call { id, request } = call;
        let (result, fds) = match self.handle(id, request, fds) {
            Ok((response, fds)) => (Ok(response), fds),
            Err(error) => (Err(error), Vec::new()),
        };
        let borrowed: Vec<BorrowedFd<'_>> = fds.iter().map(AsFd::as_fd).collect();
        self.link.send(&AgentMessage::Responded { id, result }, &borrowed)
    }

    fn handle(&mut self, id: u64, request: Request, fds: Vec<OwnedFd>) -> Reply {
        let done = |()| (Response::Done, Vec::new());
        match request {
            Request::Spawn(spec) => {
                let started = step::start(&spec, self.ids)?;
                self.groups.insert(id, started.pid);
                self.running.insert(started.pid, id);
                Ok((Response::Spawned, started.outputs))
            }
            Request::Signal { process, signal } => self.signal(process, signal).map(done),
            Request::User(user) => {
                let user = users::resolve(user.as_deref(), self.ids)?;
                Ok((Response::User(user.entry), Vec::new()))
            }
            Request::MakeDir { path, attributes } => {
                files::make_dir(&path, attributes, self.ids).map(done)
            }
            Request::WriteFile(header) => files::write(&header, fds, self.ids).map(done),
            Request::ReadFile { path, max_bytes } => files::read(&path, max_bytes),
            Request::Exists(path) => files::exists(&path),
            Request::Listen { port } => step::listen(port),
        }
    }

    fn signal(&self, process: u64, signal: i32) -> Result<(), ContainerError> {
        let group = self
            .groups
            .get(&process)
            .ok_or_else(|| ContainerError::not_found("no such process"))?;
        match sys::signal_group(*group, signal) {
            Ok(()) => Ok(()),
            // The whole group is gone: there is nothing left to signal.
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
                Err(ContainerError::invalid(format!("{signal} is not a signal number")))
            }
            Err(error) => Err(ContainerError::failed("send a signal", error)),
        }
    }

    /// Reaps dead processes: those that were spawned, and orphans that only PID 1 can reap.
    fn reap(&mut self) -> io::Result<()> {
        while let Some((pid, death)) = sys::reap()? {
            let exit = match death {
                WaitStatus::Exited(code) => Exit::Code(code),
                // Whether memory ran out is written outside; the host side fills it in.
                WaitStatus::Killed(signal) => Exit::Signal { signal, out_of_memory: false },
            };
            if let Some(process) = self.running.remove(&pid) {
                self.link.send(&AgentMessage::Exited { process, exit }, &[])?;
            }
        }
        Ok(())
    }
}

/// Waits for a call or a death; returns which of them happened.
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
