//! What all steps of a task share: the spec, the host, the log's uplink, the stop signal.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use roundel_model::{plan::PlannedStepKind, secret::Secret};
use roundel_protocol::{JobSpec, VariableSource};
use tokio::{
    sync::{Mutex as AsyncMutex, OnceCell},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::{
    client::TaskClient,
    host::Host,
    log::{Secrets, Uplink},
    mirror::{BundleSpec, FetchError},
    steps::process::OpenTerminal,
    stop::StopSignal,
    task_error::TaskError,
};

/// A task that runs.
pub(crate) struct Task {
    pub(crate) host: Arc<Host>,
    /// The name of the runner, as the server knows it: each slot has its own.
    pub(crate) runner: String,
    pub(crate) spec: JobSpec,
    pub(crate) stop: StopSignal,
    /// Sends reports and logs.
    pub(crate) uplink: Uplink,
    /// The values that must not appear in any log.
    pub(crate) secrets: Arc<Secrets>,
    /// Its files on the host.
    pub(crate) directory: PathBuf,
    /// Steps in the background.
    pub(crate) background: AsyncMutex<JoinSet<()>>,
    /// Canceled after the last step.
    pub(crate) steps_over: CancellationToken,
    terminals: Mutex<JoinSet<()>>,
    repository: OnceCell<Result<PathBuf, FetchError>>,
}

impl Task {
    /// Makes the task's directory and starts its uplink.
    pub(crate) async fn open(
        host: Arc<Host>,
        runner: String,
        spec: JobSpec,
        client: Arc<TaskClient>,
        stop: StopSignal,
    ) -> Result<Self, TaskError> {
        let secrets = Secrets::new(secrets(&spec)).await.map_err(|error| {
            TaskError::Infrastructure(format!("The runner cannot prepare the log's mask: {error}"))
        })?;
        let name = format!("{}-{}-{}", spec.task.job, spec.task.index, spec.lease);
        let directory = host.tasks().join(name);
        std::fs::create_dir_all(&directory).map_err(|error| TaskError::disk(&error))?;
        Ok(Self {
            secrets: Arc::new(secrets),
            uplink: Uplink::start(client, stop.clone()),
            host,
            runner,
            spec,
            stop,
            directory,
            background: AsyncMutex::default(),
            steps_over: CancellationToken::new(),
            terminals: Mutex::default(),
            repository: OnceCell::new(),
        })
    }

    /// Returns the directory that is bound read-only into the environment.
    pub(crate) fn share(&self) -> PathBuf {
        self.directory.join("share")
    }

    /// Continues reading a terminal that a surviving child of a step holds.
    pub(crate) fn keep_draining(&self, terminal: OpenTerminal) {
        let mut terminals = self.terminals.lock().unwrap_or_else(PoisonError::into_inner);
        terminals.spawn(terminal.drain());
    }

    /// Stops reading the terminals of surviving children, when the environment is gone.
    pub(crate) fn stop_draining(&self) {
        self.terminals.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    /// Returns the checkout bundle of the job's revision, on the host; fetches it once.
    pub(crate) async fn repository(&self) -> &Result<PathBuf, FetchError> {
        let fetch = || async {
            let into = self.share().join("repository.git");
            let spec =
                BundleSpec { checkout: &self.spec.checkout, scratch: &self.directory, into: &into };
            self.host.mirrors.bundle(spec).await.map(|()| into.clone())
        };
        self.repository.get_or_init(fetch).await
    }

    /// Fetches while the environment is being made, if some step will need it.
    pub(crate) async fn prefetch(&self) {
        let needed = self
            .spec
            .body
            .steps
            .iter()
            .any(|step| matches!(step.kind, PlannedStepKind::Checkout { .. }));
        if needed {
            // The checkout step reports what went wrong.
            let _: &Result<PathBuf, FetchError> = self.repository().await;
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.directory) {
            tracing::warn!(%error, "the files of a task could not be removed");
        }
    }
}

/// Collects what must not be seen in any log of the task.
fn secrets(spec: &JobSpec) -> Vec<Secret<String>> {
    let secret = spec
        .variables
        .iter()
        .filter(|variable| variable.source != VariableSource::BuiltIn)
        .map(|variable| variable.value.clone());
    // The first and last line of a key say what it is, and may be seen.
    let key = spec
        .checkout
        .key
        .iter()
        .flat_map(|key| key.private.expose().lines())
        .filter(|line| !line.starts_with("-----"))
        .map(Secret::from);
    secret.chain(key).chain([spec.token.clone()]).collect()
}
