//! The order in which a helper gives up the host: mounts, namespaces, PID 1, cgroups.
//!
//! Root attaches the sources with mapped ids *before* it enters the user namespace, because only
//! the owner of a file system may map its ids; an ordinary user attaches them *after*, because only
//! its own namespace lets it mount at all.

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::{AsFd, OwnedFd},
    path::PathBuf,
};

use nix::{
    fcntl::OFlag,
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
    sys::wait::{WaitStatus, waitpid},
    unistd::{Gid, Pid, Uid, geteuid, pipe2, setgroups, setresgid, setresuid},
};

use super::{agent, files, machine, network, privileges, rootfs};
use crate::{
    error::{ContainerError, ErrorKind},
    limitation::Limitation,
    link::Link,
    sys,
    wire::{Blueprint, Connection, HelperReport, IdsMapped, InnerIds},
};

/// Every namespace of an environment but the one of cgroups, which PID 1 makes in its own.
const ALL: CloneFlags = CloneFlags::CLONE_NEWUSER
    .union(CloneFlags::CLONE_NEWNS)
    .union(CloneFlags::CLONE_NEWPID)
    .union(CloneFlags::CLONE_NEWIPC)
    .union(CloneFlags::CLONE_NEWUTS)
    .union(CloneFlags::CLONE_NEWNET);

/// What the helper reports to PID 1 when the limits hold.
const LIMITED: &str = "limited";

/// Becomes an environment. Ends when PID 1, and with it everything inside, is gone.
pub(super) fn environment(link: Link, blueprint: &Blueprint, fds: Vec<OwnedFd>) -> i32 {
    let made = prepare(&link, blueprint, fds).and_then(|prepared| {
        let pipe = pipe2(OFlag::O_CLOEXEC)
            .map_err(|error| ContainerError::failed("make a pipe", error))?;
        Ok((prepared, pipe))
    });
    let (mut prepared, (reader, writer)) = match made {
        Ok(made) => made,
        Err(error) => return refuse(&link, error),
    };
    match sys::fork() {
        Ok(Some(child)) => {
            drop(link);
            drop(reader);
            limit(child, &prepared.cgroups, writer);
            drop(prepared);
            wait_for(child)
        }
        Ok(None) => {
            drop(writer);
            prepared.cgroups.clear();
            first_process(&link, blueprint, prepared, reader)
        }
        Err(error) => {
            refuse(&link, ContainerError::failed("start the environment's first process", error))
        }
    }
}

/// What PID 1 inherits from the stages before it.
pub(super) struct Prepared {
    /// The bytes of the blueprint's files.
    files: Option<OwnedFd>,
    /// The `cgroup.procs` to join, opened with the rights of the host side.
    cgroups: Vec<File>,
    connection: Connection,
    limitations: Vec<Limitation>,
}

fn prepare(
    link: &Link,
    blueprint: &Blueprint,
    fds: Vec<OwnedFd>,
) -> Result<Prepared, ContainerError> {
    let mut fds = fds.into_iter();
    let ids = if blueprint.idmapped { fds.next() } else { None };
    let files = fds.next();
    // When memory runs out, environments go before the program that started them. Where it is
    // forbidden, nothing is lost.
    let _forbidden = std::fs::write("/proc/self/oom_score_adj", "300");

    let cgroups = open_cgroups(&blueprint.cgroups)?;
    let mut limitations = Vec::new();
    let owner = geteuid().is_root();
    if owner {
        unshare(CloneFlags::CLONE_NEWNS)
            .map_err(|error| ContainerError::failed("make a mount namespace", error))?;
        rootfs::attach_sources(blueprint, ids.as_ref().map(AsFd::as_fd), &mut limitations)?;
    }
    let mapped = unshare_and_wait(link, ALL)?;
    if !owner {
        rootfs::attach_sources(blueprint, None, &mut limitations)?;
    }
    become_inner_root(blueprint.ids)?;
    Ok(Prepared { files, cgroups, connection: mapped.connection, limitations })
}

/// Enters new namespaces and waits until the host side has written the id maps.
fn unshare_and_wait(link: &Link, flags: CloneFlags) -> Result<IdsMapped, ContainerError> {
    unshare(flags).map_err(|error| {
        let tried = "make namespaces (is `kernel.unprivileged_userns_clone` or \
                     `user.max_user_namespaces` 0 on this host?)";
        ContainerError::failed(tried, error).with_kind(ErrorKind::Unsupported)
    })?;
    link.send(&HelperReport::Unshared, &[])
        .map_err(|error| ContainerError::failed("report", error))?;
    match link.receive::<IdsMapped>() {
        Ok(Some((mapped, _))) => Ok(mapped),
        Ok(None) => Err(ContainerError::host("the host side is gone")),
        Err(error) => Err(ContainerError::failed("wait for the id maps", error)),
    }
}

fn become_inner_root(ids: InnerIds) -> Result<(), ContainerError> {
    let root = Gid::from_raw(0);
    setresgid(root, root, root)
        .map_err(|error| ContainerError::failed("become the inner root", error))?;
    // With a single id the kernel forbids `setgroups`; then there is nothing to drop either.
    if ids == InnerIds::Many {
        setgroups(&[]).map_err(|error| ContainerError::failed("drop the host's groups", error))?;
    }
    let root = Uid::from_raw(0);
    setresuid(root, root, root)
        .map_err(|error| ContainerError::failed("become the inner root", error))
}

/// Enters a user and a mount namespace, for a task on files only.
pub(super) fn enter_namespace(link: &Link) -> Result<(), ContainerError> {
    unshare_and_wait(link, CloneFlags::CLONE_NEWUSER.union(CloneFlags::CLONE_NEWNS))?;
    // Files are made as they are listed, so a group that cannot be dropped does no harm.
    become_inner_root(InnerIds::Single)
}

/// Holds a user namespace until the host side hangs up.
pub(super) fn hold_namespace(link: &Link) -> Result<(), ContainerError> {
    unshare_and_wait(link, CloneFlags::CLONE_NEWUSER)?;
    link.send(&HelperReport::Ready { limitations: Vec::new() }, &[])
        .map_err(|error| ContainerError::failed("report", error))?;
    let _end = link.receive::<IdsMapped>();
    Ok(())
}

/// Runs as PID 1: builds the environment, then serves it.
fn first_process(link: &Link, blueprint: &Blueprint, prepared: Prepared, limited: OwnedFd) -> i32 {
    match build(blueprint, prepared, limited) {
        Ok(limitations) => {
            if link.send(&HelperReport::Ready { limitations }, &[]).is_err() {
                return 1;
            }
            agent::serve(link, blueprint.ids)
        }
        Err(error) => refuse(link, error),
    }
}

fn build(
    blueprint: &Blueprint,
    prepared: Prepared,
    limited: OwnedFd,
) -> Result<Vec<Limitation>, ContainerError> {
    // If the helper outside is killed, this process must not live on without a process to reap it.
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)
        .map_err(|error| ContainerError::failed("tie the environment to its helper", error))?;
    nix::sys::stat::umask(nix::sys::stat::Mode::empty());
    let Prepared { files, connection, mut limitations, .. } = prepared;
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_PRIVATE | MsFlags::MS_REC, None::<&str>)
        .map_err(|error| ContainerError::failed("make the mounts private", error))?;
    nix::unistd::sethostname(&blueprint.hostname)
        .map_err(|error| ContainerError::failed("set the host name", error))?;
    network::bring_up(&connection, &mut limitations)?;
    rootfs::build(blueprint)?;
    machine::mount_all(blueprint, &mut limitations)?;
    rootfs::enter(blueprint)?;
    files::place(blueprint, connection.name_server, files)?;
    wait_for_limits(limited)?;
    // After it has its cgroups, so that their names outside are not seen inside.
    unshare(CloneFlags::CLONE_NEWCGROUP)
        .map_err(|error| ContainerError::failed("make a cgroup namespace", error))?;
    privileges::restrict_agent(blueprint.setuid, &mut limitations)?;
    nix::sys::stat::umask(nix::sys::stat::Mode::S_IWGRP | nix::sys::stat::Mode::S_IWOTH);
    Ok(limitations)
}

fn open_cgroups(procs: &[PathBuf]) -> Result<Vec<File>, ContainerError> {
    let open = |procs: &PathBuf| {
        File::options().write(true).open(procs).map_err(|error| {
            ContainerError::failed(format!("open the cgroup of `{}`", procs.display()), error)
        })
    };
    procs.iter().map(open).collect()
}

/// Puts PID 1 into its cgroups while it builds the environment: the kernel takes several
/// milliseconds for each hierarchy. Reports to it how that went.
fn limit(child: Pid, cgroups: &[File], report: OwnedFd) {
    let joined = cgroups.iter().try_for_each(|mut procs| write!(procs, "{child}"));
    let outcome = joined.map_or_else(|error| error.to_string(), |()| LIMITED.to_owned());
    // If PID 1 is gone already, it has reported why itself.
    let _gone = File::from(report).write_all(outcome.as_bytes());
}

fn wait_for_limits(limited: OwnedFd) -> Result<(), ContainerError> {
    let mut outcome = String::new();
    File::from(limited)
        .read_to_string(&mut outcome)
        .map_err(|error| ContainerError::failed("wait for the limits", error))?;
    if outcome == LIMITED {
        return Ok(());
    }
    Err(ContainerError::host(format!("failed to join the cgroups: {outcome}")))
}

/// Waits until PID 1 is gone; the kernel has then ended all the others too.
fn wait_for(child: Pid) -> i32 {
    loop {
        match waitpid(child, None) {
            Ok(WaitStatus::Exited(_, code)) => return code,
            Err(nix::errno::Errno::EINTR) => {}
            Ok(_) | Err(_) => return 1,
        }
    }
}

fn refuse(link: &Link, error: ContainerError) -> i32 {
    // If the host side is gone, the report is not needed.
    let _lost = link.send(&HelperReport::Failed(error), &[]);
    1
}
