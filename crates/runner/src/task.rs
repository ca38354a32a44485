//! One task: environment ▸ steps ▸ log ▸ outcome.
//!
//! ```text
//! run ─▶ watchers: lease, run time, shutdown ──▶ StopSignal
//!     ─▶ work         spin up ▸ variables ▸ steps ▸ end of background steps ▸ end of environment
//!     ─▶ flush        everything acknowledged, or a reason why not
//!     ─▶ finish       the outcome, unless the lease is lost: then there is none (invariant 2)
//! ```

mod outcome;

use std::{sync::Arc, time::Duration};

use roundel_model::{
    limits::GRACE,
    plan::{PlannedStep, PlannedStepKind},
};
use roundel_protocol::{FinishReport, JobSpec};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use outcome::Progress;

use crate::{
    client::{CallError, TaskClient},
    host::Host,
    job_environment::{self, JobEnvironment},
    lease,
    log::UplinkError,
    steps::{self, checkout::CheckoutRequest, context::Task, end::StepEnd},
    stop::{StopReason, StopSignal},
    task_error::TaskError,
};

/// How long the server may take to acknowledge everything after the last step.
const FLUSH_TIMEOUT: Duration = Duration::from_mins(5);

/// How long the outcome is offered to a server that is unavailable. The lease ends it earlier.
const FINISH_TIMEOUT: Duration = Duration::from_mins(5);

/// Runs a task to its end and reports its outcome. `runner` is the name of the slot.
pub(crate) async fn run(
    host: Arc<Host>,
    runner: String,
    spec: JobSpec,
    stop_now: CancellationToken,
) {
    let task_ref = spec.task;
    tracing::info!(
        job.id = %task_ref.job,
        index = task_ref.index,
        project = %spec.project,
        workflow = %spec.workflow_name,
        job.name = %spec.job_name,
        job.number = spec.job_number,
        "starting a task"
    );
    let stop = StopSignal::new();
    let client = Arc::new(host.client.task_of(spec.task, spec.lease, spec.token.clone()));
    // Dropped at the end: what watches a task ends with it.
    let mut watchers = JoinSet::new();
    watchers.spawn(lease::keep(Arc::clone(&client), stop.clone(), spec.lease_duration));
    watchers.spawn(watch(stop.clone(), spec.limits.run_time, stop_now));
    let report = match Task::open(host, runner, spec, Arc::clone(&client), stop.clone()).await {
        Ok(task) => {
            let task = Arc::new(task);
            let prefetch = Arc::clone(&task);
            watchers.spawn(async move { prefetch.prefetch().await });
            let report = work(&task).await;
            flush(&task, report).await
        }
        Err(error) => Some(outcome::of_error(&error)),
    };
    if let Some(report) = report {
        finish(&client, report).await;
    }
    tracing::info!(job.id = %task_ref.job, index = task_ref.index, "finished a task");
}

/// Stops a task that runs too long, or whose runner is shutting down.
async fn watch(stop: StopSignal, run_time: Duration, stop_now: CancellationToken) {
    tokio::select! {
        () = sleep(run_time) => stop.trigger(StopReason::RunTime(run_time)),
        () = stop_now.cancelled() => stop.trigger(StopReason::Shutdown),
    }
}

/// Does the work: environment, steps, and the end of both.
async fn work(task: &Arc<Task>) -> Option<FinishReport> {
    let spun_up = match steps::spin_up::spin_up(task).await {
        Ok(spun_up) => spun_up,
        Err(error) => return outcome::report(task.stop.reason(), Err(error)),
    };
    let result = run_steps(task, &spun_up.environment).await;
    // What stops the task from here on does not change how its steps ended.
    let report = outcome::report(task.stop.reason(), result);
    end_background(task).await;
    drop(spun_up.environment);
    job_environment::end(spun_up.running, GRACE).await;
    task.stop_draining();
    report
}

async fn run_steps(task: &Arc<Task>, environment: &JobEnvironment) -> Result<Progress, TaskError> {
    let mut progress = Progress::default();
    steps::variables::show(task, environment)?;
    for (position, planned) in task.spec.body.steps.iter().enumerate() {
        if task.stop.reason().is_some() {
            break;
        }
        if !progress.is_due(planned.when) {
            continue;
        }
        if let Some(end) = run_step(task, environment, steps::number(position), planned).await? {
            progress.note(end, &planned.kind);
        }
        if task.stop.reason().is_none() && environment.is_halted().await? {
            tracing::debug!(step = position, "a step halted the job");
            break;
        }
    }
    Ok(progress)
}

/// Runs one step; `None` if it runs in the background.
async fn run_step(
    task: &Arc<Task>,
    environment: &JobEnvironment,
    number: u32,
    planned: &PlannedStep,
) -> Result<Option<StepEnd>, TaskError> {
    match &planned.kind {
        PlannedStepKind::Run(run) if run.background => {
            steps::background::launch(task, environment, number, planned, run).await?;
            Ok(None)
        }
        PlannedStepKind::Run(run) => {
            steps::run::run(task, environment, number, planned, run).await.map(Some)
        }
        PlannedStepKind::Checkout { path, method } => {
            let request = CheckoutRequest { path, method: *method };
            steps::checkout::checkout(task, environment, number, planned, request).await.map(Some)
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
            let key = planned.kind.key();
            Err(TaskError::Infrastructure(format!(
                "This runner does not support the step `{key}`. Update the runner."
            )))
        }
    }
}

/// Ends the background steps and waits until they are reported.
async fn end_background(task: &Task) {
    task.steps_over.cancel();
    let mut background = task.background.lock().await;
    let joined = async { while background.join_next().await.is_some() {} };
    if timeout(GRACE * 3, joined).await.is_err() {
        tracing::warn!(job.id = %task.spec.task.job, "a background step does not end");
        background.abort_all();
    }
}

/// Waits until the server has all logs; if it does not get them, that is the outcome.
async fn flush(task: &Task, report: Option<FinishReport>) -> Option<FinishReport> {
    let report = report?;
    let closed = tokio::select! {
        closed = task.uplink.close(FLUSH_TIMEOUT) => closed,
        () = lease_lost(task) => Err(UplinkError::LeaseGone),
    };
    match closed {
        Ok(()) => Some(report),
        Err(UplinkError::LeaseGone) => None,
        Err(error @ UplinkError::Failed(_)) => Some(outcome::log_not_delivered(&error)),
    }
}

async fn lease_lost(task: &Task) {
    if !matches!(task.stop.stopped().await, StopReason::LeaseLost | StopReason::Canceled) {
        std::future::pending::<()>().await;
    }
}

/// Reports the outcome until the server has it, or does not want it any more.
async fn finish(client: &TaskClient, report: FinishReport) {
    let finishing = client.until_reached(|| client.finish(&report));
    match timeout(FINISH_TIMEOUT, finishing).await {
        Ok(Ok(())) => {}
        Ok(Err(error @ (CallError::LeaseGone(_) | CallError::Rejected { .. }))) => {
            tracing::warn!(%error, "the server does not accept an outcome");
        }
        Ok(Err(CallError::Transient(_))) | Err(_) => {
            tracing::error!(outcome = %report.outcome, "an outcome could not be reported");
        }
    }
}
