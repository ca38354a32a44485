//! Ids inside and outside: which mapping a host allows, and how it is written.

use std::{fs, process::Command, time::Duration};

use nix::unistd::{getegid, geteuid};

use crate::{
    error::ContainerError,
    limitation::{Limitation, LimitationKind},
    programs,
    wire::InnerIds,
};

/// How long a map of ids may take to write: it looks users up, and a directory service may answer slowly.
const MAP_TIMEOUT: Duration = Duration::from_secs(10);
/// First host id of environments under root: in the range that systemd leaves to containers, far
/// from people and services.
const RANGE_BASE: u32 = 0x6800_0000;
/// Ids that exist inside, as container engines give them.
const RANGE_LENGTH: u32 = 65_536;

/// Ids of the host that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IdRange {
    first: u32,
    count: u32,
}

/// How ids inside are mapped to ids of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mapping {
    /// Root: its own range.
    Range,
    /// Root, where mounts cannot map ids.
    Identity,
    /// A user with subordinate ids, of users and groups.
    Subordinate { users: IdRange, groups: IdRange },
    /// A user alone.
    Single,
}

impl Mapping {
    /// Writes the maps of a process that is in a new user namespace.
    pub(crate) fn write(&self, pid: u32) -> Result<(), ContainerError> {
        let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
        let write = |file: &str, text: &str| {
            let path = format!("/proc/{pid}/{file}");
            fs::write(&path, text)
                .map_err(|error| ContainerError::failed(format!("write `{path}`"), error))
        };
        match self {
            Self::Range => {
                let map = format!("0 {RANGE_BASE} {RANGE_LENGTH}");
                write("uid_map", &map)?;
                write("gid_map", &map)
            }
            Self::Identity => {
                // Root of a namespace itself may map only what is mapped to it.
                write("uid_map", &identity("/proc/self/uid_map"))?;
                write("gid_map", &identity("/proc/self/gid_map"))
            }
            Self::Subordinate { users, groups } => {
                map_with("newuidmap", pid, uid, *users)?;
                map_with("newgidmap", pid, gid, *groups)
            }
            Self::Single => {
                write("uid_map", &format!("0 {uid} 1"))?;
                write("setgroups", "deny")?;
                write("gid_map", &format!("0 {gid} 1"))
            }
        }
    }

    /// The host's id of the inner root, where it differs from this process's own.
    pub(crate) fn inner_root(&self) -> Option<u32> {
        match self {
            Self::Range => Some(RANGE_BASE),
            Self::Identity => Some(0),
            Self::Subordinate { .. } | Self::Single => None,
        }
    }

    /// The ids inside differ from the host's, so a process that becomes another user inside gains
    /// nothing outside.
    pub(crate) fn setuid_stays_inside(&self) -> bool {
        matches!(self, Self::Range | Self::Subordinate { .. })
    }

    /// Which users and groups exist inside.
    pub(crate) fn inner_ids(&self) -> InnerIds {
        match self {
            Self::Range | Self::Identity | Self::Subordinate { .. } => InnerIds::Many,
            Self::Single => InnerIds::Single,
        }
    }

    /// Files of environments and layers have owners that only a namespace can name.
    pub(crate) fn needs_namespace_for_files(&self) -> bool {
        matches!(self, Self::Subordinate { .. })
    }
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
fn map_with(program: &str, pid: u32, own: u32, range: IdRange) -> Result<(), ContainerError> {
    let words = [pid, 0, own, 1, 1, range.first, range.count].map(|word| word.to_string());
    let ended = programs::run_within(Command::new(program).args(words), "", MAP_TIMEOUT)
        .map_err(|error| ContainerError::failed(format!("run `{program}`"), error))?;
    if ended.status.success() {
        return Ok(());
    }
    Err(ContainerError::host(format!("`{program}` failed: {}", ended.output)))
}

/// The subordinate ids of this user; without them, what environments lack.
pub(super) fn subordinate_ids() -> Result<Mapping, Limitation> {
    let lacking = |cause: String| Limitation::new(LimitationKind::SingleUser, cause);
    for program in ["newuidmap", "newgidmap"] {
        let found = std::env::var_os("PATH").is_some_and(|path| {
            std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
        });
        if !found {
            return Err(lacking(format!("`{program}` is not installed"))
                .with_remedy("install the package `uidmap`"));
        }
    }
    let uid = geteuid();
    let name = nix::unistd::User::from_uid(uid).ok().flatten().map(|user| user.name);
    let range = |file: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        parse_subordinate(&text, name.as_deref(), uid.as_raw()).ok_or_else(|| {
            lacking(format!("`{file}` has no range of {RANGE_LENGTH} ids for this user"))
                .with_remedy("add one with `usermod --add-subuids` and `--add-subgids`")
        })
    };
    Ok(Mapping::Subordinate { users: range("/etc/subuid")?, groups: range("/etc/subgid")? })
}

/// A user's first range that is large enough.
fn parse_subordinate(text: &str, name: Option<&str>, uid: u32) -> Option<IdRange> {
    text.lines().find_map(|line| {
        let mut fields = line.trim().split(':');
        let owner = fields.next()?;
        let (first, count) = (fields.next()?.parse().ok()?, fields.next()?.parse::<u32>().ok()?);
        let mine = Some(owner) == name || owner.parse() == Ok(uid);
        // 0 is the user, so one less than the whole is enough.
        let range = IdRange { first, count: count.min(RANGE_LENGTH - 1) };
        (mine && count >= RANGE_LENGTH - 1).then_some(range)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_subordinate_ids_is_found_by_name_or_number() {
        let text = "other:100000:65536\nme:165536:65536\n1007:300000:70000\nsmall:1:100\n";
        let range = |first| Some(IdRange { first, count: 65_535 });
        assert_eq!(parse_subordinate(text, Some("me"), 1), range(165_536));
        assert_eq!(parse_subordinate(text, None, 1007), range(300_000));
        assert_eq!(parse_subordinate(text, Some("small"), 1), None);
    }
}
