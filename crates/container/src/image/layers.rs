//! The layers on disk: each is unpacked at most once at a time, verified, and complete or absent.

use std::{
    collections::HashMap,
    fs,
    os::fd::{AsFd, OwnedFd},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use nix::{
    fcntl::{FcntlArg, OFlag, fcntl},
    unistd::pipe2,
};

use super::{
    manifest::{Blob, hex_of},
    source::{Progress, Source},
};
use crate::{
    data_directory::DataDirectory,
    error::ContainerError,
    helper::{Helper, unexpected_report},
    wire::{Connection, HelperReport, HelperTask, UnpackRequest, UnpackedLayer},
};

/// An unpacked layer may have this many bytes.
const LAYER_BYTES: u64 = 64 * 1024 * 1024 * 1024;
/// For unpacking one layer.
const UNPACK_TIMEOUT: Duration = Duration::from_hours(1);
/// The pipe to the helper; what the kernel allows without privileges.
const PIPE_BYTES: i32 = 1024 * 1024;

/// Unpacked layers, each in a directory that is named by its digest.
#[derive(Debug)]
pub(crate) struct LayerStore {
    data: Arc<DataDirectory>,
    /// One lock for each layer that is being unpacked, by the digest.
    in_flight: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    next: AtomicU64,
}

/// The layer to fetch.
#[derive(Clone, Copy)]
pub(super) struct LayerSpec<'a> {
    pub(super) blob: &'a Blob,
    pub(super) diff_id: &'a str,
}

impl LayerStore {
    pub(crate) fn new(data: Arc<DataDirectory>) -> Self {
        Self { data, in_flight: Mutex::default(), next: AtomicU64::new(0) }
    }

    /// Fetches and unpacks a layer, unless it is there; returns its path.
    pub(super) async fn fetch(
        &self,
        source: &Source,
        layer: LayerSpec<'_>,
        progress: Progress<'_>,
    ) -> Result<PathBuf, ContainerError> {
        let hex = hex_of(layer.diff_id)?;
        let short = hex.get(..12).unwrap_or(hex);
        let layer_dir = self.data.layers().join(hex);
        let lock = self.lock_for(hex);
        let _alone = lock.lock().await;
        let tree = layer_dir.join("tree");
        if tree.is_dir() {
            progress(format!("layer {short}: already present"));
            return Ok(tree);
        }
        let unpacking = Unpacking {
            data: Arc::clone(&self.data),
            unfinished: self.data.unpack(self.next.fetch_add(1, Ordering::Relaxed)),
            layer_dir,
            diff_id: layer.diff_id.to_owned(),
            digest: layer.blob.digest.clone(),
        };
        let unpacked = match source {
            Source::Registry(registry) => {
                let (reader, writer) =
                    pipe().map_err(|error| ContainerError::failed("make a pipe", error))?;
                let unpacking = blocking(move || unpacking.run(reader, None));
                let (copied, unpacked) = tokio::join!(registry.copy(layer.blob, writer), unpacking);
                // A download that broke off explains why the layer was incomplete.
                copied?;
                unpacked?
            }
            Source::Files(files) => {
                let (files, blob) = (Arc::clone(files), layer.blob.clone());
                blocking(move || {
                    let (file, part) = files.open_blob(&blob.name)?;
                    unpacking.run(file.into(), part)
                })
                .await?
            }
        };
        progress(line(short, &unpacked, layer.blob));
        Ok(tree)
    }

    /// Returns the lock of a layer.
    fn lock_for(&self, hex: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut in_flight = self.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        // A lock that no caller holds any more is of no use.
        in_flight.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(in_flight.entry(hex.to_owned()).or_default())
    }
}

/// Runs what blocks on a thread that may.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ContainerError> + Send + 'static,
) -> Result<T, ContainerError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        ContainerError::host(format!("work on an image ended unexpectedly: {error}"))
    })?
}

fn line(short: &str, unpacked: &UnpackedLayer, blob: &Blob) -> String {
    let mut line = format!("layer {short}: unpacked {}", mebibytes(unpacked.bytes));
    if let Some(bytes) = blob.bytes {
        line = format!("{line} from {}", mebibytes(bytes));
    }
    if unpacked.skipped > 0 {
        line = format!("{line}; left out {} device nodes", unpacked.skipped);
    }
    line
}

fn mebibytes(bytes: u64) -> String {
    format!("{}.{} MiB", bytes >> 20, ((bytes & 0xf_ffff) * 10) >> 20)
}

fn pipe() -> std::io::Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = pipe2(OFlag::O_CLOEXEC)?;
    // Where less is allowed, less will do. Only this side of the pipe must not block.
    let _smaller = fcntl(&writer, FcntlArg::F_SETPIPE_SZ(PIPE_BYTES));
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok((reader, writer))
}

/// Where a layer is unpacked, and where it is moved to.
struct Unpacking {
    data: Arc<DataDirectory>,
    unfinished: PathBuf,
    layer_dir: PathBuf,
    diff_id: String,
    digest: Option<String>,
}

impl Unpacking {
    /// Unpacks, verifies and moves. After a failure nothing is left behind.
    fn run(
        self,
        source: OwnedFd,
        part: Option<(u64, u64)>,
    ) -> Result<UnpackedLayer, ContainerError> {
        let done = self.unpack(source, part).and_then(|unpacked| {
            self.verify(&unpacked)?;
            self.publish()?;
            Ok(unpacked)
        });
        if done.is_err() {
            self.data.remove(vec![self.unfinished.clone()]);
        }
        done
    }

    fn unpack(
        &self,
        source: OwnedFd,
        part: Option<(u64, u64)>,
    ) -> Result<UnpackedLayer, ContainerError> {
        let directory = self.unfinished.join("tree");
        fs::create_dir_all(&directory).map_err(|error| {
            ContainerError::failed(format!("create `{}`", directory.display()), error)
        })?;
        let host = &self.data.host;
        let new_namespace = host.mapping.inner_root().is_none();
        let ids = host.mapping.inner_ids();
        let request = UnpackRequest { directory, new_namespace, ids, part, max_bytes: LAYER_BYTES };
        let mut helper = host.helper(&HelperTask::Unpack(request), &[source.as_fd()])?;
        // The helper's copy must be the only one, so that the writer sees when it is gone.
        drop(source);
        let unpacked = self.drive_helper(&mut helper, new_namespace);
        helper.finish();
        unpacked
    }

    fn drive_helper(
        &self,
        helper: &mut Helper,
        new_namespace: bool,
    ) -> Result<UnpackedLayer, ContainerError> {
        if new_namespace {
            self.data.host.map(helper)?;
            helper.proceed(Connection::default())?;
        }
        helper
            .link
            .set_receive_timeout(Some(UNPACK_TIMEOUT))
            .map_err(|error| ContainerError::failed("wait for the helper process", error))?;
        match helper.report()? {
            HelperReport::Unpacked(unpacked) => Ok(unpacked),
            HelperReport::Unshared | HelperReport::Ready { .. } | HelperReport::Failed(_) => {
                Err(unexpected_report())
            }
        }
    }

    fn verify(&self, unpacked: &UnpackedLayer) -> Result<(), ContainerError> {
        let wrong = |what: &str, found: &str, expected: &str| {
            Err(ContainerError::invalid(format!(
                "a layer of the image is damaged: its {what} is {found}, not {expected}"
            )))
        };
        match &self.digest {
            Some(digest) if *digest != unpacked.digest => wrong("digest", &unpacked.digest, digest),
            _ if self.diff_id != unpacked.diff_id => {
                wrong("unpacked digest", &unpacked.diff_id, &self.diff_id)
            }
            _ => Ok(()),
        }
    }

    /// Gives the complete layer its name, in one step.
    fn publish(&self) -> Result<(), ContainerError> {
        match fs::rename(&self.unfinished, &self.layer_dir) {
            Ok(()) => Ok(()),
            // Another runtime on this directory was faster with the same bytes.
            Err(_) if self.layer_dir.join("tree").is_dir() => {
                self.data.remove(vec![self.unfinished.clone()]);
                Ok(())
            }
            Err(error) => {
                Err(ContainerError::failed(format!("create `{}`", self.layer_dir.display()), error))
            }
        }
    }
}
