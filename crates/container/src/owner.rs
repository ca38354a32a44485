//! Which process owns what in the runtime's directory, and how the files of dead owners are swept.
//!
//! ```text
//! owners/<id>/lock       locked as long as the owner lives, by the kernel
//! owners/<id>/cgroups    the directories in which it makes groups `roundel-<id>-…`
//! owners/<id>/scratch/   places for writes
//! owners/<id>/unpack/    layers that are being unpacked
//! owners/<id>/host/      what environments see of the host's /etc
//! ```
//!
//! A lock dies with its process, however that ended, so nothing here needs a pid or a clock.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use nix::fcntl::{Flock, FlockArg};

use crate::{cgroup, error::ContainerError};

/// Names of owners that are not complete yet begin with this.
const NEW: &str = "new-";

/// This process's part of the runtime's directory. Dropping it removes the part.
#[derive(Debug)]
pub(crate) struct Owner {
    id: String,
    pub(crate) directory: PathBuf,
    _lock: Flock<File>,
}

impl Owner {
    /// Takes a part of the directory.
    pub(crate) fn open<'a>(
        directory: &Path,
        bases: impl Iterator<Item = &'a Path>,
    ) -> Result<Self, ContainerError> {
        let tried = |error: io::Error| {
            ContainerError::failed(format!("use `{}`", directory.display()), error)
        };
        let id = random_id().map_err(tried)?;
        let owners = directory.join("owners");
        let unfinished = owners.join(format!("{NEW}{id}"));
        for part in ["scratch", "unpack", "host"] {
            fs::create_dir_all(unfinished.join(part)).map_err(tried)?;
        }
        let bases: Vec<_> = bases.map(|base| base.to_string_lossy()).collect();
        fs::write(unfinished.join("cgroups"), bases.join("\n")).map_err(tried)?;
        let lock = File::create(unfinished.join("lock")).map_err(tried)?;
        let lock = Flock::lock(lock, FlockArg::LockExclusiveNonblock)
            .map_err(|(_, error)| tried(error.into()))?;
        // Only a part that is complete and locked gets a name that is swept.
        let directory = owners.join(&id);
        fs::rename(&unfinished, &directory).map_err(tried)?;
        Ok(Self { id, directory, _lock: lock })
    }

    /// The prefix of all names that this owner gives to cgroups.
    pub(crate) fn prefix(&self) -> String {
        prefix(&self.id)
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // Files that other users have made undeletable are swept at the next opening.
        let _swept_later = fs::remove_dir_all(&self.directory);
    }
}

fn prefix(id: &str) -> String {
    format!("roundel-{id}-")
}

fn random_id() -> io::Result<String> {
    let mut bytes = [0; 8];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(hex::encode(bytes))
}

/// Removes what owners have left that are no longer alive. `remove` removes directories.
pub(crate) fn sweep(directory: &Path, remove: &dyn Fn(Vec<PathBuf>)) {
    let Ok(entries) = fs::read_dir(directory.join("owners")) else { return };
    for entry in entries.flatten() {
        let id = entry.file_name().to_string_lossy().into_owned();
        let Ok(lock) = File::open(entry.path().join("lock")) else {
            continue;
        };
        // An owner that holds its lock is alive.
        let Ok(_lock) = Flock::lock(lock, FlockArg::LockExclusiveNonblock) else { continue };
        if id.starts_with(NEW) {
            // It may be between making its lock and taking it; a moment later it is not.
            continue;
        }
        tracing::info!(owner = %id, "removing the files of a killed owner");
        let bases = fs::read_to_string(entry.path().join("cgroups")).unwrap_or_default();
        for base in bases.lines() {
            cgroup::sweep(Path::new(base), &prefix(&id));
        }
        remove(vec![entry.path()]);
    }
}
