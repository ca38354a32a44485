//! Files inside, for the host side. Done by PID 1, so that every link resolves inside.
//!
//! Whatever the path names may be hostile: a pipe would block PID 1 forever, so everything is
//! opened without blocking and only regular files are read or written.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    net::Ipv4Addr,
    os::fd::OwnedFd,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, fchown, lchown},
    path::{Component, Path, PathBuf},
};

use crate::{
    error::ContainerError,
    link::{memory_file, read_memory_file},
    resolver,
    spec::FileAttributes,
    wire::{Blueprint, FileHeader, InnerIds, Reply, Response},
};

/// One file of the host side may be this large.
const FILE_BYTES: u64 = 512 * 1024 * 1024;

/// Writes the environment's own files and those of the blueprint, before anything runs.
pub(super) fn place(
    blueprint: &Blueprint,
    name_server: Option<Ipv4Addr>,
    bytes: Option<OwnedFd>,
) -> Result<(), ContainerError> {
    let ids = blueprint.ids;
    let resolv = match name_server {
        Some(server) => resolver::with_server(&blueprint.resolv, server),
        None => blueprint.resolv.clone(),
    };
    make_dir(Path::new("/tmp"), FileAttributes::root(0o1777), ids)?;
    for (path, text) in [
        ("/etc/hostname", format!("{}\n", blueprint.hostname)),
        ("/etc/hosts", blueprint.hosts.clone()),
        ("/etc/resolv.conf", resolv),
    ] {
        replace(Path::new(path), text.as_bytes())?;
    }
    let Some(bytes) = bytes else { return Ok(()) };
    let bytes = read_memory_file(bytes, u64::MAX)
        .map_err(|error| ContainerError::failed("read the environment's files", error))?;
    let mut rest = bytes.as_slice();
    for header in &blueprint.files {
        let length = usize::try_from(header.bytes).unwrap_or(usize::MAX);
        let Some((own, others)) = rest.split_at_checked(length) else {
            return Err(ContainerError::host("the bytes of the environment's files are missing"));
        };
        rest = others;
        if let Some(parent) = header.path.parent() {
            make_dir(parent, FileAttributes::root(0o755), ids)?;
        }
        write_bytes(header, own, ids)?;
    }
    Ok(())
}

/// Replaces a file of the system, even if the image has a link in its place.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), ContainerError> {
    let tried = |error| ContainerError::failed(format!("write `{}`", path.display()), error);
    if let Some(parent) = path.parent() {
        make_dir(parent, FileAttributes::root(0o755), InnerIds::Single)?;
    }
    if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        fs::remove_file(path).map_err(tried)?;
    }
    fs::write(path, bytes).map_err(tried)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).map_err(tried)
}

/// Makes a directory and its parents; those that it makes get the owner, those that exist stay.
pub(super) fn make_dir(
    path: &Path,
    attributes: FileAttributes,
    ids: InnerIds,
) -> Result<(), ContainerError> {
    let tried = |error: io::Error| {
        ContainerError::request_failed(format!("make the directory `{}`", path.display()), error)
    };
    let mut walked = PathBuf::from("/");
    let names: Vec<_> = path.components().filter(|part| !is_root(*part)).collect();
    for (index, part) in names.iter().enumerate() {
        walked.push(part);
        if fs::metadata(&walked).is_ok_and(|found| found.is_dir()) {
            continue;
        }
        let last = index + 1 == names.len();
        let mode = if last { attributes.mode } else { 0o755 };
        fs::DirBuilder::new().mode(mode).create(&walked).map_err(tried)?;
        // The mode again, because the umask has masked it.
        fs::set_permissions(&walked, fs::Permissions::from_mode(mode)).map_err(tried)?;
        if ids == InnerIds::Many {
            lchown(&walked, Some(attributes.uid), Some(attributes.gid)).map_err(tried)?;
        }
    }
    Ok(())
}

fn is_root(part: Component<'_>) -> bool {
    matches!(part, Component::RootDir | Component::CurDir | Component::Prefix(_))
}

/// Writes a file whose bytes came in a memory file.
pub(super) fn write(
    header: &FileHeader,
    fds: Vec<OwnedFd>,
    ids: InnerIds,
) -> Result<(), ContainerError> {
    let bytes = fds
        .into_iter()
        .next()
        .ok_or_else(|| ContainerError::invalid("the bytes of the file are missing"))?;
    let bytes = read_memory_file(bytes, FILE_BYTES)
        .map_err(|error| ContainerError::failed("read the file's bytes", error))?;
    write_bytes(header, &bytes, ids)
}

fn write_bytes(header: &FileHeader, bytes: &[u8], ids: InnerIds) -> Result<(), ContainerError> {
    let FileHeader { path, attributes, .. } = header;
    let tried = |error: io::Error| {
        ContainerError::request_failed(format!("write `{}`", path.display()), error)
    };
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(attributes.mode)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)
        .map_err(tried)?;
    if !file.metadata().map_err(tried)?.is_file() {
        return Err(not_regular(path));
    }
    file.write_all(bytes).map_err(tried)?;
    if ids == InnerIds::Many {
        fchown(&file, Some(attributes.uid), Some(attributes.gid)).map_err(tried)?;
    }
    // After the owner, because a change of owner takes the setuid bits away.
    file.set_permissions(fs::Permissions::from_mode(attributes.mode)).map_err(tried)
}

fn not_regular(path: &Path) -> ContainerError {
    ContainerError::invalid(format!("`{}` is not a regular file", path.display()))
}

/// Reads a file of at most so many bytes.
pub(super) fn read(path: &Path, max_bytes: u64) -> Reply {
    let tried = |error: io::Error| {
        ContainerError::request_failed(format!("read `{}`", path.display()), error)
    };
    let file =
        OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path);
    let file: File = match file {
        Ok(file) => file,
        Err(error) if is_absent(&error) => {
            return Ok((Response::Read { bytes: None }, Vec::new()));
        }
        Err(error) => return Err(tried(error)),
    };
    if !file.metadata().map_err(tried)?.is_file() {
        return Err(not_regular(path));
    }
    let mut bytes = Vec::new();
    file.take(max_bytes.min(FILE_BYTES).saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(tried)?;
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if length > max_bytes {
        return Err(ContainerError::invalid(format!(
            "`{}` is larger than {max_bytes} bytes",
            path.display()
        )));
    }
    let file = memory_file(&bytes).map_err(tried)?;
    Ok((Response::Read { bytes: Some(length) }, vec![file]))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Reports whether a path exists.
pub(super) fn exists(path: &Path) -> Reply {
    match fs::metadata(path) {
        Ok(_) => Ok((Response::Exists(true), Vec::new())),
        Err(error) if is_absent(&error) => Ok((Response::Exists(false), Vec::new())),
        Err(error) => {
            Err(ContainerError::request_failed(format!("look up `{}`", path.display()), error))
        }
    }
}
