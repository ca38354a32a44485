//! The image store: pulls from registries, OCI layouts and tars into content-addressed layers.

use std::path::{Path, PathBuf};
use crate::error::ContainerError;

/// Layers on disk, shared by all environments of this host.
#[derive(Clone)]
pub struct ImageStore {}

/// An image that is on disk.
#[derive(Clone, Debug)]
pub struct Image {
    /// What was asked for.
    pub reference: String,
    /// `sha256:…` of its manifest.
    pub digest: String,
    /// Unpacked layers, lowest first.
    pub layers: Vec<PathBuf>,
    pub env: Vec<(String, String)>,
    pub user: Option<String>,
    pub workdir: Option<String>,
    pub entrypoint: Vec<String>,
    pub cmd: Vec<String>,
    pub labels: Vec<(String, String)>,
}

/// Progress of a pull, one line for people at a time.
pub type Progress<'a> = &'a (dyn Fn(String) + Send + Sync);

impl ImageStore {
    /// Pulls `name:tag` or `name@digest` (default registry: Docker Hub). Layers at hand are reused.
    /// Registries on loopback are spoken to over plain HTTP.
    pub async fn pull(&self, reference: &str, auth: Option<(&str, &str)>, progress: Progress<'_>) -> Result<Image, ContainerError> { let _ = (reference, auth, progress); todo!() }
    /// Reads an OCI layout directory or a tar (OCI or docker-archive).
    pub async fn import(&self, path: &Path, reference: Option<&str>, progress: Progress<'_>) -> Result<Image, ContainerError> { let _ = (path, reference, progress); todo!() }
}
