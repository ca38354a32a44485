//! The runner: claims a task, runs its steps in a clean environment, reports.
//!
//! [`Runner::run`] is the whole of it: claim ▸ environment ▸ steps ▸ log ▸ verdict, for as many
//! tasks at a time as it is told. It knows no database and no forge API; everything it may know of
//! a job is in the job spec.

use std::path::PathBuf;
use roundel_model::secret::Secret;
use url::Url;

/// How a runner is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server's address.
    pub server: Url,
    /// Opens `claim`.
    pub token: Secret<String>,
    /// Name for people.
    pub name: String,
    /// Scratch, layers, mirrors, spools.
    pub directory: PathBuf,
    /// Tasks at a time.
    pub slots: u32,
    /// Resource classes that it serves; empty: every class.
    pub resource_classes: Vec<String>,
    /// Mark at which idle claims are answered; tests make it short.
    pub claim_wait: std::time::Duration,
}

/// A runner.
pub struct Runner {}

impl Runner {
    /// Opens the environment runtime and sweeps what a killed predecessor left.
    pub fn open(settings: Settings) -> Result<Self, RunnerError> { let _ = settings; todo!() }
    /// Claims and runs until `stop` is canceled; then finishes what runs (drain), or, when `stop_now`
    /// is canceled, ends it.
    pub async fn run(self, stop: tokio_util::sync::CancellationToken, stop_now: tokio_util::sync::CancellationToken) { let _ = (stop, stop_now); todo!() }
}

/// Why a runner cannot start.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    #[error(transparent)]
    Container(#[from] roundel_container::ContainerError),
    #[error("failed to use `{path}`")]
    Directory { path: PathBuf, #[source] source: std::io::Error },
}
