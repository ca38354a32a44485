//! What this host can do: how ids are mapped, what the kernel stores where, how much memory it has.
//!
//! | who | ids inside | files of layers |
//! | --- | --- | --- |
//! | root | 0–65535 are a high range of the host, for every environment | stored with their own owners, mounted with mapped ids |
//! | root, where mounts cannot map ids | 0–… are the same on the host, without its capabilities | the same |
//! | a user with `newuidmap` and subordinate ids | 0 is the user, the others subordinate ids | unpacked inside such a namespace |
//! | any other user | 0 is the user, no other exists | all belong to the user |

mod ids;

use std::{
    fs, io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::{Path, PathBuf},
};

use nix::unistd::geteuid;

pub(crate) use ids::Mapping;

use crate::{
    error::ContainerError,
    helper::{Helper, unexpected_report},
    limitation::{Limitation, LimitationKind},
    remove::remove_tree,
    sys::{self, MountChange},
    wire::{Connection, HelperReport, HelperTask},
};

/// A host, as environments are made on it.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) mapping: Mapping,
    /// Namespace whose ids mounts map to; with [`Mapping::Range`] only.
    pub(crate) ids: Option<OwnedFd>,
    /// Overlay can keep its attributes on tmpfs.
    pub(crate) memory_upper: bool,
    pub(crate) memory_bytes: u64,
    helper_program: PathBuf,
    /// What environments lack because a better mapping was not possible.
    of_mapping: Option<Limitation>,
}

impl Host {
    /// Finds out what the host can do. `trial` is a directory on the file system of the layers.
    pub(crate) fn probe(helper_program: Option<PathBuf>, trial: &Path) -> Self {
        let mut host = Self {
            mapping: Mapping::Single,
            ids: None,
            memory_upper: kernel_version() >= (6, 6),
            memory_bytes: memory_bytes(),
            helper_program: helper_program.unwrap_or_else(|| PathBuf::from("/proc/self/exe")),
            of_mapping: None,
        };
        if geteuid().is_root() {
            host.probe_as_root(trial);
        } else {
            match ids::subordinate_ids() {
                Ok(mapping) => host.mapping = mapping,
                Err(limitation) => host.of_mapping = Some(limitation),
            }
        }
        host
    }

    fn probe_as_root(&mut self, trial: &Path) {
        self.mapping = Mapping::Range;
        let cause = match self.namespace() {
            Ok(ids) => match can_map_ids(trial, &ids) {
                Ok(()) => {
                    self.ids = Some(ids);
                    return;
                }
                Err(error) => {
                    format!("the file system of `{}` cannot map ids ({error})", trial.display())
                }
            },
            Err(error) => error.to_string(),
        };
        self.of_mapping = Some(Limitation::new(LimitationKind::SharedUserIds, cause));
        self.mapping = Mapping::Identity;
    }

    /// Makes a user namespace that only serves as a map of ids.
    fn namespace(&self) -> Result<OwnedFd, ContainerError> {
        let mut helper = self.helper(&HelperTask::Namespace, &[])?;
        let taken = self.map(&mut helper).and_then(|()| {
            let path = format!("/proc/{}/ns/user", helper.child.id());
            fs::File::open(&path)
                .map_err(|error| ContainerError::failed(format!("open `{path}`"), error))
        });
        helper.finish();
        Ok(taken?.into())
    }

    /// Starts a helper and sends it its task.
    pub(crate) fn helper(
        &self,
        task: &HelperTask,
        fds: &[BorrowedFd<'_>],
    ) -> Result<Helper, ContainerError> {
        Helper::start(&self.helper_program, task, fds)
    }

    /// Waits for the helper's new user namespace and writes its maps.
    pub(crate) fn map(&self, helper: &mut Helper) -> Result<(), ContainerError> {
        match helper.report()? {
            HelperReport::Unshared => self.mapping.write(helper.child.id()),
            HelperReport::Ready { .. } | HelperReport::Unpacked(_) | HelperReport::Failed(_) => {
                Err(unexpected_report())
            }
        }
    }

    /// Removes trees, whatever user owns their files. What cannot be removed is logged.
    pub(crate) fn remove(&self, directories: Vec<PathBuf>) {
        if !self.mapping.needs_namespace_for_files() {
            for directory in directories {
                if let Err(error) = remove_tree(&directory) {
                    tracing::warn!(path = %directory.display(), %error, "failed to remove a tree");
                }
            }
            return;
        }
        if let Err(error) = self.remove_inside(directories) {
            tracing::warn!(%error, "failed to remove the files of an environment");
        }
    }

    fn remove_inside(&self, directories: Vec<PathBuf>) -> Result<(), ContainerError> {
        let task = HelperTask::Remove { directories, new_namespace: true };
        let mut helper = self.helper(&task, &[])?;
        let done = self
            .map(&mut helper)
            .and_then(|()| helper.proceed(Connection::default()))
            .and_then(|()| {
                // A large tree takes its time.
                let _unlimited = helper.link.set_receive_timeout(None);
                match helper.report()? {
                    HelperReport::Ready { .. } => Ok(()),
                    HelperReport::Unshared
                    | HelperReport::Unpacked(_)
                    | HelperReport::Failed(_) => Err(unexpected_report()),
                }
            });
        helper.finish();
        done
    }

    /// What environments lack on this host, whatever they ask for.
    pub(crate) fn limitations(&self) -> Vec<Limitation> {
        let upper = (!self.memory_upper)
            .then(|| Limitation::new(LimitationKind::SlowScratch, "the kernel is older than 6.6"));
        self.of_mapping.clone().into_iter().chain(upper).collect()
    }

    /// What an environment lacks because of its users, which concerns every process in it.
    pub(crate) fn limitation_of_users(&self) -> Option<Limitation> {
        self.of_mapping.clone().filter(|_| self.mapping == Mapping::Single)
    }
}

/// Tries whether a mount of this directory can map ids.
fn can_map_ids(directory: &Path, ids: &OwnedFd) -> io::Result<()> {
    let mount = sys::clone_mount(directory)?;
    let change = MountChange { ids: Some(ids.as_fd()), ..MountChange::default() };
    sys::change_mount(mount.as_fd(), change)
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
