//! Limits in cgroups: version 2, version 1, or a mixture, whatever the host has.
//!
//! Groups are made and removed from outside, by the host side: a process inside a group cannot
//! remove it. Every limit degrades alone, into a [`Limitation`] that says what is not enforced and
//! what would help.

mod controller;
mod hierarchy;

use std::{
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use controller::{Base, Controller, Version};
use hierarchy::{create_group, hierarchies};

use crate::{limitation::Limitation, limits::Limits};

/// The kernel needs a moment to let go of a group whose processes are dead.
const REMOVAL_TIMEOUT: Duration = Duration::from_secs(3);
const REMOVAL_PAUSE: Duration = Duration::from_millis(2);

/// What this host can limit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cgroups {
    bases: Vec<Base>,
    missing: Vec<(Controller, Limitation)>,
    /// Where this process is, as the kernel writes it.
    own: String,
}

/// The groups of one environment.
#[derive(Debug, Default)]
pub(crate) struct Group {
    directories: Vec<PathBuf>,
    /// The file that counts the processes that the memory limit has killed.
    out_of_memory: Option<PathBuf>,
    pub(crate) limitations: Vec<Limitation>,
}

impl Cgroups {
    /// Finds out where this process may make groups.
    pub(crate) fn probe() -> Self {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let found = Self::find(&own_groups(), &mounts);
        // Finding out may have moved this process.
        Self { own: own_groups(), ..found }
    }

    fn find(own: &str, mounts: &str) -> Self {
        let mut found = Self::default();
        let hierarchies = hierarchies(own, mounts);
        for controller in Controller::ALL {
            let mut limitation = Limitation::new(
                controller.limitation(),
                format!("the kernel offers no cgroup controller `{}` here", controller.name()),
            );
            let base = hierarchies.iter().find_map(|hierarchy| {
                hierarchy.base(controller).unwrap_or_else(|cause| {
                    limitation = cause;
                    None
                })
            });
            match base {
                Some(base) => found.bases.push(base),
                None => found.missing.push((controller, limitation)),
            }
        }
        found
    }

    /// The directories in which groups are made, for a later sweep.
    pub(crate) fn bases(&self) -> impl Iterator<Item = &Path> {
        self.bases.iter().map(|base| base.directory.as_path())
    }

    /// The limits that cannot be enforced, whatever they are.
    pub(crate) fn limitations(&self) -> impl Iterator<Item = Limitation> {
        self.missing.iter().map(|(_, limitation)| limitation.clone())
    }

    /// Makes the groups of an environment. Never fails: what cannot be done becomes a limitation.
    pub(crate) fn create(&self, name: &str, limits: &Limits) -> Group {
        let mut group = Group::default();
        for (controller, limitation) in &self.missing {
            if controller.setting(Version::Two, limits).is_some() {
                group.limitations.push(limitation.clone());
            }
        }
        for base in &self.bases {
            let Some((file, text)) = base.controller.setting(base.version, limits) else {
                continue;
            };
            let directory = base.directory.join(name);
            let set = create_group(&directory)
                .and_then(|()| fs::write(directory.join(file), text.as_bytes()));
            if let Err(error) = set {
                let cause = format!("`{}`: {error}", directory.join(file).display());
                group.limitations.push(Limitation::new(base.controller.limitation(), cause));
                // An empty group that limits nothing is useless; if it stays, the sweep takes it.
                let _swept_later = fs::remove_dir(&directory);
                continue;
            }
            if let Some((file, text)) = base.controller.extra(base.version, limits) {
                // Kernels without swap accounting do not have the file.
                let _absent = fs::write(directory.join(file), text);
            }
            group.add(base, directory);
        }
        group
    }

    /// Pays the cost of the first join in advance, concurrently with other work.
    ///
    /// Before the first of several moves between groups, the kernel waits for an RCU grace period (5 to
    /// 12 ms); those that follow closely cost a tenth of a millisecond. So this process moves to the group
    /// that it is in already. Groups cannot be made meanwhile: make them before. The thread ends after the
    /// first join.
    pub(crate) fn prepare_joins(&self) -> Option<thread::JoinHandle<()>> {
        let base = self.bases.iter().find(|base| base.version == Version::One)?;
        let (procs, own) = (base.directory.join("cgroup.procs"), self.own.clone());
        let prepare = move || {
            // A process that was moved elsewhere stays there.
            if own_groups() == own {
                // Without it, the first join takes its time.
                let _slower = fs::write(procs, "0");
            }
        };
        thread::Builder::new().name("cgroups".to_owned()).spawn(prepare).ok()
    }
}

fn own_groups() -> String {
    fs::read_to_string("/proc/self/cgroup").unwrap_or_default()
}

impl Group {
    fn add(&mut self, base: &Base, directory: PathBuf) {
        if base.controller == Controller::Memory {
            self.out_of_memory = Some(directory.join(match base.version {
                Version::One => "memory.oom_control",
                Version::Two => "memory.events",
            }));
        }
        if !self.directories.contains(&directory) {
            self.directories.push(directory);
        }
    }

    /// The files to write a process into.
    pub(crate) fn procs(&self) -> Vec<PathBuf> {
        self.directories.iter().map(|directory| directory.join("cgroup.procs")).collect()
    }

    /// How many processes the memory limit has killed.
    pub(crate) fn out_of_memory_kills(&self) -> u64 {
        let text = self.out_of_memory.as_ref().and_then(|file| fs::read_to_string(file).ok());
        text.as_deref().and_then(parse_kills).unwrap_or(0)
    }

    /// Removes the groups after their processes are gone.
    pub(crate) fn remove(&self) {
        for directory in &self.directories {
            remove_group(directory);
        }
    }
}

fn parse_kills(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

/// Removes one group, waiting a little for the kernel. A group that stays is swept later.
fn remove_group(directory: &Path) {
    let end = Instant::now() + REMOVAL_TIMEOUT;
    while let Err(error) = fs::remove_dir(directory) {
        if error.raw_os_error() != Some(libc::EBUSY) || Instant::now() >= end {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::warn!(path = %directory.display(), %error, "failed to remove a cgroup");
            }
            return;
        }
        thread::sleep(REMOVAL_PAUSE);
    }
}

/// Ends and removes the groups below a base whose names begin with a prefix.
pub(crate) fn sweep(base: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(base) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(prefix) {
            continue;
        }
        let directory = entry.path();
        for line in fs::read_to_string(directory.join("cgroup.procs")).unwrap_or_default().lines() {
            if let Ok(pid) = line.parse() {
                // A process that is already dead is fine.
                let _dead = nix::sys::signal::kill(
                    nix::unistd::Pid::from_raw(pid),
                    nix::sys::signal::Signal::SIGKILL,
                );
            }
        }
        remove_group(&directory);
    }
}

#[cfg(test)]
mod tests;
