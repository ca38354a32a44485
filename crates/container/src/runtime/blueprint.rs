//! From a spec to the blueprint that PID 1 builds from.

use std::{
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use crate::{
    data_directory::DataDirectory,
    error::ContainerError,
    link::memory_file,
    resolver,
    spec::{EnvironmentSpec, FileSpec},
    wire::{Blueprint, FileHeader, RootPlan, Upper},
};

/// The parts of an environment that are prepared on the host.
pub(super) struct Prepared {
    pub(super) root: RootPlan,
    pub(super) upper: Upper,
    /// The `cgroup.procs` files to join.
    pub(super) cgroups: Vec<PathBuf>,
    /// Setuid programs work inside.
    pub(super) setuid: bool,
}

/// Builds the blueprint, with a memory file of the bytes of its files, if it has any.
pub(super) fn build(
    spec: &EnvironmentSpec,
    prepared: Prepared,
    data: &DataDirectory,
) -> Result<(Blueprint, Option<OwnedFd>), ContainerError> {
    let (files, bytes) = files(&spec.files)?;
    let memory = spec.limits.memory_bytes.unwrap_or(data.host.memory_bytes);
    let blueprint = Blueprint {
        stash: data.stash(),
        root: prepared.root,
        upper: prepared.upper,
        hostname: spec.hostname.clone(),
        hosts: hosts(spec),
        resolv: resolver::text(),
        binds: spec.binds.clone(),
        files,
        cgroups: prepared.cgroups,
        idmapped: data.host.ids.is_some(),
        ids: data.host.mapping.inner_ids(),
        shm_bytes: memory / 2,
        setuid: prepared.setuid,
    };
    Ok((blueprint, bytes))
}

fn files(specs: &[FileSpec]) -> Result<(Vec<FileHeader>, Option<OwnedFd>), ContainerError> {
    if specs.is_empty() {
        return Ok((Vec::new(), None));
    }
    let mut bytes = Vec::new();
    let mut headers = Vec::new();
    for file in specs {
        let length = u64::try_from(file.bytes.len()).unwrap_or(u64::MAX);
        let path = Path::new("/").join(&file.path);
        headers.push(FileHeader { path, attributes: file.attributes, bytes: length });
        bytes.extend_from_slice(&file.bytes);
    }
    let held = memory_file(&bytes)
        .map_err(|error| ContainerError::failed("hold the environment's files", error))?;
    Ok((headers, Some(held)))
}

/// The text of `/etc/hosts`.
fn hosts(spec: &EnvironmentSpec) -> String {
    let mut text = format!(
        "127.0.0.1\tlocalhost {}\n::1\tlocalhost ip6-localhost ip6-loopback\n",
        spec.hostname
    );
    for name in &spec.hosts {
        text.extend(["127.0.0.1\t", name, "\n"]);
    }
    text
}
