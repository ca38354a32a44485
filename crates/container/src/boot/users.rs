//! The user database inside: `/etc/passwd` and `/etc/group`.
//!
//! Read by PID 1, so links resolve inside. No name service is asked: an image's `USER` is a name in
//! these files, or a number.

use std::{fs::File, io::Read, path::PathBuf};

use crate::{error::ContainerError, spec, wire::InnerIds};

/// A database may be this large; what lies beyond is not read.
const DATABASE_BYTES: u64 = 4 * 1024 * 1024;

/// A user that a process can become.
#[derive(Debug)]
pub(super) struct User {
    pub(super) entry: spec::User,
    /// Supplementary groups; `None` where the kernel forbids to set any.
    pub(super) groups: Option<Vec<u32>>,
}

/// Finds a user: a name or a number, with or without a group.
///
/// Where only one id exists, every user is root, with the home that the name has.
pub(super) fn resolve(user: Option<&str>, ids: InnerIds) -> Result<User, ContainerError> {
    let found = find(user.unwrap_or("0"), &read("/etc/passwd"), &read("/etc/group"))?;
    if ids == InnerIds::Single {
        let entry = spec::User { uid: 0, gid: 0, ..found.entry };
        return Ok(User { entry, groups: None });
    }
    Ok(found)
}

fn read(path: &str) -> String {
    let mut text = Vec::new();
    // An image without a database has its numbers.
    if let Ok(file) = File::open(path) {
        let _partly = file.take(DATABASE_BYTES).read_to_end(&mut text);
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn find(requested: &str, passwd: &str, group: &str) -> Result<User, ContainerError> {
    let (user, requested_group) = match requested.split_once(':') {
        Some((user, group)) if !group.is_empty() => (user, Some(group)),
        Some((user, _)) => (user, None),
        None => (requested, None),
    };
    let user = if user.is_empty() { "0" } else { user };
    let number = user.parse::<u32>().ok();
    let known = passwd
        .lines()
        .filter_map(parse_user)
        .find(|entry| entry.name == user || Some(entry.uid) == number);
    let mut entry = match (known, number) {
        (Some(entry), _) => entry,
        (None, Some(uid)) => unnamed(uid),
        (None, None) => {
            return Err(ContainerError::not_found(format!(
                "user `{user}` is not in the environment's /etc/passwd"
            )));
        }
    };
    let mut groups = Vec::new();
    if let Some(requested) = requested_group {
        entry.gid = find_group(requested, group)?;
    } else {
        groups = memberships(&entry.name, group);
    }
    if !groups.contains(&entry.gid) {
        groups.insert(0, entry.gid);
    }
    Ok(User { entry, groups: Some(groups) })
}

/// A user that only has a number: root's group, as container engines do it.
fn unnamed(uid: u32) -> spec::User {
    let home = if uid == 0 { "/root" } else { "/" };
    let name = if uid == 0 { "root".to_owned() } else { uid.to_string() };
    spec::User { name, uid, gid: 0, home: PathBuf::from(home), shell: "/bin/sh".to_owned() }
}

fn parse_user(line: &str) -> Option<spec::User> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let uid = fields.nth(1)?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    let home = fields.nth(1)?;
    let shell = fields.next().unwrap_or_default();
    Some(spec::User {
        name,
        uid,
        gid,
        home: PathBuf::from(if home.is_empty() { "/" } else { home }),
        shell: if shell.is_empty() { "/bin/sh".to_owned() } else { shell.to_owned() },
    })
}

fn find_group(requested: &str, group: &str) -> Result<u32, ContainerError> {
    let known = group.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let gid = fields.nth(1)?;
        (name == requested).then(|| gid.parse::<u32>().ok())?
    });
    known.or_else(|| requested.parse().ok()).ok_or_else(|| {
        ContainerError::not_found(format!(
            "group `{requested}` is not in the environment's /etc/group"
        ))
    })
}

fn memberships(name: &str, group: &str) -> Vec<u32> {
    group
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let gid = fields.nth(2)?.parse().ok()?;
            fields.next()?.split(',').any(|member| member == name).then_some(gid)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n\
        broken line\n\
        circleci:x:3434:3434::/home/circleci:\n";
    const GROUP: &str = "root:x:0:\ncircleci:x:3434:\ndocker:x:999:someone,circleci\n";

    fn found(requested: &str) -> User {
        find(requested, PASSWD, GROUP).unwrap()
    }

    #[test]
    fn a_user_is_found_by_name_and_by_number() {
        for requested in ["circleci", "3434"] {
            let user = found(requested);
            assert_eq!((user.entry.uid, user.entry.gid), (3434, 3434));
            assert_eq!(user.entry.home, PathBuf::from("/home/circleci"));
            assert_eq!(user.entry.shell, "/bin/sh");
            assert_eq!(user.groups, Some(vec![3434, 999]));
        }
    }

    #[test]
    fn a_named_group_replaces_the_others() {
        let user = found("circleci:docker");
        assert_eq!((user.entry.gid, user.groups), (999, Some(vec![999])));
        assert_eq!(found("1000:7").entry.gid, 7);
    }

    #[test]
    fn a_number_without_a_line_is_still_a_user() {
        let user = found("1000");
        assert_eq!((user.entry.uid, user.entry.gid), (1000, 0));
        assert_eq!(user.entry.home, PathBuf::from("/"));
        assert_eq!(find("0", "", "").unwrap().entry.home, PathBuf::from("/root"));
    }

    #[test]
    fn an_unknown_name_is_not_found() {
        for (requested, missing) in [("nobody-here", "nobody-here"), ("root:nogroup", "nogroup")] {
            let error = find(requested, PASSWD, GROUP).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound);
            assert!(error.to_string().contains(missing), "{error}");
        }
    }
}
