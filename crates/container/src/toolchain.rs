//! The host's toolchain as a root file system, without the host's secrets.
//!
//! `/usr` and `/opt` (and `/bin`, `/lib*`, where they are not links) are shown as they are, read-only
//! below a throw-away overlay. `/etc` is a copy of what every user of the host may read. In the parts
//! that administrators fill (`/opt`, `/usr/local`) whatever is not readable for every user is hidden:
//! the root of an environment owns what the host's root owns, so modes alone would not protect it.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use crate::{
    error::ContainerError,
    overlay::white_out,
    wire::{HostPlan, HostTree},
};

/// Directories of the host's root that make a toolchain.
const TREES: [&str; 9] = ["usr", "opt", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "nix"];
/// Parts of `/etc` that are never shown, whatever their mode: keys, accounts of services, and what
/// an environment has its own of.
const HIDDEN_IN_ETC: [&str; 12] = [
    "gshadow",
    "gshadow-",
    "hostname",
    "hosts",
    "krb5.keytab",
    "mtab",
    "resolv.conf",
    "roundel",
    "shadow",
    "shadow-",
    "ssl/private",
    "sudoers.d",
];
/// A file of `/etc` larger than this is not configuration.
const FILE_BYTES: u64 = 16 * 1024 * 1024;
/// Entries of a tree that are searched for secrets.
const MAX_ENTRIES: usize = 500_000;
const ALL_READ: u32 = 0o004;
const ALL_ENTER: u32 = 0o005;

/// Prepares the toolchain in a directory of this process's.
pub(crate) fn prepare(directory: &Path) -> Result<HostPlan, ContainerError> {
    let tried = |error: io::Error| ContainerError::failed("prepare the host's toolchain", error);
    let mut plan = HostPlan::default();
    for name in TREES {
        let source = Path::new("/").join(name);
        let Ok(found) = fs::symlink_metadata(&source) else { continue };
        if found.is_symlink() {
            plan.links.push((name.to_owned(), fs::read_link(&source).map_err(tried)?));
        } else if found.is_dir() {
            let mask = mask(name, &source, directory).map_err(tried)?;
            plan.trees.push(HostTree { name: name.to_owned(), source, mask });
        }
    }
    let etc = directory.join("etc");
    copy_public(Path::new("/etc"), Path::new(""), &etc).map_err(tried)?;
    plan.trees.push(HostTree { name: "etc".to_owned(), source: etc, mask: None });
    Ok(plan)
}

/// Copies what every user may read, with its modes and links. Owners become root.
fn copy_public(from: &Path, relative: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    fs::set_permissions(to, fs::Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(from)? {
        let Ok(entry) = entry else { continue };
        let relative = relative.join(entry.file_name());
        if is_secret(&relative) {
            continue;
        }
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        // What vanishes while it is copied was not part of a toolchain.
        let Ok(found) = fs::symlink_metadata(&source) else { continue };
        if found.is_symlink() {
            if let Ok(link) = fs::read_link(&source) {
                symlink(link, target)?;
            }
        } else if found.is_dir() && found.mode() & ALL_ENTER == ALL_ENTER {
            copy_public(&source, &relative, &target)?;
        } else if found.is_file() && found.mode() & ALL_READ != 0 && found.len() <= FILE_BYTES {
            copy_file(&source, &target, found.mode() & 0o755)?;
        }
    }
    Ok(())
}

fn copy_file(source: &Path, target: &Path, mode: u32) -> io::Result<()> {
    let Ok(bytes) = fs::read(source) else { return Ok(()) };
    fs::write(target, bytes)?;
    fs::set_permissions(target, fs::Permissions::from_mode(mode))
}

fn is_secret(relative: &Path) -> bool {
    let name = relative.file_name().unwrap_or_default().to_string_lossy();
    let host_key = name.starts_with("ssh_host_") && !name.ends_with(".pub");
    host_key || HIDDEN_IN_ETC.iter().any(|hidden| relative == Path::new(hidden))
}

/// Makes a layer of whiteouts for what must not be seen of a tree; `None` if there is nothing.
fn mask(name: &str, source: &Path, directory: &Path) -> io::Result<Option<PathBuf>> {
    let watched = match name {
        "opt" => source.to_owned(),
        "usr" => source.join("local"),
        _ => return Ok(None),
    };
    let mut hidden = Vec::new();
    let mut budget = MAX_ENTRIES;
    find_hidden(&watched, &mut hidden, &mut budget);
    if hidden.is_empty() {
        return Ok(None);
    }
    let mask = directory.join(format!("mask-{name}"));
    copy_mode(source, &mask)?;
    for path in hidden {
        let Ok(relative) = path.strip_prefix(source) else { continue };
        let mut walked = PathBuf::new();
        for part in relative.parent().into_iter().flat_map(Path::components) {
            walked.push(part);
            copy_mode(&source.join(&walked), &mask.join(&walked))?;
        }
        white_out(&mask.join(relative))?;
    }
    Ok(Some(mask))
}

/// Makes a directory that looks like another one, because overlay shows the uppermost.
fn copy_mode(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    let mode = fs::metadata(from)?.mode() & 0o7777;
    fs::set_permissions(to, fs::Permissions::from_mode(mode))
}

/// Finds what not every user may read. A tree that is too large is hidden from where the search ended.
fn find_hidden(directory: &Path, hidden: &mut Vec<PathBuf>, budget: &mut usize) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let Ok(found) = entry.metadata() else { continue };
        *budget = budget.saturating_sub(1);
        let needed = if found.is_dir() { ALL_ENTER } else { ALL_READ };
        let public = found.is_symlink() || found.mode() & needed == needed;
        if !public || *budget == 0 {
            hidden.push(entry.path());
        } else if found.is_dir() {
            find_hidden(&entry.path(), hidden, budget);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_every_user_may_read_is_copied() {
        let scratch = tempfile::tempdir().unwrap();
        let (from, to) = (scratch.path().join("etc"), scratch.path().join("copy"));
        fs::create_dir_all(from.join("ssl/private")).unwrap();
        fs::create_dir_all(from.join("ssh")).unwrap();
        for (name, mode) in [
            ("passwd", 0o644),
            ("shadow", 0o644),
            ("secret", 0o640),
            ("ssh/ssh_config", 0o644),
            ("ssh/ssh_host_rsa_key", 0o644),
            ("ssl/private/key.pem", 0o644),
        ] {
            let path = from.join(name);
            fs::write(&path, name).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        symlink("passwd", from.join("link")).unwrap();
        copy_public(&from, Path::new(""), &to).unwrap();
        for (name, shown) in [
            ("passwd", true),
            ("link", true),
            ("ssh/ssh_config", true),
            ("shadow", false),
            ("secret", false),
            ("ssh/ssh_host_rsa_key", false),
            ("ssl/private", false),
        ] {
            assert_eq!(to.join(name).symlink_metadata().is_ok(), shown, "{name}");
        }
    }

    #[test]
    fn private_parts_of_a_tree_are_found_at_any_depth() {
        let scratch = tempfile::tempdir().unwrap();
        let tree = scratch.path().join("opt");
        fs::create_dir_all(tree.join("app/deep")).unwrap();
        fs::create_dir_all(tree.join("closed")).unwrap();
        fs::write(tree.join("app/deep/token"), "secret").unwrap();
        fs::write(tree.join("app/deep/readme"), "hello").unwrap();
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(tree.join("app/deep/token"), private).unwrap();
        fs::set_permissions(tree.join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
        let mut hidden = Vec::new();
        find_hidden(&tree, &mut hidden, &mut 100);
        hidden.sort();
        assert_eq!(hidden, [tree.join("app/deep/token"), tree.join("closed")]);
    }
}
