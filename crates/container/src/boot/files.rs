//! Files inside, for the host side. Done by PID 1, so that every link resolves inside.
//!
//! Whatever the path names may be hostile: a pipe would block PID 1 for ever, so everything is
//! opened without blocking and only regular files are read or written.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::fd::OwnedFd,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, fchown, lchown},
    path::{Component, Path, PathBuf},
};

use super::agent::Outcome;
use crate::wire::{Answer, Blueprint, Fault, FileHead, memory_file, read_memory_file};

/// One file of the host side may be this large.
const FILE_BYTES: u64 = 512 * 1024 * 1024;

/// Whom a file shall belong to.
#[derive(Clone, Copy)]
pub(super) struct Owner {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

/// Writes the environment's own files and those of the blueprint, before anything runs.
pub(super) fn place(blueprint: &Blueprint, bytes: Option<OwnedFd>) -> Result<(), Fault> {
    let root = Owner { uid: 0, gid: 0 };
    let single = blueprint.single_id;
    make_dir(Path::new("/tmp"), root, 0o1777, single)?;
    for (path, text) in [
        ("/etc/hostname", format!("{}\n", blueprint.hostname)),
        ("/etc/hosts", blueprint.hosts.clone()),
        ("/etc/resolv.conf", blueprint.resolv.clone()),
    ] {
        replace(Path::new(path), text.as_bytes())?;
    }
    let Some(bytes) = bytes else { return Ok(()) };
    let bytes = read_memory_file(bytes, u64::MAX)
        .map_err(|error| Fault::host("read the environment's files", error))?;
    let mut rest = bytes.as_slice();
    for head in &blueprint.files {
        let length = usize::try_from(head.bytes).unwrap_or(usize::MAX);
        let Some((own, others)) = rest.split_at_checked(length) else {
            return Err(Fault::host("place files", "their bytes are missing"));
        };
        rest = others;
        if let Some(parent) = head.path.parent() {
            make_dir(parent, root, 0o755, single)?;
        }
        write_bytes(head, own, single)?;
    }
    Ok(())
}

/// Writes a file of the system anew, even if the image has a link in its place.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let tried = |error| Fault::host(format!("write `{}`", path.display()), error);
    if let Some(parent) = path.parent() {
        make_dir(parent, Owner { uid: 0, gid: 0 }, 0o755, true)?;
    }
    if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        fs::remove_file(path).map_err(tried)?;
    }
    fs::write(path, bytes).map_err(tried)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).map_err(tried)
}

/// Makes a directory and its parents; those that it makes get the owner, those that exist stay.
pub(super) fn make_dir(path: &Path, owner: Owner, mode: u32, single_id: bool) -> Result<(), Fault> {
    let wrong = |error: io::Error| {
        Fault::request(format!("failed to make the directory `{}`: {error}", path.display()))
    };
    let mut walked = PathBuf::from("/");
    let names: Vec<_> = path.components().filter(|part| !is_root(*part)).collect();
    for (index, part) in names.iter().enumerate() {
        walked.push(part);
        if fs::metadata(&walked).is_ok_and(|found| found.is_dir()) {
            continue;
        }
        let last = index + 1 == names.len();
        let mode = if last { mode } else { 0o755 };
        fs::DirBuilder::new().mode(mode).create(&walked).map_err(wrong)?;
        // The mode again, because the umask has taken its share.
        fs::set_permissions(&walked, fs::Permissions::from_mode(mode)).map_err(wrong)?;
        if !single_id {
            lchown(&walked, Some(owner.uid), Some(owner.gid)).map_err(wrong)?;
        }
    }
    Ok(())
}

fn is_root(part: Component<'_>) -> bool {
    matches!(part, Component::RootDir | Component::CurDir | Component::Prefix(_))
}

/// Writes a file whose bytes came in a memory file.
pub(super) fn write(head: &FileHead, fds: Vec<OwnedFd>, single_id: bool) -> Result<(), Fault> {
    let bytes = fds.into_iter().next().ok_or_else(|| Fault::request("no bytes were attached"))?;
    let bytes = read_memory_file(bytes, FILE_BYTES)
        .map_err(|error| Fault::host("read the file's bytes", error))?;
    write_bytes(head, &bytes, single_id)
}

fn write_bytes(head: &FileHead, bytes: &[u8], single_id: bool) -> Result<(), Fault> {
    let wrong = |error: io::Error| {
        let message = format!("failed to write `{}`: {error}", head.path.display());
        Fault { request: error.kind() != io::ErrorKind::StorageFull, message }
    };
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(head.mode)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(&head.path)
        .map_err(wrong)?;
    if !file.metadata().map_err(wrong)?.is_file() {
        return Err(Fault::request(format!("`{}` is not a regular file", head.path.display())));
    }
    file.write_all(bytes).map_err(wrong)?;
    if !single_id {
        fchown(&file, Some(head.uid), Some(head.gid)).map_err(wrong)?;
    }
    // After the owner, because a change of owner takes the setuid bits away.
    file.set_permissions(fs::Permissions::from_mode(head.mode)).map_err(wrong)
}

/// Reads a file of at most so many bytes.
pub(super) fn read(path: &Path, max_bytes: u64) -> Outcome {
    let wrong =
        |error: io::Error| Fault::request(format!("failed to read `{}`: {error}", path.display()));
    let file =
        OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path);
    let file: File = match file {
        Ok(file) => file,
        Err(error) if is_absent(&error) => {
            return Ok((Answer::Read { bytes: None }, Vec::new()));
        }
        Err(error) => return Err(wrong(error)),
    };
    if !file.metadata().map_err(wrong)?.is_file() {
        return Err(Fault::request(format!("`{}` is not a regular file", path.display())));
    }
    let mut bytes = Vec::new();
    file.take(max_bytes.min(FILE_BYTES).saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(wrong)?;
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if length > max_bytes {
        return Err(Fault::request(format!(
            "`{}` is larger than {max_bytes} bytes",
            path.display()
        )));
    }
    let file = memory_file(&bytes).map_err(wrong)?;
    Ok((Answer::Read { bytes: Some(length) }, vec![file]))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Tells whether a path exists.
pub(super) fn exists(path: &Path) -> Outcome {
    match fs::metadata(path) {
        Ok(_) => Ok((Answer::Exists(true), Vec::new())),
        Err(error) if is_absent(&error) => Ok((Answer::Exists(false), Vec::new())),
        Err(error) => {
            Err(Fault::request(format!("failed to look at `{}`: {error}", path.display())))
        }
    }
}
