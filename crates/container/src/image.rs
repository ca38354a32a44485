//! The image store: pulls from registries, OCI layouts and tars into content-addressed layers.
//!
//! ```text
//! layers/<diff id>/tree   an unpacked layer, complete or absent
//! ```
//!
//! A layer is found by the digest of its *unpacked* bytes, so that every form of the same layer is
//! one; both that digest and the one of the bytes as they came are verified before it gets its
//! name. Nothing of an image is ever run here.

pub(crate) mod layers;
pub(crate) mod unpack;

mod archive;
mod files;
mod manifest;
mod registry;
mod source;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

pub use source::Progress;

use crate::{
    error::ContainerError,
    image::{
        files::Files,
        layers::{LayerSpec, LayerStore, blocking},
        manifest::{Config, Described},
        registry::Registry,
        source::Source,
    },
};

/// Layers that are unpacked at once: each has its own process, and the disk is one.
const PARALLEL_LAYERS: usize = 3;
/// Layers of one image: more than overlay takes, and more than any build tool makes.
const MAX_LAYERS: usize = 400;

/// Images on disk, shared by all environments of this host.
#[derive(Clone)]
pub struct ImageStore {
    layers: Arc<LayerStore>,
}

/// An image that is on disk.
#[derive(Clone, Debug)]
pub struct Image {
    /// The reference that was asked for.
    pub reference: String,
    /// `sha256:…` of its manifest.
    pub digest: String,
    /// Unpacked layers, lowest first.
    pub layers: Vec<PathBuf>,
    // The instructions of its Dockerfile by these names.
    pub env: Vec<(String, String)>,
    pub user: Option<String>,
    pub workdir: Option<String>,
    pub entrypoint: Vec<String>,
    pub cmd: Vec<String>,
    pub labels: Vec<(String, String)>,
}

/// Checks that a text is a reference to an image. Nothing is sent: whether there is such an image is not
/// known.
///
/// # Errors
///
/// `InvalidRequest`, as [`ImageStore::pull`] answers it.
pub fn check_reference(reference: &str) -> Result<(), ContainerError> {
    registry::parse_reference(reference).map(drop)
}

impl ImageStore {
    pub(crate) fn new(layers: Arc<LayerStore>) -> Self {
        Self { layers }
    }

    /// Pulls `name:tag` or `name@digest` (default registry: Docker Hub). Layers that are
    /// present are reused. Registries on loopback are reached over plain HTTP.
    ///
    /// # Errors
    ///
    /// `NotFound` if the image does not exist, `AccessDenied` if the registry refuses the
    /// credentials, `InvalidRequest` if the image is damaged or not for this machine, `Unavailable`
    /// if the registry cannot be reached, `RateLimited` if it limits requests, `StorageFull` if the disk is
    /// full.
    pub async fn pull(
        &self,
        reference: &str,
        auth: Option<(&str, &str)>,
        progress: Progress<'_>,
    ) -> Result<Image, ContainerError> {
        let registry = Registry::open(reference, auth)?;
        progress(format!("pulling {reference} from {}", registry.host()));
        let described = registry.describe().await?;
        self.fetch_layers(reference, described, &Source::Registry(Box::new(registry)), progress)
            .await
    }

    /// Reads an OCI layout directory or a tar (OCI or docker-archive).
    ///
    /// `reference` chooses among the images of an archive; it may be left out if there is one.
    ///
    /// # Errors
    ///
    /// `NotFound` or `InvalidRequest` if it is not an image or holds no such image, `StorageFull` if
    /// the disk is full.
    pub async fn import(
        &self,
        path: &Path,
        reference: Option<&str>,
        progress: Progress<'_>,
    ) -> Result<Image, ContainerError> {
        progress(format!("importing {}", path.display()));
        let (files, described) = {
            let (path, reference) = (path.to_owned(), reference.map(str::to_owned));
            blocking(move || {
                let files = Files::open(&path)?;
                let described = files.describe(reference.as_deref())?;
                Ok((Arc::new(files), described))
            })
            .await?
        };
        let shown = reference.map_or_else(|| path.display().to_string(), str::to_owned);
        self.fetch_layers(&shown, described, &Source::Files(files), progress).await
    }

    /// Fetches the layers of an image that are not on disk, and describes the image.
    async fn fetch_layers(
        &self,
        reference: &str,
        described: Described,
        source: &Source,
        progress: Progress<'_>,
    ) -> Result<Image, ContainerError> {
        let Config { diff_ids, run } = manifest::config(&described, reference)?;
        if diff_ids.len() != described.layers.len() || diff_ids.len() > MAX_LAYERS {
            return Err(ContainerError::invalid(format!(
                "image `{reference}` is damaged or too large: it has {} layers and {} names for them",
                described.layers.len(),
                diff_ids.len()
            )));
        }
        let limit = tokio::sync::Semaphore::new(PARALLEL_LAYERS);
        let fetch = |index: usize| {
            let (limit, described, diff_ids) = (&limit, &described, &diff_ids);
            async move {
                let _permit = limit.acquire().await;
                let (Some(blob), Some(diff_id)) =
                    (described.layers.get(index), diff_ids.get(index))
                else {
                    return Err(ContainerError::invalid("a layer is missing"));
                };
                self.layers.fetch(source, LayerSpec { blob, diff_id }, progress).await
            }
        };
        let layers = futures_util::future::try_join_all((0..diff_ids.len()).map(fetch)).await?;
        progress(format!("digest: {}", described.digest));
        Ok(Image {
            reference: reference.to_owned(),
            digest: described.digest,
            layers,
            env: run.variables(),
            user: run.user.filter(|user| !user.is_empty()),
            workdir: run.workdir.filter(|workdir| !workdir.is_empty()),
            entrypoint: run.entrypoint.unwrap_or_default(),
            cmd: run.cmd.unwrap_or_default(),
            labels: run.labels.unwrap_or_default().into_iter().collect(),
        })
    }
}
