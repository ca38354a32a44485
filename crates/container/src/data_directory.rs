//! The runtime's directory, as this process uses it.
//!
//! ```text
//! layers/     unpacked layers, shared by all runtimes on the directory
//! templates/  empty file systems to copy, shared
//! stash/      an empty directory to mount on, in private namespaces
//! owners/<id> this process's part (see `owner`)
//! ```

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use crate::{
    cgroup::Cgroups,
    error::ContainerError,
    host::Host,
    owner::{self, Owner},
};

/// The directory, the part of it that this process owns, and the host that can remove files in it.
///
/// Everything that has files there holds it: the part is removed when the last holder is gone.
#[derive(Debug)]
pub(crate) struct DataDirectory {
    pub(crate) host: Host,
    path: PathBuf,
    owner: Owner,
}

impl DataDirectory {
    /// Opens the directory and sweeps what killed processes have left in it.
    pub(crate) fn open(
        path: &Path,
        helper_program: Option<PathBuf>,
        cgroups: &Cgroups,
    ) -> Result<Self, ContainerError> {
        for part in ["layers", "owners", "stash", "templates"] {
            let part = path.join(part);
            fs::create_dir_all(&part).map_err(|error| {
                ContainerError::failed(format!("create `{}`", part.display()), error)
            })?;
        }
        // Layers and scratch hold files that others have made setuid root: no other user of the
        // host may reach them.
        for part in ["layers", "owners"] {
            let part = path.join(part);
            fs::set_permissions(&part, fs::Permissions::from_mode(0o700)).map_err(|error| {
                ContainerError::failed(format!("close `{}` to others", part.display()), error)
            })?;
        }
        let path = path
            .canonicalize()
            .map_err(|error| ContainerError::failed("find the runtime's directory", error))?;
        let host = Host::probe(helper_program, &path);
        owner::sweep(&path, &|leftovers| host.remove(leftovers));
        let owner = Owner::open(&path, cgroups.bases())?;
        Ok(Self { host, path, owner })
    }

    /// Where unpacked layers are kept, each under its digest.
    pub(crate) fn layers(&self) -> PathBuf {
        self.path.join("layers")
    }

    /// Where empty file systems are kept.
    pub(crate) fn templates(&self) -> PathBuf {
        self.path.join("templates")
    }

    /// An empty directory to mount on.
    pub(crate) fn stash(&self) -> PathBuf {
        self.path.join("stash")
    }

    /// A place for the writes of one environment.
    pub(crate) fn scratch(&self, number: u64) -> PathBuf {
        self.owner.directory.join("scratch").join(number.to_string())
    }

    /// A place for one layer that is being unpacked.
    pub(crate) fn unpack(&self, number: u64) -> PathBuf {
        self.owner.directory.join("unpack").join(number.to_string())
    }

    /// What environments see of the host's `/etc`, and what they must not see.
    pub(crate) fn host_files(&self) -> PathBuf {
        self.owner.directory.join("host")
    }

    /// The prefix of the names of all cgroups of this process.
    pub(crate) fn cgroup_prefix(&self) -> String {
        self.owner.prefix()
    }

    /// Removes trees below the directory, whatever user owns their files.
    pub(crate) fn remove(&self, trees: Vec<PathBuf>) {
        self.host.remove(trees);
    }
}
