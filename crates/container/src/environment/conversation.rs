//! The host side of the conversation with PID 1, and the thread that listens to it.
//!
//! Callers send under no lock and wait for their own answer; one thread receives for all, tells
//! processes' ends to whoever waits, and cleans up after the environment when the other side is
//! gone.

use std::{
    collections::HashMap,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::PathBuf,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    time::Duration,
};

use tokio::sync::watch;

use super::{Exit, runtime::Inner};
use crate::{
    cgroup::Group,
    error::ContainerError,
    host::Helper,
    sys,
    wire::{Answer, Call, Fault, Link, News, Wish},
};

/// PID 1 answers in milliseconds; one that does not within this time is stuck in the kernel.
const ANSWER_PATIENCE: Duration = Duration::from_mins(1);

type Reply = (Result<Answer, Fault>, Vec<OwnedFd>);

/// A conversation that goes on.
#[derive(Debug)]
pub(super) struct Conversation {
    link: Link,
    helper: Option<OwnedFd>,
    next: AtomicU64,
    table: Mutex<Table>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Table {
    calls: HashMap<u64, SyncSender<Reply>>,
    processes: HashMap<u64, Watched>,
    /// Nothing of the environment is left.
    gone: bool,
    /// The other side has hung up.
    ended: bool,
}

#[derive(Debug)]
struct Watched {
    end: watch::Sender<Option<Exit>>,
    /// Victims of the memory limit when the process was started.
    kills_before: u64,
}

/// What is left to do on the host when an environment is gone.
pub(super) struct Belongings {
    pub(super) runtime: Arc<Inner>,
    pub(super) group: Arc<Group>,
    pub(super) scratch: Option<PathBuf>,
    /// Gives the outside network back.
    pub(super) network: Option<crate::network::Attachment>,
}

impl Belongings {
    /// Removes it all.
    pub(super) fn clear(self) {
        drop(self.network);
        self.group.remove();
        if let Some(scratch) = self.scratch {
            self.runtime.host.remove(vec![scratch]);
        }
    }
}

/// A process that was started: its number, its end, and what it prints into.
pub(super) type Spawned = (u64, watch::Receiver<Option<Exit>>, Vec<OwnedFd>);

/// Starts to listen to a helper that is ready.
pub(super) fn begin(
    helper: Helper,
    belongings: Belongings,
) -> Result<Arc<Conversation>, ContainerError> {
    let prepared = helper.link.set_patience(None).and_then(|()| helper.link.another());
    let link = match prepared {
        Ok(link) => link,
        Err(error) => return Err(give_up(&error, helper, belongings)),
    };
    let conversation = Arc::new(Conversation {
        link,
        // Kernels before 5.3 have none; then the end of the conversation has to do.
        helper: sys::open_pidfd(helper.child.id()).ok(),
        next: AtomicU64::new(1),
        table: Mutex::default(),
        changed: Condvar::new(),
    });
    let listener = Arc::clone(&conversation);
    let parts = Arc::new(Mutex::new(Some((helper, belongings))));
    let for_thread = Arc::clone(&parts);
    let spawned = std::thread::Builder::new().name("environment".to_owned()).spawn(move || {
        let taken = for_thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((helper, belongings)) = taken {
            listener.listen(helper, belongings);
        }
    });
    if let Err(error) = spawned {
        let taken = parts.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((helper, belongings)) = taken {
            return Err(give_up(&error, helper, belongings));
        }
    }
    Ok(conversation)
}

fn give_up(error: &std::io::Error, helper: Helper, belongings: Belongings) -> ContainerError {
    helper.finish();
    belongings.clear();
    ContainerError::host("listen to an environment", error)
}

fn is_gone() -> ContainerError {
    ContainerError::Host("the environment has ended".to_owned())
}

impl Conversation {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for something and waits for the answer.
    pub(super) fn ask(
        &self,
        wish: Wish,
        fds: &[BorrowedFd<'_>],
    ) -> Result<(Answer, Vec<OwnedFd>), ContainerError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.ask_as(id, wish, fds)
    }

    /// Starts a process: its number and its end.
    pub(super) fn spawn(&self, wish: Wish, kills_before: u64) -> Result<Spawned, ContainerError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (end, ended) = watch::channel(None);
        // Before the question, because the process may end before its answer is read.
        self.table().processes.insert(id, Watched { end, kills_before });
        match self.ask_as(id, wish, &[]) {
            Ok((_, fds)) => Ok((id, ended, fds)),
            Err(error) => {
                self.table().processes.remove(&id);
                Err(error)
            }
        }
    }

    fn ask_as(
        &self,
        id: u64,
        wish: Wish,
        fds: &[BorrowedFd<'_>],
    ) -> Result<(Answer, Vec<OwnedFd>), ContainerError> {
        let (sender, receiver) = sync_channel(1);
        {
            let mut table = self.table();
            if table.ended {
                return Err(is_gone());
            }
            table.calls.insert(id, sender);
        }
        if self.link.send(&Call { id, wish }, fds).is_err() {
            self.table().calls.remove(&id);
            return Err(is_gone());
        }
        match receiver.recv_timeout(ANSWER_PATIENCE) {
            Ok((answer, fds)) => Ok((answer?, fds)),
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => Err(is_gone()),
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                self.table().calls.remove(&id);
                Err(ContainerError::Host(format!(
                    "the environment did not answer within {} seconds",
                    ANSWER_PATIENCE.as_secs()
                )))
            }
        }
    }

    /// Tells the other side to end everything.
    pub(super) fn hang_up(&self) {
        self.link.hang_up();
    }

    /// Kills the helper, and with it PID 1.
    pub(super) fn kill(&self) {
        if let Some(helper) = &self.helper {
            // Already dead is as good.
            let _dead = sys::kill_pidfd(helper.as_fd());
        }
    }

    /// Waits until nothing is left; tells whether that came about in time.
    pub(super) fn wait_until_gone(&self, patience: Duration) -> bool {
        let table = self.table();
        let (table, _) = self
            .changed
            .wait_timeout_while(table, patience, |table| !table.gone)
            .unwrap_or_else(PoisonError::into_inner);
        table.gone
    }

    /// Receives until the other side is gone, then cleans up.
    fn listen(&self, mut helper: Helper, belongings: Belongings) {
        while let Ok(Some((news, fds))) = helper.link.receive::<News>() {
            match news {
                News::Answer { id, answer } => {
                    if let Some(caller) = self.table().calls.remove(&id) {
                        // A caller that has given up no longer listens.
                        let _gave_up = caller.send((answer, fds));
                    }
                }
                News::Ended { process, exit } => self.tell(process, exit, &belongings.group),
            }
        }
        helper.link.hang_up();
        self.abandon(&belongings.group);
        // When the helper is reaped, the kernel has ended every process inside.
        let _reaped = helper.child.wait();
        belongings.clear();
        self.table().gone = true;
        self.changed.notify_all();
    }

    fn tell(&self, process: u64, exit: Exit, group: &Group) {
        let watched = self.table().processes.remove(&process);
        if let Some(watched) = watched {
            watched.end.send_replace(Some(attribute(exit, watched.kills_before, group)));
        }
    }

    /// Ends all that waits: nobody will answer any more.
    fn abandon(&self, group: &Group) {
        let processes = {
            let mut table = self.table();
            table.ended = true;
            table.calls.clear();
            std::mem::take(&mut table.processes)
        };
        let killed = Exit::Signal { signal: libc::SIGKILL, out_of_memory: false };
        for watched in processes.into_values() {
            watched.end.send_replace(Some(attribute(killed, watched.kills_before, group)));
        }
    }
}

/// Says of a killed process whether the memory limit did it.
fn attribute(exit: Exit, kills_before: u64, group: &Group) -> Exit {
    match exit {
        Exit::Signal { signal: libc::SIGKILL, .. } => Exit::Signal {
            signal: libc::SIGKILL,
            out_of_memory: group.out_of_memory_kills() > kills_before,
        },
        Exit::Code(_) | Exit::Signal { .. } => exit,
    }
}
