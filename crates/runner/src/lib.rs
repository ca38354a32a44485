//! The runner: claims a task, runs its steps in a clean environment, reports.
//!
//! [`Runner::run`] is the whole of it: claim ▸ environment ▸ steps ▸ log ▸ outcome, for as many
//! tasks at a time as it has slots. It knows no database and no forge API; everything that it may
//! know about a job is in the job spec.
//!
//! ```text
//! claims ─▶ task::run ─▶ steps::spin_up ─▶ steps::{run, background, checkout} ─▶ outcome
//!              │                                  │
//!            lease (StopSignal)               log ─▶ uplink ─▶ server
//! ```
//!
//! A program that uses this crate calls `roundel_container::boot::run_if_asked` first in `main`:
//! environments are started by re-executing the same binary.

use std::sync::{Arc, atomic::Ordering};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

mod backoff;
mod claims;
mod client;
mod host;
mod job_environment;
mod lease;
mod log;
mod mirror;
mod outage;
mod paths;
mod phrases;
mod programs;
mod settings;
mod shell;
mod steps;
mod stop;
mod task;
mod task_error;
mod variables;

pub use host::OpenError;
pub use programs::{MissingProgram, PROGRAMS, Program};
pub use settings::Settings;

/// Claims jobs from a server and runs them, until it is stopped.
pub struct Runner {
    host: Arc<host::Host>,
}

/// Why a runner ends on its own.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The server does not accept the runner's token.
    #[error(
        "runner token rejected by {server}; use the content of `runner.token` in the server's data \
         directory"
    )]
    TokenRejected {
        /// The server's address.
        server: Url,
    },
}

impl Runner {
    /// Opens the environment runtime and sweeps what a killed predecessor left.
    ///
    /// # Errors
    ///
    /// The directory cannot be used or is in use, or the host cannot run environments.
    pub fn open(settings: Settings) -> Result<Self, OpenError> {
        Ok(Self { host: Arc::new(host::Host::open(settings)?) })
    }

    /// Claims and runs until `stop` is canceled; then finishes what runs (drain), or, when
    /// `stop_now` is canceled, ends it.
    ///
    /// # Errors
    ///
    /// The server does not accept the runner's token. What was running was finished first.
    pub async fn run(
        self,
        stop: CancellationToken,
        stop_now: CancellationToken,
    ) -> Result<(), RunError> {
        let host = Arc::clone(&self.host);
        let warmed_up = tokio::task::spawn_blocking(move || host.warm_up());
        let announcing =
            tokio::spawn(announce_drain(Arc::clone(&self.host), stop.clone(), stop_now.clone()));
        // Canceled with the caller's token, and when one slot finds that claiming is refused.
        let stop = stop.child_token();
        let mut slots = JoinSet::new();
        for slot in 0..self.host.settings.slots.max(1) {
            let host = Arc::clone(&self.host);
            slots.spawn(claims::serve(host, slot, stop.clone(), stop_now.clone()));
        }
        let mut result = Ok(());
        while let Some(ended) = slots.join_next().await {
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::debug!(%error, "the server rejects the runner's token");
                    stop.cancel();
                    let server = self.host.settings.server.clone();
                    result = Err(RunError::TokenRejected { server });
                }
                Err(error) => tracing::error!(%error, "a slot of the runner ended unexpectedly"),
            }
        }
        announcing.abort();
        if let Err(error) = warmed_up.await {
            tracing::error!(%error, "warming up ended unexpectedly");
        }
        result
    }
}

/// Says what the end of a runner waits for: jobs may take hours, and silence looks like a hang.
async fn announce_drain(
    host: Arc<host::Host>,
    stop: CancellationToken,
    stop_now: CancellationToken,
) {
    stop.cancelled().await;
    let jobs = host.running.load(Ordering::Relaxed);
    if jobs > 0 && !stop_now.is_cancelled() {
        tracing::info!("{}", phrases::draining(jobs));
    }
}
