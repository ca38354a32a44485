//! The image store: pulls from registries, OCI layouts and tars into content-addressed layers.

pub(crate) mod unpack;

use std::{path::{Path, PathBuf}, sync::Arc};

use crate::error::ContainerError;

/// Layers on disk, shared by all environments of this host.
#[derive(Clone)]
pub struct ImageStore { inner: Arc<crate::environment::Inner> }

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
    pub(crate) fn new(inner: Arc<crate::environment::Inner>) -> Self { Self { inner } }
    /// Pulls `name:tag` or `name@digest` (default registry: Docker Hub). Layers at hand are reused.
    /// Registries on loopback are spoken to over plain HTTP.
    pub async fn pull(&self, reference: &str, auth: Option<(&str, &str)>, progress: Progress<'_>) -> Result<Image, ContainerError> { let _ = (reference, auth, progress); todo!() }
    /// Reads an OCI layout directory or a tar (OCI or docker-archive).
    pub async fn import(&self, path: &Path, reference: Option<&str>, progress: Progress<'_>) -> Result<Image, ContainerError> { let _ = (path, reference, progress); todo!() }
}
