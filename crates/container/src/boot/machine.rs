//! What an environment sees of the machine: `/dev`, `/proc`, `/sys`, and what of them is hidden.

use std::{fs, io, os::fd::AsFd, os::unix::fs::symlink, path::Path};

use nix::mount::{MsFlags, mount};

use super::rootfs::make_dir;
use crate::{
    error::{ContainerError, ErrorKind},
    limitation::{Limitation, LimitationKind},
    sys::{self, MountChange},
    wire::{Blueprint, InnerIds},
};

/// Devices that are harmless, taken from the host.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

const LINKS: [(&str, &str); 5] = [
    ("ptmx", "pts/ptmx"),
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
];

/// Parts of `/proc` and `/sys` that reveal or reach the host: hidden.
const HIDDEN: [&str; 10] = [
    "proc/acpi",
    "proc/asound",
    "proc/kcore",
    "proc/keys",
    "proc/latency_stats",
    "proc/sched_debug",
    "proc/scsi",
    "proc/timer_list",
    "sys/firmware",
    "sys/devices/virtual/powercap",
];

/// Parts of `/proc` that change the host: read-only.
const READ_ONLY: [&str; 5] = ["proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger"];

const QUIET: MsFlags = MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV).union(MsFlags::MS_NOEXEC);

/// Mounts all of it into the root at `root`; the working directory is the stash.
pub(super) fn mount_all(
    blueprint: &Blueprint,
    limitations: &mut Vec<Limitation>,
) -> Result<(), ContainerError> {
    for name in ["dev", "proc", "sys"] {
        mount_point(&Path::new("root").join(name))?;
    }
    mount_devices(blueprint)?;
    mount(Some("proc"), "root/proc", Some("proc"), QUIET, None::<&str>).map_err(|error| {
        let tried = "mount /proc (inside another container, its runtime must leave /proc unmasked)";
        ContainerError::failed(tried, error).with_kind(ErrorKind::Unsupported)
    })?;
    let read_only = QUIET | MsFlags::MS_RDONLY;
    if let Err(error) = mount(Some("sysfs"), "root/sys", Some("sysfs"), read_only, None::<&str>) {
        let cause = format!("mounting it failed ({error})");
        limitations.push(Limitation::new(LimitationKind::Sysfs, cause));
    }
    for path in HIDDEN {
        hide(&Path::new("root").join(path))?;
    }
    for path in READ_ONLY {
        protect(&Path::new("root").join(path))?;
    }
    Ok(())
}

/// Makes sure that a mount point is a directory: an image could have a link there.
fn mount_point(path: &Path) -> Result<(), ContainerError> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => fs::remove_file(path).map_err(|error| {
            ContainerError::failed(format!("replace `{}`", path.display()), error)
        })?,
        Err(_) => {}
    }
    make_dir(path, 0o755)
}

fn mount_devices(blueprint: &Blueprint) -> Result<(), ContainerError> {
    let safe = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    mount(Some("dev"), "root/dev", Some("tmpfs"), safe, Some("mode=755,size=64k"))
        .map_err(|error| ContainerError::failed("mount /dev", error))?;
    for name in DEVICES {
        let at = Path::new("root/dev").join(name);
        let tried = |error: io::Error| ContainerError::failed(format!("make /dev/{name}"), error);
        fs::write(&at, b"").map_err(tried)?;
        let node = Path::new("/dev").join(name);
        mount(Some(&node), &at, None::<&str>, MsFlags::MS_BIND, None::<&str>)
            .map_err(|error| tried(error.into()))?;
    }
    for (name, target) in LINKS {
        symlink(target, Path::new("root/dev").join(name))
            .map_err(|error| ContainerError::failed(format!("link /dev/{name}"), error))?;
    }
    for name in ["pts", "shm", "mqueue"] {
        make_dir(&Path::new("root/dev").join(name), 0o755)?;
    }
    // Group 5 is `tty` on Linux systems; with a single id it does not exist.
    let group = if blueprint.ids == InnerIds::Single { "" } else { ",gid=5" };
    let options = format!("newinstance,ptmxmode=0666,mode=0620{group}");
    mount(Some("devpts"), "root/dev/pts", Some("devpts"), safe, Some(options.as_str()))
        .map_err(|error| ContainerError::failed("mount /dev/pts", error))?;
    let options = format!("mode=1777,size={}", blueprint.shm_bytes);
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("shm"), "root/dev/shm", Some("tmpfs"), flags, Some(options.as_str()))
        .map_err(|error| ContainerError::failed("mount /dev/shm", error))?;
    // Skipped on a kernel without message queues.
    let _absent = mount(Some("mqueue"), "root/dev/mqueue", Some("mqueue"), QUIET, None::<&str>);
    Ok(())
}

/// Covers a file with `/dev/null` or a directory with an empty one, if it exists.
fn hide(path: &Path) -> Result<(), ContainerError> {
    let Ok(found) = fs::symlink_metadata(path) else { return Ok(()) };
    let tried = |error| ContainerError::failed(format!("hide `{}`", path.display()), error);
    if found.is_dir() {
        let flags = QUIET | MsFlags::MS_RDONLY;
        mount(Some("hidden"), path, Some("tmpfs"), flags, Some("size=0,nr_inodes=1")).map_err(tried)
    } else {
        mount(Some("/dev/null"), path, None::<&str>, MsFlags::MS_BIND, None::<&str>).map_err(tried)
    }
}

/// Makes a part read-only, if it exists.
fn protect(path: &Path) -> Result<(), ContainerError> {
    if fs::symlink_metadata(path).is_err() {
        return Ok(());
    }
    let tried = |error| ContainerError::failed(format!("protect `{}`", path.display()), error);
    let clone = sys::clone_mounts(path).map_err(tried)?;
    let change = MountChange { read_only: true, recursive: true, ..MountChange::default() };
    sys::change_mount(clone.as_fd(), change).map_err(tried)?;
    sys::attach_mount(clone.as_fd(), path).map_err(tried)
}
