//! Limits in cgroups: version 2, version 1, or a mixture, whatever the host has.
//!
//! Groups are made and removed from outside, by the host side: a process inside a group cannot
//! remove it. Every limit degrades alone, into a sentence that says what is not enforced and what
//! would help.

use std::{
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use crate::limits::Limits;

/// The kernel needs a moment to let go of a group whose processes are dead.
const REMOVAL_PATIENCE: Duration = Duration::from_secs(3);
const REMOVAL_PAUSE: Duration = Duration::from_millis(2);
/// PID 1 counts too.
const OWN_PROCESSES: u32 = 1;
const CPU_PERIOD_US: u64 = 100_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// A kind of limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Controller {
    Memory,
    Cpu,
    Pids,
}

impl Controller {
    const ALL: [Self; 3] = [Self::Memory, Self::Cpu, Self::Pids];

    fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Cpu => "cpu",
            Self::Pids => "pids",
        }
    }

    /// What people call it.
    fn limit(self) -> &'static str {
        match self {
            Self::Memory => "memory limit",
            Self::Cpu => "CPU limit",
            Self::Pids => "limit of processes",
        }
    }

    /// The file and the text that set the limit.
    fn setting(self, version: Version, limits: &Limits) -> Option<(&'static str, String)> {
        Some(match (self, version) {
            (Self::Memory, Version::One) => {
                ("memory.limit_in_bytes", limits.memory_bytes?.to_string())
            }
            (Self::Memory, Version::Two) => ("memory.max", limits.memory_bytes?.to_string()),
            (Self::Cpu, Version::One) => ("cpu.cfs_quota_us", quota(limits.cpu_millis?)),
            (Self::Cpu, Version::Two) => {
                ("cpu.max", format!("{} {CPU_PERIOD_US}", quota(limits.cpu_millis?)))
            }
            (Self::Pids, _) => {
                ("pids.max", limits.processes?.saturating_add(OWN_PROCESSES).to_string())
            }
        })
    }

    /// Settings that make the limit stricter where the kernel has them; swap is memory too.
    fn extra(self, version: Version, limits: &Limits) -> Option<(&'static str, String)> {
        match (self, version) {
            (Self::Memory, Version::One) => {
                Some(("memory.memsw.limit_in_bytes", limits.memory_bytes?.to_string()))
            }
            (Self::Memory, Version::Two) => Some(("memory.swap.max", "0".to_owned())),
            (Self::Cpu | Self::Pids, _) => None,
        }
    }
}

fn quota(cpu_millis: u32) -> String {
    // The kernel takes no quota below a millisecond.
    (u64::from(cpu_millis) * CPU_PERIOD_US / 1000).max(1000).to_string()
}

/// Where groups for one controller can be made.
#[derive(Clone, Debug)]
struct Place {
    controller: Controller,
    version: Version,
    base: PathBuf,
}

/// What this host can limit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cgroups {
    places: Vec<Place>,
    missing: Vec<(Controller, String)>,
    /// Where this process is, as the kernel writes it.
    own: String,
}

/// The groups of one environment.
#[derive(Debug, Default)]
pub(crate) struct Group {
    directories: Vec<PathBuf>,
    /// The file that counts the victims of the memory limit.
    victims: Option<PathBuf>,
    pub(crate) not_enforced: Vec<String>,
}

impl Cgroups {
    /// Finds out where this process may make groups.
    pub(crate) fn probe() -> Self {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let found = Self::find(&own_groups(), &mounts);
        // To find out may have moved this process.
        Self { own: own_groups(), ..found }
    }

    fn find(own: &str, mounts: &str) -> Self {
        let mut found = Self::default();
        let hierarchies = hierarchies(own, mounts);
        for controller in Controller::ALL {
            let mut reason = "the kernel offers no such cgroup controller here".to_owned();
            let place =
                hierarchies.iter().find_map(|hierarchy| match hierarchy.place(controller) {
                    Ok(place) => place,
                    Err(error) => {
                        reason = error;
                        None
                    }
                });
            match place {
                Some(base) => found.places.push(base),
                None => found.missing.push((controller, reason)),
            }
        }
        found
    }

    /// The directories in which groups are made, for whoever sweeps after us.
    pub(crate) fn bases(&self) -> impl Iterator<Item = &Path> {
        self.places.iter().map(|place| place.base.as_path())
    }

    /// Sentences on the limits that cannot be enforced.
    pub(crate) fn shortcomings(&self) -> Vec<String> {
        self.missing.iter().map(|(controller, reason)| sentence(*controller, reason)).collect()
    }

    /// Makes the groups of an environment. Never fails: what cannot be done is said.
    pub(crate) fn create(&self, name: &str, limits: &Limits) -> Group {
        let mut group = Group::default();
        for (controller, reason) in &self.missing {
            if controller.setting(Version::Two, limits).is_some() {
                group.not_enforced.push(sentence(*controller, reason));
            }
        }
        for place in &self.places {
            let Some((file, text)) = place.controller.setting(place.version, limits) else {
                continue;
            };
            let directory = place.base.join(name);
            let set = make_group(&directory)
                .and_then(|()| fs::write(directory.join(file), text.as_bytes()));
            if let Err(error) = set {
                let reason = format!("`{}`: {error}", directory.join(file).display());
                group.not_enforced.push(sentence(place.controller, &reason));
                // An empty group that limits nothing is no use; if it stays, the sweep takes it.
                let _swept_later = fs::remove_dir(&directory);
                continue;
            }
            if let Some((file, text)) = place.controller.extra(place.version, limits) {
                // Kernels without swap accounting do not have the file.
                let _absent = fs::write(directory.join(file), text);
            }
            group.add(place, directory);
        }
        group
    }

    /// Begins what joins wait for, beside whatever else there is to do until then.
    ///
    /// Before the first of several moves between groups, the kernel waits until every CPU has passed
    /// by: 5 to 12 ms. Those that follow closely cost a tenth of a millisecond. So this process moves
    /// to where it is already. Groups cannot be made meanwhile: make them before. The thread is over
    /// when the first join is.
    pub(crate) fn hasten_joins(&self) -> Option<thread::JoinHandle<()>> {
        let place = self.places.iter().find(|place| place.version == Version::One)?;
        let (procs, own) = (place.base.join("cgroup.procs"), self.own.clone());
        let hasten = move || {
            // Whom somebody has moved elsewhere stays there.
            if own_groups() == own {
                // Without it, the first join takes its time.
                let _slower = fs::write(procs, "0");
            }
        };
        thread::Builder::new().name("cgroups".to_owned()).spawn(hasten).ok()
    }
}

fn own_groups() -> String {
    fs::read_to_string("/proc/self/cgroup").unwrap_or_default()
}

fn sentence(controller: Controller, reason: &str) -> String {
    format!("the {} is not enforced on this host: {reason}", controller.limit())
}

fn make_group(directory: &Path) -> io::Result<()> {
    match fs::create_dir(directory) {
        // Two controllers can share one hierarchy.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

impl Group {
    fn add(&mut self, place: &Place, directory: PathBuf) {
        if place.controller == Controller::Memory {
            self.victims = Some(directory.join(match place.version {
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
        let text = self.victims.as_ref().and_then(|file| fs::read_to_string(file).ok());
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

/// Removes one group, waiting a little for the kernel. What stays is swept at the next opening.
fn remove_group(directory: &Path) {
    let end = Instant::now() + REMOVAL_PATIENCE;
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
                // Already dead is as good.
                let _dead = nix::sys::signal::kill(
                    nix::unistd::Pid::from_raw(pid),
                    nix::sys::signal::Signal::SIGKILL,
                );
            }
        }
        remove_group(&directory);
    }
}

/// A mounted hierarchy and this process's place in it.
#[derive(Debug, PartialEq, Eq)]
struct Hierarchy {
    version: Version,
    controllers: Vec<String>,
    top: PathBuf,
    own: PathBuf,
}

/// Reads what is mounted, from `/proc/self/cgroup` and `/proc/self/mountinfo`.
fn hierarchies(own: &str, mounts: &str) -> Vec<Hierarchy> {
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
    fn place(&self, controller: Controller) -> Result<Option<Place>, String> {
        match self.version {
            Version::One if self.controllers.iter().any(|name| name == controller.name()) => {
                let base = self.own.clone();
                writable(&base)?;
                Ok(Some(Place { controller, version: Version::One, base }))
            }
            Version::One => Ok(None),
            Version::Two => self.place_two(controller),
        }
    }

    /// In version 2 a group either holds processes or has limits for groups below it; only the top
    /// may do both. So: our own group, if it is ours alone to divide, else the top.
    fn place_two(&self, controller: Controller) -> Result<Option<Place>, String> {
        let mut reason = None;
        for base in [&self.own, &self.top] {
            let offered = fs::read_to_string(base.join("cgroup.controllers")).unwrap_or_default();
            if !offered.split_whitespace().any(|name| name == controller.name()) {
                continue;
            }
            match hand_down(base, controller).and_then(|()| writable(base)) {
                Ok(()) => {
                    let base = base.clone();
                    return Ok(Some(Place { controller, version: Version::Two, base }));
                }
                Err(error) => reason = Some(error),
            }
        }
        reason.map_or(Ok(None), |reason| {
            Err(format!(
                "{reason}; start the runner in a cgroup of its own, for example with \
                 `systemd-run --user --scope -p Delegate=yes`"
            ))
        })
    }
}

/// Lets the groups below a version 2 group have limits of a kind.
fn hand_down(base: &Path, controller: Controller) -> Result<(), String> {
    let file = base.join("cgroup.subtree_control");
    let given = fs::read_to_string(&file).unwrap_or_default();
    if given.split_whitespace().any(|name| name == controller.name()) {
        return Ok(());
    }
    let order = format!("+{}", controller.name());
    let Err(error) = fs::write(&file, &order) else { return Ok(()) };
    if error.raw_os_error() == Some(libc::EBUSY) && step_aside(base).is_ok() {
        return fs::write(&file, &order).map_err(|error| format!("`{}`: {error}", file.display()));
    }
    Err(format!("`{}`: {error}", file.display()))
}

/// Moves this process into a group below its own, if nobody else is in there.
fn step_aside(base: &Path) -> io::Result<()> {
    let inside = fs::read_to_string(base.join("cgroup.procs"))?;
    let own = std::process::id().to_string();
    if inside.lines().any(|pid| pid != own) {
        return Err(io::Error::from(io::ErrorKind::ResourceBusy));
    }
    let aside = base.join("roundel-host");
    make_group(&aside)?;
    fs::write(aside.join("cgroup.procs"), own)
}

/// Tells whether groups can be made in a directory, by making one.
fn writable(base: &Path) -> Result<(), String> {
    let trial = base.join(format!("roundel-trial-{}", std::process::id()));
    make_group(&trial).map_err(|error| format!("`{}`: {error}", base.display()))?;
    fs::remove_dir(&trial).map_err(|error| format!("`{}`: {error}", trial.display()))
}

#[cfg(test)]
mod tests;
