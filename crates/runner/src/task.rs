//! One task: environment ▸ steps ▸ log ▸ verdict.
//!
//! ```text
//! run ─▶ watchers: lease, run time, shutdown ──▶ Stop
//!     ─▶ Task::work   spin up ▸ variables ▸ steps ▸ end of background steps ▸ end of environment
//!     ─▶ uplink.close everything acknowledged, or a reason why not
//!     ─▶ finish       the verdict, unless the lease is lost: then there is none (invariant 2)
//! ```

mod verdict;

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use roundel_container::{ContainerError, ErrorKind};
use roundel_model::{
    limits::GRACE,
    plan::{PlannedStep, PlannedStepKind},
};
use roundel_protocol::{FinishReport, JobSpec, VariableSource};
use tokio::{
    sync::{Mutex as AsyncMutex, OnceCell},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    backoff::Backoff,
    client::{CallError, TaskClient},
    host::Host,
    inside::{self, Inside},
    lease,
    log::{Needles, Uplink, UplinkTrouble},
    mirror::FetchTrouble,
    steps::{self, StepEnd, process::Leftover},
    stop::{Stop, StopReason},
};
use verdict::{Progress, Verdict};

/// How long the server may take to acknowledge everything after the last step.
const FLUSH_PATIENCE: Duration = Duration::from_mins(5);

/// How long the verdict is offered to a server that is away. The lease ends it earlier.
const FINISH_PATIENCE: Duration = Duration::from_mins(5);

/// What keeps a task from going on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The configuration asks for something that cannot be: the job fails.
    #[error("{0}")]
    Request(String),
    /// We, or the host, cannot do our part: never the user's fault.
    #[error("{0}")]
    Infrastructure(String),
}

impl Trouble {
    /// Says what it means when the runner's disk does not take something.
    pub(crate) fn disk(error: &io::Error) -> Self {
        Self::Infrastructure(if is_disk_full(error) {
            "The runner's disk is full. Free some space in its data directory, then run the job \
             again."
                .to_owned()
        } else {
            format!("The runner cannot use its data directory: {error}")
        })
    }

    /// Returns the sentence for people.
    pub(crate) fn sentence(&self) -> &str {
        match self {
            Self::Request(sentence) | Self::Infrastructure(sentence) => sentence,
        }
    }
}

impl From<ContainerError> for Trouble {
    fn from(error: ContainerError) -> Self {
        if error.kind() == ErrorKind::DiskLimit {
            Self::Request(format!("The job has used up its disk limit: {error}"))
        } else if error.kind().is_request() {
            Self::Request(error.to_string())
        } else {
            Self::Infrastructure(error.to_string())
        }
    }
}

/// Tells whether an error means that there is no room left.
pub(crate) fn is_disk_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// A task that runs.
pub(crate) struct Task {
    /// What it runs on.
    pub(crate) host: Arc<Host>,
    /// What to do.
    pub(crate) spec: JobSpec,
    /// Its brake.
    pub(crate) stop: Stop,
    /// Reports and logs on their way.
    pub(crate) uplink: Uplink,
    /// What must not be seen.
    pub(crate) needles: Arc<Needles>,
    /// Its files on the host.
    pub(crate) directory: PathBuf,
    /// Steps in the background.
    pub(crate) beside: AsyncMutex<JoinSet<()>>,
    /// Canceled after the last step.
    pub(crate) steps_over: CancellationToken,
    /// What the host does not enforce.
    pub(crate) not_enforced: OnceLock<Vec<String>>,
    leftovers: Mutex<JoinSet<()>>,
    repository: OnceCell<Result<PathBuf, FetchTrouble>>,
}

/// Runs a task to its end and gives its verdict.
pub(crate) async fn run(host: Arc<Host>, spec: JobSpec, stop_now: CancellationToken) {
    let task_ref = spec.task;
    tracing::info!(job.id = %task_ref.job, index = task_ref.index, "a task begins");
    let stop = Stop::new();
    let client = Arc::new(host.client.task_of(spec.task, spec.lease, spec.token.clone()));
    // Dropped at the end: what watches a task ends with it.
    let mut watchers = JoinSet::new();
    watchers.spawn(lease::keep(Arc::clone(&client), stop.clone(), spec.lease_duration));
    watchers.spawn(watch(stop.clone(), spec.limits.run_time, stop_now));
    let verdict = match Task::open(host, spec, Arc::clone(&client), stop.clone()) {
        Ok(task) => {
            let task = Arc::new(task);
            let prefetch = Arc::clone(&task);
            watchers.spawn(async move { prefetch.prefetch().await });
            let verdict = task.work().await;
            task.deliver(verdict).await
        }
        Err(trouble) => Some(Verdict::trouble(&trouble)),
    };
    if let Some(verdict) = verdict {
        finish(&client, verdict.report).await;
    }
    tracing::info!(job.id = %task_ref.job, index = task_ref.index, "a task is over");
}

/// Stops a task that runs too long, or whose runner is told to end.
async fn watch(stop: Stop, run_time: Duration, stop_now: CancellationToken) {
    tokio::select! {
        () = sleep(run_time) => stop.trigger(StopReason::RunTime),
        () = stop_now.cancelled() => stop.trigger(StopReason::Shutdown),
    }
}

impl Task {
    fn open(
        host: Arc<Host>,
        spec: JobSpec,
        client: Arc<TaskClient>,
        stop: Stop,
    ) -> Result<Self, Trouble> {
        let name = format!("{}-{}-{}", spec.task.job, spec.task.index, spec.lease);
        let directory = host.tasks().join(name);
        std::fs::create_dir_all(&directory).map_err(|error| Trouble::disk(&error))?;
        Ok(Self {
            needles: Arc::new(needles(&spec)),
            uplink: Uplink::start(client, stop.clone()),
            host,
            spec,
            stop,
            directory,
            beside: AsyncMutex::default(),
            steps_over: CancellationToken::new(),
            not_enforced: OnceLock::new(),
            leftovers: Mutex::default(),
            repository: OnceCell::new(),
        })
    }

    /// Where the host's share is: bound read-only into the environment.
    pub(crate) fn share(&self) -> PathBuf {
        self.directory.join("share")
    }

    /// Goes on reading a terminal that a surviving child of a step holds.
    pub(crate) fn keep_draining(&self, leftover: Leftover) {
        let mut leftovers = self.leftovers.lock().unwrap_or_else(PoisonError::into_inner);
        leftovers.spawn(leftover.drain());
    }

    /// Returns the repository for the job's revision, on the host; fetches it once.
    pub(crate) async fn repository(&self) -> &Result<PathBuf, FetchTrouble> {
        let fetch = || async {
            let into = self.share().join("repository.git");
            let wanted = crate::mirror::Wanted {
                checkout: &self.spec.checkout,
                scratch: &self.directory,
                into: &into,
            };
            self.host.mirrors.parcel(wanted).await.map(|()| into.clone())
        };
        self.repository.get_or_init(fetch).await
    }

    /// Fetches while the environment is being made, if some step will want it.
    async fn prefetch(&self) {
        let wanted = self
            .spec
            .body
            .steps
            .iter()
            .any(|step| matches!(step.kind, PlannedStepKind::Checkout { .. }));
        if wanted {
            // The step that wants it tells what went wrong.
            let _: &Result<PathBuf, FetchTrouble> = self.repository().await;
        }
    }

    /// Does the work: environment, steps, and the end of both.
    async fn work(self: &Arc<Self>) -> Option<Verdict> {
        let spun_up = match steps::spin_up::spin_up(self).await {
            Ok(spun_up) => spun_up,
            Err(trouble) => {
                return Verdict::of(self.stop.reason(), Err(trouble), self.not_enforced());
            }
        };
        let result = self.run_steps(&spun_up.inside).await;
        // What stops the task from here on does not change how its steps ended.
        let verdict = Verdict::of(self.stop.reason(), result, self.not_enforced());
        self.end_beside().await;
        drop(spun_up.inside);
        inside::end(spun_up.environment, GRACE).await;
        self.leftovers.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
        verdict
    }

    async fn run_steps(self: &Arc<Self>, inside: &Inside) -> Result<Progress, Trouble> {
        let mut progress = Progress::default();
        steps::variables::show(self, inside)?;
        for (position, planned) in self.spec.body.steps.iter().enumerate() {
            if self.stop.reason().is_some() {
                break;
            }
            if !progress.is_due(planned.when) {
                continue;
            }
            if let Some(end) = self.run_step(inside, steps::number(position), planned).await? {
                progress.note(end);
            }
            if self.stop.reason().is_none() && inside.is_halted().await? {
                tracing::debug!(step = position, "a step halted the job");
                break;
            }
        }
        Ok(progress)
    }

    /// Runs one step; `None` if it runs beside the others.
    async fn run_step(
        self: &Arc<Self>,
        inside: &Inside,
        number: u32,
        planned: &PlannedStep,
    ) -> Result<Option<StepEnd>, Trouble> {
        match &planned.kind {
            PlannedStepKind::Run(run) if run.background => {
                steps::background::launch(self, inside, number, planned, run).await?;
                Ok(None)
            }
            PlannedStepKind::Run(run) => {
                steps::run::run(self, inside, number, planned, run).await.map(Some)
            }
            PlannedStepKind::Checkout { path, method } => {
                let wish = steps::checkout::Wish { path, method: *method };
                steps::checkout::checkout(self, inside, number, planned, wish).await.map(Some)
            }
            // The server accepts no plan with them; another server might.
            PlannedStepKind::SetupRemoteDocker { .. }
            | PlannedStepKind::SaveCache { .. }
            | PlannedStepKind::RestoreCache { .. }
            | PlannedStepKind::StoreArtifacts { .. }
            | PlannedStepKind::StoreTestResults { .. }
            | PlannedStepKind::PersistToWorkspace { .. }
            | PlannedStepKind::AttachWorkspace { .. }
            | PlannedStepKind::AddSshKeys { .. }
            | PlannedStepKind::InstallSigningBundle => {
                let word = planned.kind.word();
                Err(Trouble::Infrastructure(format!("this runner has no step `{word}`; update it")))
            }
        }
    }

    /// Ends the background steps and waits until they are reported.
    async fn end_beside(&self) {
        self.steps_over.cancel();
        let mut beside = self.beside.lock().await;
        let joined = async { while beside.join_next().await.is_some() {} };
        if timeout(GRACE * 3, joined).await.is_err() {
            tracing::warn!(job.id = %self.spec.task.job, "a background step does not end");
            beside.abort_all();
        }
    }

    /// Waits until the server has all logs; that it has not is a verdict of its own.
    async fn deliver(&self, verdict: Option<Verdict>) -> Option<Verdict> {
        let verdict = verdict?;
        let closed = tokio::select! {
            closed = self.uplink.close(FLUSH_PATIENCE) => closed,
            () = self.lease_lost() => Err(UplinkTrouble::Gone),
        };
        match closed {
            Ok(()) => Some(verdict),
            Err(UplinkTrouble::Gone) => None,
            Err(trouble @ UplinkTrouble::Failed(_)) => Some(verdict.undelivered(&trouble)),
        }
    }

    fn not_enforced(&self) -> Vec<String> {
        self.not_enforced.get().cloned().unwrap_or_default()
    }

    async fn lease_lost(&self) {
        if !matches!(self.stop.stopped().await, StopReason::LeaseLost | StopReason::Canceled) {
            std::future::pending::<()>().await;
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

/// Gives the verdict until it is taken, or nobody wants it any more.
async fn finish(client: &TaskClient, report: FinishReport) {
    let mut backoff = Backoff::new();
    let offering = async {
        loop {
            match client.finish(&report).await {
                Ok(()) => return,
                Err(CallError::Away(message)) => {
                    tracing::warn!(message, "a verdict has to wait");
                    sleep(backoff.next()).await;
                }
                Err(error) => return tracing::warn!(%error, "a verdict was not wanted"),
            }
        }
    };
    if timeout(FINISH_PATIENCE, offering).await.is_err() {
        tracing::error!(outcome = %report.outcome, "a verdict could not be given");
    }
}

/// Collects what must not be seen in any log of the task.
fn needles(spec: &JobSpec) -> Needles {
    let secret = spec
        .variables
        .iter()
        .filter(|variable| variable.source != VariableSource::BuiltIn)
        .map(|variable| variable.value.expose().as_str());
    // The first and last line of a key say what it is, and may be seen.
    let key = spec
        .checkout
        .key
        .iter()
        .flat_map(|key| key.private.expose().lines())
        .filter(|line| !line.starts_with("-----"));
    Needles::new(secret.chain(key).chain([spec.token.expose().as_str()]))
}
