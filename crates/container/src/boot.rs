//! The re-executed helper: sets up namespaces, becomes PID 1 of the environment, forks each process.
//!
//! ```text
//! host side ──exec──▶ helper ──unshare──▶ waits for id maps ──fork──▶ PID 1: builds the root,
//!     │                  └── waits for PID 1, then ends                pivots, serves calls
//!     └────────────── one SEQPACKET socket ───────────────────────────▶ end of file: exits,
//!                                                                       the kernel kills the rest
//! ```
//!
//! A fork of the threaded host would run with locks that nobody releases; a fresh image of the same
//! binary has one thread and no state. Everything below this module runs in that process.

mod agent;
mod files;
mod machine;
mod network;
mod privileges;
mod rootfs;
mod session;
mod stage;
mod step;
mod users;

use std::os::fd::{AsFd, OwnedFd};

use crate::{
    sys,
    wire::{Fault, Link, Report, Task},
};

/// First argument of a helper.
pub(crate) const ARGUMENT: &str = "__roundel-boot";

/// Becomes the helper if this process was started as one, and never returns then. Call it first in
/// `main`, before any thread exists.
///
/// A process is a helper if its first argument says so *and* its standard input is the socket that
/// the host side made, so that nobody becomes one by typing the argument.
pub fn run_if_asked() {
    if std::env::args_os().nth(1).is_none_or(|argument| argument != ARGUMENT) {
        return;
    }
    let Ok(inherited) = std::io::stdin().as_fd().try_clone_to_owned() else { return };
    let Some(link) = Link::inherited(inherited) else { return };
    // The copy at 0 would keep the conversation open after this process has closed its own.
    release_standard_input();
    sys::exit_now(serve(link));
}

fn release_standard_input() {
    if let Ok(null) = std::fs::File::open("/dev/null") {
        // Without `/dev/null` there is no environment either; the error comes up there.
        let _kept = nix::unistd::dup2_stdin(null);
    }
}

/// Does the one task of this process. The exit code tells nothing: the link does.
fn serve(link: Link) -> i32 {
    let Ok(Some((task, fds))) = link.receive::<Task>() else { return 1 };
    let done = match task {
        Task::Environment(blueprint) => return stage::environment(link, &blueprint, fds),
        Task::Namespace => stage::hold_namespace(&link),
        Task::Unpack(order) => unpack(&link, &order, fds),
        Task::Remove { directories, new_namespace } => remove(&link, &directories, new_namespace),
    };
    match done {
        Ok(()) => 0,
        Err(fault) => {
            // If nobody listens any more, nobody needs to know.
            let _lost = link.send(&Report::Failed(fault), &[]);
            1
        }
    }
}

fn unpack(
    link: &Link,
    order: &crate::image::unpack::Order,
    fds: Vec<OwnedFd>,
) -> Result<(), Fault> {
    let source = fds.into_iter().next().ok_or_else(|| Fault::request("no layer was attached"))?;
    if order.new_namespace {
        stage::enter_namespace(link)?;
    }
    let unpacked = crate::image::unpack::run(order, source)?;
    link.send(&Report::Unpacked(unpacked), &[]).map_err(|error| Fault::host("report", error))
}

fn remove(
    link: &Link,
    directories: &[std::path::PathBuf],
    new_namespace: bool,
) -> Result<(), Fault> {
    if new_namespace {
        stage::enter_namespace(link)?;
    }
    for directory in directories {
        crate::scratch::remove_tree(directory)
            .map_err(|error| Fault::host(format!("remove `{}`", directory.display()), error))?;
    }
    link.send(&Report::Ready { not_enforced: Vec::new() }, &[])
        .map_err(|error| Fault::host("report", error))
}
