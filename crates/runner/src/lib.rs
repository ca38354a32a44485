//! The runner: claims a task, runs its steps in a clean environment, reports.
//!
//! [`Runner::run`] is the whole of it: claim ▸ environment ▸ steps ▸ log ▸ verdict, for as many
//! tasks at a time as it is told. It knows no database and no forge API; everything it may know of
//! a job is in the job spec.
//!
//! ```text
//! claims ─▶ task::run ─▶ steps::spin_up ─▶ steps::{run, background, checkout} ─▶ verdict
//!              │                                  │
//!            lease (Stop)                     log ─▶ uplink ─▶ server
//! ```
//!
//! A program that uses this crate calls `roundel_container::boot::run_if_asked` first in `main`:
//! environments are started by re-executing the same binary.

use std::{path::PathBuf, sync::Arc, time::Duration};

use roundel_model::secret::Secret;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

mod backoff;
mod claims;
mod client;
mod host;
mod inside;
mod lease;
mod log;
mod mirror;
mod paths;
mod phrases;
mod shell;
mod steps;
mod stop;
mod task;
mod variables;

/// How a runner is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server's address.
    pub server: Url,
    /// Opens `claim`.
    pub token: Secret<String>,
    /// Name for people.
    pub name: String,
    /// Scratch, layers, mirrors, spools. One runner at a time uses it.
    pub directory: PathBuf,
    /// Tasks at a time.
    pub slots: u32,
    /// Resource classes that it serves; empty: every class.
    pub resource_classes: Vec<String>,
    /// Programs such as `sudo` may gain the rights of their files' owners, inside their own
    /// environment only (decision 0007). Off: `no_new_privs`.
    pub allow_setuid: bool,
    /// Mark at which idle claims are answered; tests make it short.
    pub claim_wait: Duration,
}

/// A runner.
pub struct Runner {
    host: Arc<host::Host>,
}

impl Runner {
    /// Opens the environment runtime and sweeps what a killed predecessor left.
    ///
    /// # Errors
    ///
    /// The directory cannot be used or is in use, or the host cannot run environments.
    pub fn open(settings: Settings) -> Result<Self, RunnerError> {
        Ok(Self { host: Arc::new(host::Host::open(settings)?) })
    }

    /// Claims and runs until `stop` is canceled; then finishes what runs (drain), or, when
    /// `stop_now` is canceled, ends it.
    pub async fn run(self, stop: CancellationToken, stop_now: CancellationToken) {
        let host = Arc::clone(&self.host);
        let warmed_up = tokio::task::spawn_blocking(move || host.warm_up());
        let mut slots = JoinSet::new();
        for slot in 0..self.host.settings.slots.max(1) {
            let host = Arc::clone(&self.host);
            slots.spawn(claims::serve(host, slot, stop.clone(), stop_now.clone()));
        }
        while let Some(ended) = slots.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a slot of the runner was lost");
            }
        }
        if let Err(error) = warmed_up.await {
            tracing::error!(%error, "the runner could not warm up");
        }
    }
}

/// Why a runner cannot start.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// The host cannot run environments.
    #[error(transparent)]
    Container(#[from] roundel_container::ContainerError),
    /// Its directory cannot be used.
    #[error("failed to use `{path}`")]
    Directory {
        /// The directory or file.
        path: PathBuf,
        /// What happened.
        #[source]
        source: std::io::Error,
    },
    /// Another runner uses its directory.
    #[error("another runner uses `{path}`; give each one a directory of its own")]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// Requests to the server cannot be made, for want of TLS roots, say.
    #[error("failed to set up requests to the server")]
    Client(#[from] reqwest::Error),
}
