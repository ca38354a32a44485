//! The image store: pulls from registries, OCI layouts and tars into content-addressed layers.
//!
//! ```text
//! layers/<diff id>/tree   an unpacked layer, complete or absent
//! ```
//!
//! A layer is found by the digest of its *unpacked* bytes, so that every form of the same layer is
//! one; both that digest and the one of the bytes as they came are verified before it gets its
//! name. Nothing of an image is ever run here.

pub(crate) mod manifest;
pub(crate) mod unpack;

mod files;
mod layer;
mod registry;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

pub(crate) use layer::Flights;

use crate::{
    environment::Inner,
    error::ContainerError,
    image::{
        files::Files,
        manifest::{Config, Described},
        registry::Registry,
    },
};

/// Layers that are unpacked at a time: each has its own process, and the disk is one.
const PARALLEL_LAYERS: usize = 3;
/// Layers of one image: more than overlay takes, and more than any build tool makes.
const MOST_LAYERS: usize = 400;

/// Layers on disk, shared by all environments of this host.
#[derive(Clone)]
pub struct ImageStore {
    inner: Arc<Inner>,
}

/// An image that is on disk.
#[derive(Clone, Debug)]
pub struct Image {
    /// What was asked for.
    pub reference: String,
    /// `sha256:…` of its manifest.
    pub digest: String,
    /// Unpacked layers, lowest first.
    pub layers: Vec<PathBuf>,
    /// Variables of its processes.
    pub env: Vec<(String, String)>,
    /// Its `USER`.
    pub user: Option<String>,
    /// Its `WORKDIR`.
    pub workdir: Option<String>,
    /// Its `ENTRYPOINT`.
    pub entrypoint: Vec<String>,
    /// Its `CMD`.
    pub cmd: Vec<String>,
    /// Its `LABEL`s.
    pub labels: Vec<(String, String)>,
}

/// Progress of a pull, one line for people at a time.
pub type Progress<'a> = &'a (dyn Fn(String) + Send + Sync);

/// Where an image comes from.
enum Source {
    Registry(Box<Registry>),
    Files(Arc<Files>),
}

impl ImageStore {
    pub(crate) fn new(inner: Arc<Inner>) -> Self {
        Self { inner }
    }

    /// Pulls `name:tag` or `name@digest` (default registry: Docker Hub). Layers at hand are reused.
    /// Registries on loopback are spoken to over plain HTTP.
    ///
    /// # Errors
    ///
    /// [`ContainerError::Request`] if the image does not exist, is not for this machine, or the
    /// registry refuses the credentials; [`ContainerError::Host`] if the registry cannot be
    /// reached or the disk is full.
    pub async fn pull(
        &self,
        reference: &str,
        auth: Option<(&str, &str)>,
        progress: Progress<'_>,
    ) -> Result<Image, ContainerError> {
        let registry = Registry::open(reference, auth)?;
        progress(format!("pulling {reference} from {}", registry.host()));
        let described = registry.describe().await?;
        self.take(reference, described, &Source::Registry(Box::new(registry)), progress).await
    }

    /// Reads an OCI layout directory or a tar (OCI or docker-archive).
    ///
    /// `reference` chooses among the images of an archive; it may be left out if there is one.
    ///
    /// # Errors
    ///
    /// [`ContainerError::Request`] if it is no image or holds no such image,
    /// [`ContainerError::Host`] if the disk is full.
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
        self.take(&shown, described, &Source::Files(files), progress).await
    }

    /// Brings all layers of an image to disk.
    async fn take(
        &self,
        reference: &str,
        described: Described,
        source: &Source,
        progress: Progress<'_>,
    ) -> Result<Image, ContainerError> {
        let Config { diff_ids, run } = manifest::config(&described, reference)?;
        if diff_ids.len() != described.layers.len() || diff_ids.len() > MOST_LAYERS {
            return Err(ContainerError::Request(format!(
                "image `{reference}` is damaged or too large: it has {} layers and {} names for them",
                described.layers.len(),
                diff_ids.len()
            )));
        }
        let limit = tokio::sync::Semaphore::new(PARALLEL_LAYERS);
        let fetch = |index: usize| {
            let (limit, described, diff_ids) = (&limit, &described, &diff_ids);
            async move {
                let _place = limit.acquire().await;
                let (Some(blob), Some(diff_id)) =
                    (described.layers.get(index), diff_ids.get(index))
                else {
                    return Err(ContainerError::Request("a layer is missing".to_owned()));
                };
                let wanted = layer::Wanted { blob, diff_id };
                layer::bring(&self.inner, source, wanted, progress).await
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

/// Runs what blocks on a thread that may.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ContainerError> + Send + 'static,
) -> Result<T, ContainerError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| ContainerError::host("finish work on an image", error))?
}
