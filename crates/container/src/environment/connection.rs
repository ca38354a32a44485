//! The host side of the connection to PID 1, and the thread that receives from it.
//!
//! Callers send under no lock and wait for their own response; one thread receives for all, passes
//! on how processes ended, and cleans up after the environment when the other side is gone.

use std::{
    collections::HashMap,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::PathBuf,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    },
    time::Duration,
};

use tokio::sync::watch;

use crate::{
    cgroup::Group,
    data_directory::DataDirectory,
    error::{ContainerError, ErrorKind},
    helper::Helper,
    link::Link,
    network::Attachment,
    sys,
    wire::{AgentMessage, Call, Exit, Reply, Request, Response},
};

/// PID 1 responds in milliseconds; one that does not within this time is stuck in the kernel.
const RESPONSE_TIMEOUT: Duration = Duration::from_mins(1);

/// An open connection.
#[derive(Debug)]
pub(super) struct Connection {
    link: Link,
    helper: Option<OwnedFd>,
    next: AtomicU64,
    pending: Mutex<Pending>,
    changed: Condvar,
}

/// What waits for the other side.
#[derive(Debug, Default)]
struct Pending {
    calls: HashMap<u64, SyncSender<Reply>>,
    processes: HashMap<u64, WatchedProcess>,
    /// Nothing of the environment is left.
    gone: bool,
    /// The other side has hung up.
    ended: bool,
}

#[derive(Debug)]
struct WatchedProcess {
    end: watch::Sender<Option<Exit>>,
    /// Kills by the memory limit when the process was started.
    kills_before: u64,
}

/// What the host holds for an environment, to be released when it is gone.
pub(crate) struct Resources {
    pub(crate) data: Arc<DataDirectory>,
    pub(crate) group: Arc<Group>,
    pub(crate) scratch: Option<PathBuf>,
    pub(crate) network: Option<Attachment>,
}

impl Resources {
    /// Releases them all.
    pub(crate) fn release(self) {
        drop(self.network);
        self.group.remove();
        if let Some(scratch) = self.scratch {
            self.data.remove(vec![scratch]);
        }
    }
}

/// A process that was started: its number, its end, and what it prints into.
pub(super) type Spawned = (u64, watch::Receiver<Option<Exit>>, Vec<OwnedFd>);

/// Connects to a helper that is ready.
pub(super) fn open(
    helper: Helper,
    resources: Resources,
) -> Result<Arc<Connection>, ContainerError> {
    let prepared = helper.link.set_receive_timeout(None).and_then(|()| helper.link.another());
    let link = match prepared {
        Ok(link) => link,
        Err(error) => return Err(give_up(error, helper, resources)),
    };
    let connection = Arc::new(Connection {
        link,
        // Kernels before 5.3 have none; then the end of the connection has to do.
        helper: sys::open_pidfd(helper.child.id()).ok(),
        next: AtomicU64::new(1),
        pending: Mutex::default(),
        changed: Condvar::new(),
    });
    let receiver = Arc::clone(&connection);
    let parts = Arc::new(Mutex::new(Some((helper, resources))));
    let for_thread = Arc::clone(&parts);
    let spawned = std::thread::Builder::new().name("environment".to_owned()).spawn(move || {
        let taken = for_thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((helper, resources)) = taken {
            receiver.receive(helper, resources);
        }
    });
    if let Err(error) = spawned {
        let taken = parts.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((helper, resources)) = taken {
            return Err(give_up(error, helper, resources));
        }
    }
    Ok(connection)
}

fn give_up(error: std::io::Error, helper: Helper, resources: Resources) -> ContainerError {
    helper.finish();
    resources.release();
    ContainerError::failed("connect to an environment", error)
}

/// The error of every request to an environment that has ended.
pub(super) fn is_over() -> ContainerError {
    ContainerError::new(ErrorKind::Ended, "the environment has ended")
}

impl Connection {
    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request and waits for the response.
    pub(super) fn ask(&self, request: Request, fds: &[BorrowedFd<'_>]) -> Reply {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.ask_as(id, request, fds)
    }

    /// Starts a process: its number and its end.
    pub(super) fn spawn(
        &self,
        request: Request,
        kills_before: u64,
    ) -> Result<Spawned, ContainerError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (end, ended) = watch::channel(None);
        // Before the request, because the process may end before its response is read.
        self.pending().processes.insert(id, WatchedProcess { end, kills_before });
        match self.ask_as(id, request, &[]) {
            Ok((_, fds)) => Ok((id, ended, fds)),
            Err(error) => {
                self.pending().processes.remove(&id);
                Err(error)
            }
        }
    }

    fn ask_as(&self, id: u64, request: Request, fds: &[BorrowedFd<'_>]) -> Reply {
        let (sender, receiver) = sync_channel(1);
        {
            let mut pending = self.pending();
            if pending.ended {
                return Err(is_over());
            }
            pending.calls.insert(id, sender);
        }
        if self.link.send(&Call { id, request }, fds).is_err() {
            self.pending().calls.remove(&id);
            return Err(is_over());
        }
        match receiver.recv_timeout(RESPONSE_TIMEOUT) {
            Ok(reply) => reply,
            Err(RecvTimeoutError::Disconnected) => Err(is_over()),
            Err(RecvTimeoutError::Timeout) => {
                self.pending().calls.remove(&id);
                let message = format!(
                    "the environment did not respond within {} seconds",
                    RESPONSE_TIMEOUT.as_secs()
                );
                Err(ContainerError::new(ErrorKind::Ended, message))
            }
        }
    }

    /// Makes the other side end everything.
    pub(super) fn hang_up(&self) {
        self.link.hang_up();
    }

    /// Kills the helper, and with it PID 1.
    pub(super) fn kill(&self) {
        if let Some(helper) = &self.helper {
            // It may have died already.
            let _dead = sys::kill_pidfd(helper.as_fd());
        }
    }

    /// Waits until nothing is left; returns whether that happened in time.
    pub(super) fn wait_until_gone(&self, timeout: Duration) -> bool {
        let pending = self.pending();
        let (pending, _) = self
            .changed
            .wait_timeout_while(pending, timeout, |pending| !pending.gone)
            .unwrap_or_else(PoisonError::into_inner);
        pending.gone
    }

    /// Receives until the other side is gone, then cleans up.
    fn receive(&self, mut helper: Helper, resources: Resources) {
        while let Ok(Some((message, fds))) = helper.link.receive::<AgentMessage>() {
            match message {
                AgentMessage::Responded { id, result } => self.respond(id, result, fds),
                AgentMessage::Exited { process, exit } => {
                    self.end_process(process, exit, &resources.group);
                }
            }
        }
        helper.link.hang_up();
        self.end_all(&resources.group);
        // When the helper is reaped, the kernel has ended every process inside.
        let _reaped = helper.child.wait();
        resources.release();
        self.pending().gone = true;
        self.changed.notify_all();
    }

    fn respond(&self, id: u64, result: Result<Response, ContainerError>, fds: Vec<OwnedFd>) {
        if let Some(caller) = self.pending().calls.remove(&id) {
            // A caller that has given up no longer listens.
            let _gave_up = caller.send(result.map(|response| (response, fds)));
        }
    }

    fn end_process(&self, process: u64, exit: Exit, group: &Group) {
        let watched = self.pending().processes.remove(&process);
        if let Some(watched) = watched {
            watched.end.send_replace(Some(attribute(exit, watched.kills_before, group)));
        }
    }

    /// Ends every call and every process that still waits: no response comes any more.
    fn end_all(&self, group: &Group) {
        let processes = {
            let mut pending = self.pending();
            pending.ended = true;
            pending.calls.clear();
            std::mem::take(&mut pending.processes)
        };
        let killed = Exit::Signal { signal: libc::SIGKILL, out_of_memory: false };
        for watched in processes.into_values() {
            watched.end.send_replace(Some(attribute(killed, watched.kills_before, group)));
        }
    }
}

/// Adds to a killed process's end whether the memory limit was the cause.
fn attribute(exit: Exit, kills_before: u64, group: &Group) -> Exit {
    match exit {
        Exit::Signal { signal: libc::SIGKILL, .. } => Exit::Signal {
            signal: libc::SIGKILL,
            out_of_memory: group.out_of_memory_kills() > kills_before,
        },
        Exit::Code(_) | Exit::Signal { .. } => exit,
    }
}
