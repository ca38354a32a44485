//! What this host can do: how ids are mapped, what the kernel stores where, how much memory it has.
//!
//! | who | ids inside | files of layers |
//! | --- | --- | --- |
//! | root | 0–65535 are a high range of the host, for every environment | stored with their own owners, mounted with mapped ids |
//! | root, where mounts cannot map ids | 0–… are the same on the host, without its capabilities | the same |
//! | a user with `newuidmap` and subordinate ids | 0 is the user, the others subordinate ids | unpacked inside such a namespace |
//! | any other user | 0 is the user, nobody else exists | all belong to the user |

use std::{
    fs, io,
    os::fd::{AsFd, OwnedFd},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use nix::unistd::{getegid, geteuid};

use crate::{
    error::ContainerError,
    sys::{self, MountChange},
    wire::{Link, Mapped, Report, Task},
};

/// First host id of environments under root: in the range that systemd leaves to containers, far
/// from people and services.
const RANGE_BASE: u32 = 0x6800_0000;
/// Ids that exist inside, as container engines give them.
const RANGE_LENGTH: u32 = 65_536;
/// How long a helper may take to answer: it does a handful of system calls.
const HELPER_PATIENCE: Duration = Duration::from_secs(30);

/// How ids inside are mapped to ids of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mapping {
    /// Root: a range of its own.
    Range,
    /// Root, where mounts cannot map ids.
    Identity,
    /// A user with subordinate ids: first and count, of users and groups.
    Subordinate { users: (u32, u32), groups: (u32, u32) },
    /// A user alone.
    Single,
}

/// A host, as an environment's maker sees it.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) mapping: Mapping,
    /// Namespace whose ids mounts map to; with [`Mapping::Range`] only.
    pub(crate) ids: Option<OwnedFd>,
    /// Overlay can keep its marks on tmpfs.
    pub(crate) memory_upper: bool,
    pub(crate) memory_bytes: u64,
    boot: PathBuf,
    /// Why a better mapping was not possible.
    reason: Option<String>,
}

/// A helper that has been started, and this side of the conversation with it.
#[derive(Debug)]
pub(crate) struct Helper {
    pub(crate) child: std::process::Child,
    pub(crate) link: Link,
}

impl Host {
    /// Finds out what the host can do. `trial` is a directory on the file system of the layers.
    pub(crate) fn probe(boot: Option<PathBuf>, trial: &Path) -> Self {
        let mut host = Self {
            mapping: Mapping::Single,
            ids: None,
            memory_upper: kernel_version() >= (6, 6),
            memory_bytes: memory_bytes(),
            boot: boot.unwrap_or_else(|| PathBuf::from("/proc/self/exe")),
            reason: None,
        };
        if geteuid().is_root() {
            host.probe_as_root(trial);
        } else {
            match subordinate_ids() {
                Ok(mapping) => host.mapping = mapping,
                Err(reason) => host.reason = Some(reason),
            }
        }
        host
    }

    fn probe_as_root(&mut self, trial: &Path) {
        self.mapping = Mapping::Range;
        match self.namespace() {
            Ok(ids) => match can_map_ids(trial, &ids) {
                Ok(()) => {
                    self.ids = Some(ids);
                    return;
                }
                Err(error) => {
                    self.reason = Some(format!(
                        "the file system of `{}` cannot map ids ({error})",
                        trial.display()
                    ));
                }
            },
            Err(error) => self.reason = Some(error.to_string()),
        }
        self.mapping = Mapping::Identity;
    }

    /// Makes a user namespace that only serves as a map of ids.
    fn namespace(&self) -> Result<OwnedFd, ContainerError> {
        let mut helper = self.helper(&Task::Namespace, &[])?;
        let taken = self.map(&mut helper).and_then(|()| {
            let path = format!("/proc/{}/ns/user", helper.child.id());
            fs::File::open(&path).map_err(|error| failed(format!("open `{path}`"), &error))
        });
        helper.finish();
        Ok(taken?.into())
    }

    /// Starts a helper and tells it what to do.
    pub(crate) fn helper(
        &self,
        task: &Task,
        fds: &[std::os::fd::BorrowedFd<'_>],
    ) -> Result<Helper, ContainerError> {
        let tried = |error: io::Error| failed("start the helper process", &error);
        let (link, theirs) = Link::pair().map_err(tried)?;
        let child = Command::new(&self.boot)
            .arg(crate::boot::ARGUMENT)
            // Nothing of this process's environment may be readable from inside.
            .env_clear()
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(tried)?;
        let helper = Helper { child, link };
        let told = helper
            .link
            .set_patience(Some(HELPER_PATIENCE))
            .and_then(|()| helper.link.send(task, fds));
        if let Err(error) = told {
            helper.finish();
            return Err(tried(error));
        }
        Ok(helper)
    }

    /// Waits for the helper's new user namespace and writes its maps.
    pub(crate) fn map(&self, helper: &mut Helper) -> Result<(), ContainerError> {
        match helper.report()? {
            Report::Unshared => self.write_maps(helper.child.id()),
            Report::Failed(fault) => Err(fault.into()),
            Report::Ready { .. } | Report::Unpacked(_) => {
                Err(ContainerError::Host("the helper process answered out of turn".to_owned()))
            }
        }
    }

    fn write_maps(&self, pid: u32) -> Result<(), ContainerError> {
        let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
        let write = |file: &str, text: &str| {
            let path = format!("/proc/{pid}/{file}");
            fs::write(&path, text).map_err(|error| failed(format!("write `{path}`"), &error))
        };
        match &self.mapping {
            Mapping::Range => {
                let map = format!("0 {RANGE_BASE} {RANGE_LENGTH}");
                write("uid_map", &map)?;
                write("gid_map", &map)
            }
            Mapping::Identity => {
                // Root of a namespace itself may map only what is mapped to it.
                write("uid_map", &identity("/proc/self/uid_map"))?;
                write("gid_map", &identity("/proc/self/gid_map"))
            }
            Mapping::Subordinate { users, groups } => {
                map_with("newuidmap", pid, uid, *users)?;
                map_with("newgidmap", pid, gid, *groups)
            }
            Mapping::Single => {
                write("uid_map", &format!("0 {uid} 1"))?;
                write("setgroups", "deny")?;
                write("gid_map", &format!("0 {gid} 1"))
            }
        }
    }

    /// The host's id of the inner root, where it is another than this process's.
    pub(crate) fn inner_root(&self) -> Option<u32> {
        match self.mapping {
            Mapping::Range => Some(RANGE_BASE),
            Mapping::Identity => Some(0),
            Mapping::Subordinate { .. } | Mapping::Single => None,
        }
    }

    /// The ids inside are others than the host's, so that whoever becomes one of them is nobody new
    /// outside.
    pub(crate) fn setuid_stays_inside(&self) -> bool {
        matches!(self.mapping, Mapping::Range | Mapping::Subordinate { .. })
    }

    /// Files of environments and layers have owners that only a namespace can name.
    pub(crate) fn needs_namespace_for_files(&self) -> bool {
        matches!(self.mapping, Mapping::Subordinate { .. })
    }

    /// Removes trees, whoever owns what is in them. What cannot be removed is logged.
    pub(crate) fn remove(&self, directories: Vec<PathBuf>) {
        if !self.needs_namespace_for_files() {
            for directory in directories {
                if let Err(error) = crate::scratch::remove_tree(&directory) {
                    tracing::warn!(path = %directory.display(), %error, "failed to remove");
                }
            }
            return;
        }
        if let Err(error) = self.remove_inside(directories) {
            tracing::warn!(%error, "failed to remove what an environment left");
        }
    }

    fn remove_inside(&self, directories: Vec<PathBuf>) -> Result<(), ContainerError> {
        let task = Task::Remove { directories, new_namespace: true };
        let mut helper = self.helper(&task, &[])?;
        let done = self.map(&mut helper).and_then(|()| helper.go_on(None)).and_then(|()| {
            // A large tree takes its time.
            let _unlimited = helper.link.set_patience(None);
            match helper.report()? {
                Report::Ready { .. } => Ok(()),
                Report::Failed(fault) => Err(fault.into()),
                Report::Unshared | Report::Unpacked(_) => {
                    Err(ContainerError::Host("the helper process answered out of turn".to_owned()))
                }
            }
        });
        helper.finish();
        done
    }

    /// Sentences on what is missing.
    pub(crate) fn shortcomings(&self) -> Vec<String> {
        let reason = self.reason.clone().unwrap_or_default();
        let ids = match self.mapping {
            Mapping::Range | Mapping::Subordinate { .. } => None,
            Mapping::Identity => Some(format!(
                "environments share user ids with the host, without its capabilities: {reason}"
            )),
            Mapping::Single => Some(format!(
                "only one user exists in environments, so every process runs as their root: {reason}"
            )),
        };
        let upper = (!self.memory_upper).then(|| {
            "the kernel is older than 6.6, so small environments write to disk instead of memory"
                .to_owned()
        });
        ids.into_iter().chain(upper).collect()
    }
}

impl Helper {
    /// The next report.
    pub(crate) fn report(&self) -> Result<Report, ContainerError> {
        match self.link.receive::<Report>() {
            Ok(Some((report, _))) => Ok(report),
            Ok(None) => Err(ContainerError::Host(
                "the helper process ended without an answer; does the program call \
                 `boot::run_if_asked` first in `main`?"
                    .to_owned(),
            )),
            Err(error) => Err(failed("hear from the helper process", &error)),
        }
    }

    /// Tells the helper that its maps are written.
    pub(crate) fn go_on(
        &self,
        interface: Option<crate::wire::Interface>,
    ) -> Result<(), ContainerError> {
        self.link
            .send(&Mapped { interface }, &[])
            .map_err(|error| failed("tell the helper process to go on", &error))
    }

    /// Ends the helper and waits until it is gone.
    pub(crate) fn finish(mut self) {
        self.link.hang_up();
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn failed(what: impl std::fmt::Display, error: &dyn std::fmt::Display) -> ContainerError {
    ContainerError::Host(format!("failed to {what}: {error}"))
}

/// Tries whether a mount of this directory can map ids.
fn can_map_ids(directory: &Path, ids: &OwnedFd) -> io::Result<()> {
    let mount = sys::open_tree(directory, false)?;
    let change = MountChange { ids: Some(ids.as_fd()), ..MountChange::default() };
    sys::change_mount(mount.as_fd(), change)
}

/// A map of everything that is mapped here onto itself.
fn identity(map: &str) -> String {
    let map = fs::read_to_string(map).unwrap_or_default();
    let lines = map.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (inside, _outside, count) = (words.next()?, words.next()?, words.next()?);
        Some(format!("{inside} {inside} {count}\n"))
    });
    lines.collect()
}

/// Runs `newuidmap` or `newgidmap`: 0 is the user, the others are subordinate.
fn map_with(
    program: &str,
    pid: u32,
    own: u32,
    (first, count): (u32, u32),
) -> Result<(), ContainerError> {
    let words = [pid, 0, own, 1, 1, first, count].map(|word| word.to_string());
    let done = Command::new(program)
        .args(words)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed(format!("run `{program}`"), &error))?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    Err(ContainerError::Host(format!("`{program}` failed: {}", said.trim())))
}

/// The subordinate ids of this user, if all that is needed to use them is there.
fn subordinate_ids() -> Result<Mapping, String> {
    for program in ["newuidmap", "newgidmap"] {
        let found = std::env::var_os("PATH").is_some_and(|path| {
            std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
        });
        if !found {
            return Err(format!("`{program}` is not installed (package `uidmap`)"));
        }
    }
    let uid = geteuid();
    let name = nix::unistd::User::from_uid(uid).ok().flatten().map(|user| user.name);
    let range = |file: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        parse_subordinate(&text, name.as_deref(), uid.as_raw())
            .ok_or_else(|| format!("`{file}` gives this user no range of {RANGE_LENGTH} ids"))
    };
    Ok(Mapping::Subordinate { users: range("/etc/subuid")?, groups: range("/etc/subgid")? })
}

/// First id and count of a user's first range that is large enough.
fn parse_subordinate(text: &str, name: Option<&str>, uid: u32) -> Option<(u32, u32)> {
    text.lines().find_map(|line| {
        let mut fields = line.trim().split(':');
        let owner = fields.next()?;
        let (first, count) = (fields.next()?.parse().ok()?, fields.next()?.parse::<u32>().ok()?);
        let mine = Some(owner) == name || owner.parse() == Ok(uid);
        // 0 is the user, so one less than the whole is enough.
        (mine && count >= RANGE_LENGTH - 1).then_some((first, count.min(RANGE_LENGTH - 1)))
    })
}

fn kernel_version() -> (u32, u32) {
    let release = nix::sys::utsname::uname()
        .map(|name| name.release().to_string_lossy().into_owned())
        .unwrap_or_default();
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map_while(|n| n.parse().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

fn memory_bytes() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib: Option<u64> = text.lines().find_map(|line| {
        line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.trim().parse().ok()
    });
    kib.unwrap_or(0).saturating_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_subordinate_ids_is_found_by_name_or_number() {
        let text = "other:100000:65536\nme:165536:65536\n1007:300000:70000\nsmall:1:100\n";
        assert_eq!(parse_subordinate(text, Some("me"), 1), Some((165_536, 65_535)));
        assert_eq!(parse_subordinate(text, None, 1007), Some((300_000, 65_535)));
        assert_eq!(parse_subordinate(text, Some("small"), 1), None);
    }
}
