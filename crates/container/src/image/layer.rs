//! Bringing one layer to disk: at most once at a time, verified, and all or nothing.

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
    Progress, Source, blocking,
    manifest::{Blob, hex_of},
    unpack::{Order, Unpacked},
};
use crate::{
    environment::Inner,
    error::ContainerError,
    host::{Helper, Mapping},
    wire::{Report, Task},
};

/// An unpacked layer may have this many bytes.
const LAYER_BYTES: u64 = 64 * 1024 * 1024 * 1024;
/// The whole of unpacking one.
const UNPACK_PATIENCE: Duration = Duration::from_hours(1);
/// The pipe to the helper; what the kernel allows without privileges.
const PIPE_BYTES: i32 = 1024 * 1024;

/// Layers that are on their way, so that nobody brings one twice at a time.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    flights: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    next: AtomicU64,
}

/// The layer that is wanted.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) blob: &'a Blob,
    pub(super) diff_id: &'a str,
}

/// Brings a layer to disk, unless it is there; answers with its path.
pub(super) async fn bring(
    inner: &Arc<Inner>,
    source: &Source,
    wanted: Wanted<'_>,
    progress: Progress<'_>,
) -> Result<PathBuf, ContainerError> {
    let hex = hex_of(wanted.diff_id)?;
    let short = hex.get(..12).unwrap_or(hex);
    let home = inner.directory.join("layers").join(hex);
    let flight = {
        let mut flights = inner.flights.flights.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever is done with a flight has dropped it: nobody needs its entry.
        flights.retain(|_, flight| Arc::strong_count(flight) > 1);
        Arc::clone(flights.entry(hex.to_owned()).or_default())
    };
    let _alone = flight.lock().await;
    let tree = home.join("tree");
    if tree.is_dir() {
        progress(format!("layer {short}: already here"));
        return Ok(tree);
    }
    let place = Place {
        inner: Arc::clone(inner),
        unfinished: inner
            .owner
            .directory
            .join("unpack")
            .join(inner.flights.next.fetch_add(1, Ordering::Relaxed).to_string()),
        home,
        diff_id: wanted.diff_id.to_owned(),
        digest: wanted.blob.digest.clone(),
    };
    let unpacked = match source {
        Source::Registry(registry) => {
            let (reader, writer) = pipe().map_err(|e| ContainerError::host("make a pipe", e))?;
            let unpacking = blocking(move || place.fill(reader, None));
            let (copied, unpacked) = tokio::join!(registry.copy(wanted.blob, writer), unpacking);
            // A download that broke off explains why the layer was incomplete.
            copied?;
            unpacked?
        }
        Source::Files(files) => {
            let (files, blob) = (Arc::clone(files), wanted.blob.clone());
            blocking(move || {
                let (file, part) = files.open_blob(&blob.name)?;
                place.fill(file.into(), part)
            })
            .await?
        }
    };
    progress(line(short, &unpacked, wanted.blob));
    Ok(tree)
}

fn line(short: &str, unpacked: &Unpacked, blob: &Blob) -> String {
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

/// Where a layer is unpacked, and where it then belongs.
struct Place {
    inner: Arc<Inner>,
    unfinished: PathBuf,
    home: PathBuf,
    diff_id: String,
    digest: Option<String>,
}

impl Place {
    /// Unpacks, verifies and moves. Whatever goes wrong, nothing is left behind.
    fn fill(self, source: OwnedFd, part: Option<(u64, u64)>) -> Result<Unpacked, ContainerError> {
        let filled = self.unpack(source, part).and_then(|unpacked| {
            self.verify(&unpacked)?;
            self.settle()?;
            Ok(unpacked)
        });
        if filled.is_err() {
            self.inner.host.remove(vec![self.unfinished.clone()]);
        }
        filled
    }

    fn unpack(
        &self,
        source: OwnedFd,
        part: Option<(u64, u64)>,
    ) -> Result<Unpacked, ContainerError> {
        let directory = self.unfinished.join("tree");
        fs::create_dir_all(&directory).map_err(|error| {
            ContainerError::host(format!("make `{}`", directory.display()), error)
        })?;
        let host = &self.inner.host;
        let new_namespace = host.inner_root().is_none();
        let single_id = host.mapping == Mapping::Single;
        let order = Order { directory, new_namespace, single_id, part, most_bytes: LAYER_BYTES };
        let mut helper = host.helper(&Task::Unpack(order), &[source.as_fd()])?;
        // The helper's copy must be the only one, so that the writer sees when it is gone.
        drop(source);
        let unpacked = self.lead(&mut helper, new_namespace);
        helper.finish();
        unpacked
    }

    fn lead(&self, helper: &mut Helper, new_namespace: bool) -> Result<Unpacked, ContainerError> {
        if new_namespace {
            self.inner.host.map(helper)?;
            helper.go_on(None)?;
        }
        helper
            .link
            .set_patience(Some(UNPACK_PATIENCE))
            .map_err(|error| ContainerError::host("wait for the helper process", error))?;
        match helper.report()? {
            Report::Unpacked(unpacked) => Ok(unpacked),
            Report::Failed(fault) => Err(fault.into()),
            Report::Unshared | Report::Ready { .. } => {
                Err(ContainerError::Host("the helper process answered out of turn".to_owned()))
            }
        }
    }

    fn verify(&self, unpacked: &Unpacked) -> Result<(), ContainerError> {
        let wrong = |what: &str, found: &str, wanted: &str| {
            Err(ContainerError::Request(format!(
                "a layer of the image is damaged: its {what} is {found}, not {wanted}"
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

    /// Gives the layer its name, at once and as a whole.
    fn settle(&self) -> Result<(), ContainerError> {
        match fs::rename(&self.unfinished, &self.home) {
            Ok(()) => Ok(()),
            // Another runtime on this directory was faster with the same bytes.
            Err(_) if self.home.join("tree").is_dir() => {
                self.inner.host.remove(vec![self.unfinished.clone()]);
                Ok(())
            }
            Err(error) => {
                Err(ContainerError::host(format!("make `{}`", self.home.display()), error))
            }
        }
    }
}
