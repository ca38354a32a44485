//! The re-executed helper: sets up namespaces, becomes PID 1 of the environment, forks each process.
//!
//! ```text
//! host side ──exec──▶ helper ──unshare──▶ waits for id maps ──fork──▶ PID 1: builds the root,
//!     │                  └── waits for PID 1, then ends                pivots, serves calls
//!     └────────────── one SEQPACKET socket ───────────────────────────▶ end of file: exits,
//!                                                                       the kernel kills the rest
//! ```
//!
//! A fork of the threaded host would run with locks that no thread releases; a fresh image of the same
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
    error::ContainerError,
    image::unpack,
    link::Link,
    remove::remove_tree,
    sys,
    wire::{HELPER_ARGUMENT, HelperReport, HelperTask, UnpackRequest},
};

/// Becomes the helper if this process was started as one, and never returns then. Call it first in
/// `main`, before any thread exists.
///
/// A process is a helper if its first argument says so *and* its standard input is the socket that
/// the host side made, so that typing the argument does not make one.
///
/// In a static executable it also says how names are looked up (decision 0011).
pub fn run_if_asked() {
    #[cfg(all(target_env = "gnu", target_feature = "crt-static"))]
    sys::use_built_in_lookups();
    if std::env::args_os().nth(1).is_none_or(|argument| argument != HELPER_ARGUMENT) {
        return;
    }
    let Ok(inherited) = std::io::stdin().as_fd().try_clone_to_owned() else { return };
    let Some(link) = Link::inherited(inherited) else { return };
    // The copy at 0 would keep the connection open after this process has closed its own.
    release_standard_input();
    sys::exit_now(serve(link));
}

fn release_standard_input() {
    if let Ok(null) = std::fs::File::open("/dev/null") {
        // Without `/dev/null` there is no environment either; the error comes up there.
        let _kept = nix::unistd::dup2_stdin(null);
    }
}

/// Does the one task of this process. The result is reported on the link, not by the exit code.
fn serve(link: Link) -> i32 {
    let Ok(Some((task, fds))) = link.receive::<HelperTask>() else { return 1 };
    let done = match task {
        HelperTask::Environment(blueprint) => return stage::environment(link, &blueprint, fds),
        HelperTask::Namespace => stage::hold_namespace(&link),
        HelperTask::Unpack(request) => unpack_layer(&link, &request, fds),
        HelperTask::Remove { directories, new_namespace } => {
            remove(&link, &directories, new_namespace)
        }
    };
    match done {
        Ok(()) => 0,
        Err(error) => {
            // If the host side is gone, the report is not needed.
            let _lost = link.send(&HelperReport::Failed(error), &[]);
            1
        }
    }
}

fn unpack_layer(
    link: &Link,
    request: &UnpackRequest,
    fds: Vec<OwnedFd>,
) -> Result<(), ContainerError> {
    let source =
        fds.into_iter().next().ok_or_else(|| ContainerError::invalid("no layer was attached"))?;
    if request.new_namespace {
        stage::enter_namespace(link)?;
    }
    let unpacked = unpack::run(request, source)?;
    link.send(&HelperReport::Unpacked(unpacked), &[])
        .map_err(|error| ContainerError::failed("report", error))
}

fn remove(
    link: &Link,
    directories: &[std::path::PathBuf],
    new_namespace: bool,
) -> Result<(), ContainerError> {
    if new_namespace {
        stage::enter_namespace(link)?;
    }
    for directory in directories {
        remove_tree(directory).map_err(|error| {
            ContainerError::failed(format!("remove `{}`", directory.display()), error)
        })?;
    }
    link.send(&HelperReport::Ready { limitations: Vec::new() }, &[])
        .map_err(|error| ContainerError::failed("report", error))
}
