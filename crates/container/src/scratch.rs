//! Where the writes of an environment go, and how much it may write.
//!
//! | wanted | host | place |
//! | --- | --- | --- |
//! | no quota | any | a directory on the host's disk |
//! | a quota that fits into half of the memory | kernel with `user.*` attributes on tmpfs | tmpfs of that size |
//! | a larger quota | root with `mkfs.ext4` and loop devices | a file system of that size |
//! | a larger quota | any other | a directory, with a limitation that says so |

use std::{
    fs::{self, File},
    io::{self, Write},
    os::fd::OwnedFd,
    os::unix::fs::{FileExt, chown},
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
    time::Duration,
};

use nix::unistd::{Whence, lseek64};

use crate::{
    error::{ContainerError, ErrorKind, is_storage_full},
    limitation::{Limitation, LimitationKind},
    programs, sys,
    wire::Upper,
};

/// Piece in which a file system's template is copied.
const PIECE: usize = 1024 * 1024;

/// How long an empty file system may take to make: seconds on a slow disk. All environments that need one wait.
const FORMAT_TIMEOUT: Duration = Duration::from_mins(1);

/// Only one template is made at a time.
static TEMPLATES: Mutex<()> = Mutex::new(());

/// What the place for writes has to be.
#[derive(Debug)]
pub(crate) struct ScratchSpec<'a> {
    /// A free path for a directory or an image file.
    pub(crate) path: &'a Path,
    /// Where templates of file systems are kept.
    pub(crate) templates: &'a Path,
    pub(crate) quota_bytes: Option<u64>,
    /// What tmpfs may take at most.
    pub(crate) memory_bytes: u64,
    /// The kernel can keep overlay's marks on tmpfs.
    pub(crate) memory_upper: bool,
    /// The host id of the inner root; `None` if that is this process's own user.
    pub(crate) owner: Option<u32>,
}

/// A place for writes.
#[derive(Debug)]
pub(crate) struct Scratch {
    pub(crate) upper: Upper,
    /// To be removed when the environment is gone.
    pub(crate) path: Option<PathBuf>,
    /// The block device, kept open until it is mounted.
    pub(crate) device: Option<OwnedFd>,
    pub(crate) limitation: Option<Limitation>,
}

/// Makes a place for writes.
pub(crate) fn make(spec: &ScratchSpec<'_>) -> Result<Scratch, ContainerError> {
    let Some(bytes) = spec.quota_bytes else {
        return directory(spec, None);
    };
    if spec.memory_upper && bytes <= spec.memory_bytes / 2 {
        let upper = Upper::Memory { bytes: Some(bytes) };
        return Ok(Scratch { upper, path: None, device: None, limitation: None });
    }
    match device(spec, bytes) {
        Ok(scratch) => Ok(scratch),
        Err(error) if is_storage_full(&error) => Err(no_place(spec.path, error)),
        Err(error) => {
            let limitation = Limitation::new(LimitationKind::DiskLimit, error.to_string());
            directory(spec, Some(limitation))
        }
    }
}

fn no_place(path: &Path, error: io::Error) -> ContainerError {
    if is_storage_full(&error) {
        let message = format!(
            "failed to create scratch space at `{}`: {error}; free some space on that disk",
            path.display()
        );
        return ContainerError::new(ErrorKind::StorageFull, message);
    }
    ContainerError::failed(format!("create scratch space at `{}`", path.display()), error)
}

fn directory(
    spec: &ScratchSpec<'_>,
    limitation: Option<Limitation>,
) -> Result<Scratch, ContainerError> {
    let path = spec.path;
    let made = fs::create_dir(path)
        .and_then(|()| spec.owner.map_or(Ok(()), |id| chown(path, Some(id), Some(id))));
    made.map_err(|error| no_place(path, error))?;
    let upper = Upper::Directory(path.to_owned());
    Ok(Scratch { upper, path: Some(path.to_owned()), device: None, limitation })
}

/// A file system in a sparse file, for one environment.
fn device(spec: &ScratchSpec<'_>, bytes: u64) -> io::Result<Scratch> {
    let Some(owner) = spec.owner else {
        return Err(io::Error::other(
            "only root can mount a file system of its own size for each environment",
        ));
    };
    let template = template(spec.templates, bytes)?;
    let made = copy_sparse(&template, spec.path).and_then(sys::attach_loop);
    let (device, node) = match made {
        Ok(made) => made,
        Err(error) => {
            let _absent = fs::remove_file(spec.path);
            return Err(error);
        }
    };
    let upper = Upper::Device { device: PathBuf::from(node), owner };
    Ok(Scratch { upper, path: Some(spec.path.to_owned()), device: Some(device), limitation: None })
}

/// Finds or makes an empty file system of a size.
fn template(templates: &Path, bytes: u64) -> io::Result<PathBuf> {
    let path = templates.join(format!("ext4-{bytes}.img"));
    let _one_at_a_time = TEMPLATES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if path.exists() {
        return Ok(path);
    }
    fs::create_dir_all(templates)?;
    let unfinished = tempfile::Builder::new().prefix("new-").tempfile_in(templates)?;
    unfinished.as_file().set_len(bytes)?;
    // Few and contiguous: what the template holds is copied for each environment. No journal, for
    // nothing of it survives; one copy of the super block; tables next to each other; an inode for
    // each 64 KiB, which is 800,000 files in 50 GB.
    let features = ["-q", "-F", "-m", "0", "-O", "^has_journal,^resize_inode,sparse_super2"];
    let layout = ["-G", "4096", "-i", "65536"];
    let extended = ["-E", "lazy_itable_init=1,nodiscard,root_owner=0:0"];
    let mut command = Command::new("mkfs.ext4");
    command
        .args(features)
        .args(layout)
        .args(extended)
        .arg(unfinished.path())
        .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin");
    let ended = programs::run_within(&mut command, "", FORMAT_TIMEOUT).map_err(|error| {
        io::Error::new(error.kind(), format!("failed to run `mkfs.ext4`: {error}"))
    })?;
    if !ended.status.success() {
        return Err(io::Error::other(format!("`mkfs.ext4` failed: {}", ended.output)));
    }
    unfinished.persist(&path).map_err(|error| error.error)?;
    Ok(path)
}

/// Copies a file with its holes, so that only what is written takes space.
fn copy_sparse(from: &Path, to: &Path) -> io::Result<File> {
    let source = File::open(from)?;
    let length = source.metadata()?.len();
    let copy = File::options().read(true).write(true).create_new(true).open(to)?;
    copy.set_len(length)?;
    let mut piece = vec![0; PIECE];
    let mut offset = 0;
    while let Some(start) = seek(&source, offset, Whence::SeekData)? {
        let end = seek(&source, start, Whence::SeekHole)?.unwrap_or(length);
        let mut at = start;
        while at < end {
            let rest = usize::try_from(end - at).unwrap_or(PIECE).min(PIECE);
            let Some(part) = piece.get_mut(..rest) else { break };
            source.read_exact_at(part, at)?;
            copy.write_all_at(part, at)?;
            at += u64::try_from(rest).unwrap_or_default();
        }
        offset = end;
    }
    (&copy).flush()?;
    Ok(copy)
}

/// The next data or hole; `None` past the last.
fn seek(file: &File, offset: u64, whence: Whence) -> io::Result<Option<u64>> {
    let offset = i64::try_from(offset).map_err(io::Error::other)?;
    match lseek64(file, offset, whence) {
        Ok(found) => Ok(Some(u64::try_from(found).map_err(io::Error::other)?)),
        Err(nix::errno::Errno::ENXIO) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
