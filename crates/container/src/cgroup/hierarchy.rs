//! What is mounted where, and where in it this process may make groups.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::controller::{Base, Controller, Version};
use crate::limitation::Limitation;

/// A mounted hierarchy and this process's place in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hierarchy {
    pub(super) version: Version,
    pub(super) controllers: Vec<String>,
    pub(super) top: PathBuf,
    pub(super) own: PathBuf,
}

/// Reads what is mounted, from `/proc/self/cgroup` and `/proc/self/mountinfo`.
pub(super) fn hierarchies(own: &str, mounts: &str) -> Vec<Hierarchy> {
    mounts.lines().filter_map(|line| hierarchy(own, line)).collect()
}

fn hierarchy(own: &str, mount: &str) -> Option<Hierarchy> {
    let (left, right) = mount.split_once(" - ")?;
    let mut left = left.split(' ');
    let (root, top) = (left.nth(3)?, PathBuf::from(left.next()?));
    let mut right = right.split(' ');
    let (kind, options) = (right.next()?, right.nth(1)?);
    let (version, controllers) = match kind {
        "cgroup" => (Version::One, options.split(',').map(str::to_owned).collect::<Vec<_>>()),
        "cgroup2" => (Version::Two, Vec::new()),
        _ => return None,
    };
    let path = own.lines().find_map(|line| {
        let (names, path) = line.split_once(':')?.1.split_once(':')?;
        let mine = match version {
            Version::One => names.split(',').any(|name| controllers.iter().any(|c| c == name)),
            Version::Two => names.is_empty(),
        };
        mine.then_some(path)
    })?;
    // In a container, the mount's root is a part of the path that is not visible.
    let below = path.strip_prefix(root).unwrap_or(path).trim_start_matches('/');
    let own = if below.is_empty() { top.clone() } else { top.join(below) };
    Some(Hierarchy { version, controllers, top, own })
}

impl Hierarchy {
    /// Finds where groups for a controller can be made; `None` if it is not in this hierarchy.
    pub(super) fn base(&self, controller: Controller) -> Result<Option<Base>, Limitation> {
        match self.version {
            Version::One if self.controllers.iter().any(|name| name == controller.name()) => {
                let directory = self.own.clone();
                check_writable(&directory)
                    .map_err(|cause| Limitation::new(controller.limitation(), cause))?;
                Ok(Some(Base { controller, version: Version::One, directory }))
            }
            Version::One => Ok(None),
            Version::Two => self.base_in_two(controller),
        }
    }

    /// In version 2 a group either holds processes or has limits for groups below it; only the top
    /// may do both. So: our own group, if no other process is in it, else the top.
    fn base_in_two(&self, controller: Controller) -> Result<Option<Base>, Limitation> {
        let mut cause = None;
        for directory in [&self.own, &self.top] {
            let offered =
                fs::read_to_string(directory.join("cgroup.controllers")).unwrap_or_default();
            if !offered.split_whitespace().any(|name| name == controller.name()) {
                continue;
            }
            match delegate(directory, controller).and_then(|()| check_writable(directory)) {
                Ok(()) => {
                    let directory = directory.clone();
                    return Ok(Some(Base { controller, version: Version::Two, directory }));
                }
                Err(error) => cause = Some(error),
            }
        }
        cause.map_or(Ok(None), |cause| {
            Err(Limitation::new(controller.limitation(), cause).with_remedy(
                "start the program in a cgroup of its own, for example with \
                 `systemd-run --user --scope -p Delegate=yes`",
            ))
        })
    }
}

/// Lets the groups below a version 2 group have limits of a kind.
fn delegate(base: &Path, controller: Controller) -> Result<(), String> {
    let file = base.join("cgroup.subtree_control");
    let given = fs::read_to_string(&file).unwrap_or_default();
    if given.split_whitespace().any(|name| name == controller.name()) {
        return Ok(());
    }
    let order = format!("+{}", controller.name());
    let Err(error) = fs::write(&file, &order) else { return Ok(()) };
    if error.raw_os_error() == Some(libc::EBUSY) && move_aside(base).is_ok() {
        return fs::write(&file, &order).map_err(|error| format!("`{}`: {error}", file.display()));
    }
    Err(format!("`{}`: {error}", file.display()))
}

/// Moves this process into a group below its own, if no other process is in there.
fn move_aside(base: &Path) -> io::Result<()> {
    let inside = fs::read_to_string(base.join("cgroup.procs"))?;
    let own = std::process::id().to_string();
    if inside.lines().any(|pid| pid != own) {
        return Err(io::Error::from(io::ErrorKind::ResourceBusy));
    }
    let aside = base.join("roundel-host");
    create_group(&aside)?;
    fs::write(aside.join("cgroup.procs"), own)
}

/// Checks that groups can be made in a directory, by making one.
fn check_writable(base: &Path) -> Result<(), String> {
    let trial = base.join(format!("roundel-trial-{}", std::process::id()));
    create_group(&trial).map_err(|error| format!("`{}`: {error}", base.display()))?;
    fs::remove_dir(&trial).map_err(|error| format!("`{}`: {error}", trial.display()))
}

/// Makes a group, unless it is there: two controllers can share one hierarchy.
pub(super) fn create_group(directory: &Path) -> io::Result<()> {
    match fs::create_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}
