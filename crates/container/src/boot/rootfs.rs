//! The root file system: sources, overlay, pivot.
//!
//! Everything is mounted below one directory of the host (the stash), in a private mount namespace,
//! under names of two or three letters, so that the options of an overlay with hundreds of layers
//! fit into a page: `l0…` layers, `t0…` trees of the host, `m0…` their masks, `b0…` binds.

use std::{
    fs, io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    os::unix::fs::{DirBuilderExt, chown, symlink},
    path::{Path, PathBuf},
};

use nix::{
    mount::{MntFlags, MsFlags, mount, umount2},
    unistd::pivot_root,
};

use crate::{
    error::{ContainerError, ErrorKind},
    limitation::{Limitation, LimitationKind},
    sys::{self, MountChange},
    wire::{Blueprint, HostPlan, RootPlan, Upper},
};

/// Directories of a root that is made of the host's trees: name and mode.
const FRESH: [(&str, u32); 14] = [
    ("home", 0o755),
    ("media", 0o755),
    ("mnt", 0o755),
    ("root", 0o700),
    ("run", 0o755),
    ("srv", 0o755),
    ("tmp", 0o1777),
    ("var", 0o755),
    ("var/cache", 0o755),
    ("var/lib", 0o755),
    ("var/local", 0o755),
    ("var/log", 0o755),
    ("var/spool", 0o755),
    ("var/tmp", 0o1777),
];

/// Attaches layers, trees and binds below the stash, read-only, with the ids of `ids`.
pub(super) fn attach_sources(
    blueprint: &Blueprint,
    ids: Option<BorrowedFd<'_>>,
    limitations: &mut Vec<Limitation>,
) -> Result<(), ContainerError> {
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_PRIVATE | MsFlags::MS_REC, None::<&str>)
        .map_err(|error| ContainerError::failed("make the mounts private", error))?;
    let stash = &blueprint.stash;
    mount(Some("roundel"), stash, Some("tmpfs"), MsFlags::MS_NODEV, Some("mode=711,size=1m"))
        .map_err(|error| {
            ContainerError::failed(format!("mount a tmpfs on `{}`", stash.display()), error)
        })?;
    let enter = |error| ContainerError::failed(format!("enter `{}`", stash.display()), error);
    std::env::set_current_dir(stash).map_err(enter)?;
    for name in ["up", "root", "empty"] {
        make_dir(Path::new(name), 0o755)?;
    }
    let read_only = MountChange { read_only: true, no_dev: true, ids, ..MountChange::default() };
    match &blueprint.root {
        RootPlan::Layers(layers) => {
            for (index, layer) in layers.iter().enumerate() {
                attach(layer, &format!("l{index}"), read_only, limitations)?;
            }
        }
        RootPlan::Host(plan) => {
            for (index, tree) in plan.trees.iter().enumerate() {
                attach(&tree.source, &format!("t{index}"), read_only, limitations)?;
                if let Some(mask) = &tree.mask {
                    attach(mask, &format!("m{index}"), read_only, limitations)?;
                }
            }
        }
    }
    for (index, bind) in blueprint.binds.iter().enumerate() {
        let change = MountChange { read_only: bind.read_only, no_dev: true, recursive: true, ids };
        attach(&bind.source, &format!("b{index}"), change, limitations)?;
    }
    attach_upper(&blueprint.upper)
}

/// Clones a mount, changes it and attaches it under a name of the stash.
fn attach(
    source: &Path,
    name: &str,
    change: MountChange<'_>,
    limitations: &mut Vec<Limitation>,
) -> Result<(), ContainerError> {
    let tried = |error: io::Error| {
        let is_absent = error.kind() == io::ErrorKind::NotFound;
        let failed = ContainerError::failed(format!("mount `{}`", source.display()), error);
        if is_absent { failed.with_kind(ErrorKind::NotFound) } else { failed }
    };
    let clone_source = || {
        if change.recursive { sys::clone_mounts(source) } else { sys::clone_mount(source) }
    };
    let mut clone = clone_source().map_err(tried)?;
    if let Err(error) = sys::change_mount(clone.as_fd(), change) {
        if change.ids.is_none() {
            return Err(tried(error));
        }
        // Some file systems cannot map ids; a failed change may also have been applied in part.
        clone = clone_source().map_err(tried)?;
        let plain = MountChange { ids: None, ..change };
        sys::change_mount(clone.as_fd(), plain).map_err(tried)?;
        limitations.push(Limitation::new(
            LimitationKind::ForeignOwners,
            format!("the file system of `{}` cannot map ids ({error})", source.display()),
        ));
    }
    let directory = fs::metadata(source).map_err(tried)?.is_dir();
    if directory {
        make_dir(Path::new(name), 0o755)?;
    } else {
        fs::write(name, b"").map_err(tried)?;
    }
    sys::attach_mount(clone.as_fd(), Path::new(name)).map_err(tried)
}

fn attach_upper(upper: &Upper) -> Result<(), ContainerError> {
    let tried = |error: io::Error| ContainerError::failed("attach the place for writes", error);
    match upper {
        // Mounted by PID 1, so that it belongs to the inner root.
        Upper::Memory { .. } => Ok(()),
        Upper::Directory(directory) => {
            let clone = sys::clone_mount(directory).map_err(tried)?;
            sys::attach_mount(clone.as_fd(), Path::new("up")).map_err(tried)
        }
        Upper::Device { device, owner } => {
            // The quota is the size of the device. What is written is deleted with the environment,
            // so nothing is ever worth a journal or a barrier.
            let flags = MsFlags::MS_NODEV | MsFlags::MS_NOATIME;
            mount(Some(device), "up", Some("ext4"), flags, Some("nobarrier"))
                .map_err(|error| tried(error.into()))?;
            chown("up", Some(*owner), Some(*owner)).map_err(tried)
        }
    }
}

/// Builds the root below the stash. Runs as PID 1, with the stash as working directory: the inner
/// root may not be allowed to walk the path that leads there.
pub(super) fn build(blueprint: &Blueprint) -> Result<(), ContainerError> {
    if let Upper::Memory { bytes } = &blueprint.upper {
        let size = bytes.map_or_else(|| "50%".to_owned(), |bytes| bytes.to_string());
        let options = format!("mode=755,size={size}");
        mount(Some("roundel"), "up", Some("tmpfs"), MsFlags::MS_NODEV, Some(options.as_str()))
            .map_err(|error| ContainerError::failed("mount the place for writes", error))?;
    }
    match &blueprint.root {
        RootPlan::Layers(layers) => {
            let mut lowers: Vec<_> = (0..layers.len()).rev().map(|n| format!("l{n}")).collect();
            if lowers.is_empty() {
                lowers.push("empty".to_owned());
            }
            overlay(&lowers, "", Path::new("root"), &blueprint.upper)
        }
        RootPlan::Host(plan) => build_from_host(plan, &blueprint.upper),
    }
}

fn build_from_host(plan: &HostPlan, upper: &Upper) -> Result<(), ContainerError> {
    make_dir(Path::new("up/root"), 0o755)?;
    mount(Some("up/root"), "root", None::<&str>, MsFlags::MS_BIND, None::<&str>)
        .map_err(|error| ContainerError::failed("mount the root", error))?;
    for (name, mode) in FRESH {
        make_dir(&Path::new("root").join(name), mode)?;
    }
    for (name, target) in &plan.links {
        symlink(target, Path::new("root").join(name))
            .map_err(|error| ContainerError::failed(format!("link `/{name}`"), error))?;
    }
    symlink("/run", "root/var/run")
        .map_err(|error| ContainerError::failed("link `/var/run`", error))?;
    for (index, tree) in plan.trees.iter().enumerate() {
        let mut lowers = Vec::new();
        if tree.mask.is_some() {
            lowers.push(format!("m{index}"));
        }
        lowers.push(format!("t{index}"));
        let at = Path::new("root").join(&tree.name);
        make_dir(&at, 0o755)?;
        overlay(&lowers, &index.to_string(), &at, upper)?;
    }
    Ok(())
}

/// Mounts an overlay with its own place for writes.
fn overlay(
    lowers: &[String],
    suffix: &str,
    at: &Path,
    upper: &Upper,
) -> Result<(), ContainerError> {
    let (writes, work) = (format!("up/u{suffix}"), format!("up/w{suffix}"));
    make_dir(Path::new(&writes), 0o755)?;
    make_dir(Path::new(&work), 0o755)?;
    let mut options =
        format!("lowerdir={},upperdir={writes},workdir={work},userxattr", lowers.join(":"));
    if !matches!(upper, Upper::Memory { .. }) {
        // These writes are never mounted again, so they need not be synced.
        options.push_str(",volatile");
    }
    mount(Some("roundel"), at, Some("overlay"), MsFlags::MS_NODEV, Some(options.as_str())).map_err(
        |error| {
            ContainerError::failed(format!("mount the overlay of {} layers", lowers.len()), error)
        },
    )
}

/// Makes a directory with exactly this mode.
pub(super) fn make_dir(path: &Path, mode: u32) -> Result<(), ContainerError> {
    fs::DirBuilder::new()
        .mode(mode)
        .create(path)
        .map_err(|error| ContainerError::failed(format!("make `{}`", path.display()), error))
}

/// Moves into the root, lets go of the host's file systems, and attaches the binds.
///
/// The targets of binds are resolved after the host is out of sight, so a link in an image can lead
/// nowhere but into the image.
pub(super) fn enter(blueprint: &Blueprint) -> Result<(), ContainerError> {
    let mut binds: Vec<(OwnedFd, bool, PathBuf)> = Vec::new();
    for (index, bind) in blueprint.binds.iter().enumerate() {
        let name = PathBuf::from(format!("b{index}"));
        let tried =
            |error| ContainerError::failed(format!("bind `{}`", bind.source.display()), error);
        let clone = sys::clone_mounts(&name).map_err(tried)?;
        let directory = fs::metadata(&name).map_err(tried)?.is_dir();
        binds.push((clone, directory, Path::new("/").join(&bind.target)));
    }
    let tried = |error| ContainerError::failed("change the root", error);
    std::env::set_current_dir("root")
        .map_err(|error| ContainerError::failed("enter the root", error))?;
    pivot_root(".", ".").map_err(tried)?;
    umount2(".", MntFlags::MNT_DETACH).map_err(tried)?;
    nix::unistd::chdir("/").map_err(tried)?;

    for (clone, directory, target) in binds {
        let tried =
            |error| ContainerError::failed(format!("bind to `{}`", target.display()), error);
        if directory {
            fs::create_dir_all(&target).map_err(tried)?;
        } else {
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent).map_err(tried)?;
            }
            fs::OpenOptions::new().append(true).create(true).open(&target).map_err(tried)?;
        }
        sys::attach_mount(clone.as_fd(), &target).map_err(tried)?;
    }
    Ok(())
}
