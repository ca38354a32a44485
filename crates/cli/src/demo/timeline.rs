//! Following a push until its commit is green, and saying when it reached which phase.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use roundel_localforge::CommitName;
use roundel_model::{
    id::{PipelineId, ProjectId},
    name::CommitSha,
    status::{JobStatus, PipelineStatus, WorkflowStatus},
    time::Timestamp,
};
use roundel_server::{
    App,
    status_name::{self, Named},
};
use roundel_store::{
    logs::LogKey,
    reading::{PipelineFilter, PipelineRow, WorkflowRow},
};

use super::{sample::Sample, world::World};

/// How long a sample's pipeline may take on a slow machine.
const TIMEOUT: Duration = Duration::from_mins(3);
/// How often rows are read again.
const LOOK: Duration = Duration::from_millis(20);

/// Which phases a push reached, and when.
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    pub(crate) pipeline: PipelineId,
    pub(crate) number: u64,
    /// In the order in which a push reaches them.
    pub(crate) phases: Vec<Phase>,
    /// Every status of the commit.
    pub(crate) statuses: Vec<Status>,
}

/// A phase that was reached.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Phase {
    pub(crate) name: &'static str,
    pub(crate) at: Timestamp,
}

/// A commit status, as people see it.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    pub(crate) context: String,
    pub(crate) description: String,
    pub(crate) at: Timestamp,
}

/// Follows a commit from its push until every status of it is green.
///
/// # Errors
///
/// If it is not green in time: the reason, as far as it is known.
pub(crate) async fn follow(
    world: &World,
    sample: &Sample,
    project: ProjectId,
    sha: &CommitSha,
    pushed_at: Timestamp,
) -> Result<Timeline> {
    let name = format!("{} {}/{}", sample.forge, sample.owner, sample.name);
    let app = &world.server.app;
    let (row, workflows) =
        finished(app, project, sha).await.with_context(|| format!("{name} is not green"))?;
    let contexts = workflows
        .iter()
        .flat_map(|workflow| workflow.jobs.iter().map(move |job| (workflow, job)))
        .map(|(workflow, job)| {
            let (workflow, name) = (workflow.name.as_str(), job.name.as_str());
            let named = Named { kind: job.kind, workflow, job: name };
            status_name::of_job(&app.settings.status_prefix, named)
        });
    let statuses = green(world, sample, sha, &contexts.collect::<Vec<_>>())
        .await
        .with_context(|| format!("{name} is not green"))?;
    let last = statuses.iter().map(|status| status.at).max().unwrap_or(pushed_at);
    let mut phases = vec![Phase { name: "push accepted", at: pushed_at }];
    phases.extend(phases_of(app, &row, &workflows).await?);
    phases.push(Phase { name: "commit status green", at: last });
    Ok(Timeline { pipeline: row.id, number: row.number, phases, statuses })
}

/// Waits until all workflows of a commit have succeeded.
async fn finished(
    app: &App,
    project: ProjectId,
    sha: &CommitSha,
) -> Result<(PipelineRow, Vec<WorkflowRow>)> {
    let deadline = Instant::now() + TIMEOUT;
    let (row, workflows) = loop {
        if let Some((row, workflows)) = find(app, project, sha).await? {
            if row.status == PipelineStatus::Errored {
                bail!("the configuration was refused: {}", row.errors.join("; "));
            }
            let is_over = !workflows.is_empty()
                && workflows.iter().all(|workflow| workflow.status.is_final());
            if is_over {
                break (row, workflows);
            }
        }
        if Instant::now() > deadline {
            bail!("the pipeline did not end within {TIMEOUT:?}");
        }
        tokio::time::sleep(LOOK).await;
    };
    match workflows.iter().find(|workflow| workflow.status != WorkflowStatus::Success) {
        None => Ok((row, workflows)),
        Some(workflow) => {
            bail!(
                "the workflow `{}` ended as {}{}",
                workflow.name,
                workflow.status,
                blame(workflow)
            )
        }
    }
}

/// Waits until every context of a commit is green at the forge.
async fn green(
    world: &World,
    sample: &Sample,
    sha: &CommitSha,
    contexts: &[String],
) -> Result<Vec<Status>> {
    let Sample { forge, owner, name, .. } = *sample;
    let found = world
        .forge
        .wait_for_statuses(
            forge,
            CommitName { owner, repository: name, sha: sha.as_str() },
            TIMEOUT,
            |statuses| {
                contexts.iter().all(|context| {
                    statuses
                        .iter()
                        .any(|status| status.context == *context && status.state.is_green())
                })
            },
        )
        .await;
    let pending: Vec<_> = found.iter().filter(|status| !status.state.is_green()).collect();
    if found.len() < contexts.len() || !pending.is_empty() {
        bail!("the forge has other statuses: {pending:?}");
    }
    let found = found.into_iter().map(|status| Status {
        context: status.context,
        description: status.description,
        at: status.created_at,
    });
    Ok(found.collect())
}

fn blame(workflow: &WorkflowRow) -> String {
    let mut text = String::new();
    for job in workflow.jobs.iter().filter(|job| job.status != JobStatus::Success) {
        let reason = job.reason.as_deref().unwrap_or_default();
        // Writing to a string cannot fail.
        let _infallible = write!(text, "; `{}`: {} {reason}", job.name, job.status);
    }
    text
}

async fn find(
    app: &App,
    project: ProjectId,
    sha: &CommitSha,
) -> Result<Option<(PipelineRow, Vec<WorkflowRow>)>> {
    let filter = PipelineFilter { projects: Some(vec![project]), ..PipelineFilter::default() };
    let pipelines = app.store.pipelines(&filter, 20).await?;
    Ok(pipelines.into_iter().find(|(row, _)| row.sha == *sha))
}

/// When a pipeline and its first job reached which phase.
async fn phases_of(app: &App, row: &PipelineRow, workflows: &[WorkflowRow]) -> Result<Vec<Phase>> {
    let mut phases = Vec::new();
    let mut reach = |name, at: Option<Timestamp>| phases.extend(at.map(|at| Phase { name, at }));
    if let Some(id) = row.delivery {
        let delivery = app.store.delivery(id).await?.context("a delivery vanished")?;
        reach("delivery stored", Some(delivery.received_at));
    }
    let jobs = || workflows.iter().flat_map(|workflow| &workflow.jobs);
    reach("pipeline compiled", jobs().filter_map(|job| job.queued_at).min());
    let first = jobs()
        .filter_map(|job| Some((job.started_at?, job.id)))
        .min_by_key(|(started_at, _)| *started_at);
    if let Some((started_at, id)) = first {
        reach("job claimed", Some(started_at));
        let steps = app.store.steps(id).await?;
        let spin_up = steps.iter().find(|step| step.number == 0);
        reach("environment ready", spin_up.and_then(|step| step.ended_at));
        if let Some(step) = steps
            .iter()
            .filter(|step| step.number > 100)
            .min_by_key(|step| (step.started_at, step.number))
        {
            let log = LogKey { job: id, task: step.task, step: step.number };
            let log = app.store.read_log(log, 0, 1).await?;
            reach("first output", log.times.first().map(|(_, at)| *at));
        }
    }
    reach("last job finished", jobs().filter_map(|job| job.stopped_at).max());
    Ok(phases)
}
