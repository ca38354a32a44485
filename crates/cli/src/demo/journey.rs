//! A push on its way to the green mark: following it, and saying when it passed what.

use std::{fmt::Write as _, time::Duration};

use anyhow::{Context as _, Result, bail};
use roundel_model::{
    id::{PipelineId, ProjectId},
    name::CommitSha,
    status::{JobStatus, PipelineStatus, WorkflowStatus},
    time::Timestamp,
};
use roundel_server::App;
use roundel_store::reading::{PipelineFilter, PipelineRow, WorkflowRow};

use super::{sample::Sample, world::World};

/// How long a sample's pipeline may take on a slow machine.
const PATIENCE: Duration = Duration::from_mins(3);
/// How often rows are looked at.
const LOOK: Duration = Duration::from_millis(20);

/// What a push passed, and when.
#[derive(Clone, Debug)]
pub(crate) struct Journey {
    pub(crate) pipeline: PipelineId,
    pub(crate) number: u64,
    /// (what, when), in the order of the story.
    pub(crate) phases: Vec<(&'static str, Timestamp)>,
    /// (context, description) of every mark on the commit.
    pub(crate) marks: Vec<(String, String)>,
}

/// Follows a commit from its push until every mark on it is green.
///
/// # Errors
///
/// If it is not green in time: the reason, as far as it can be told.
pub(crate) async fn follow(
    world: &World,
    sample: &Sample,
    project: ProjectId,
    sha: &CommitSha,
    pushed_at: Timestamp,
) -> Result<Journey> {
    let name = format!("{} {}/{}", sample.forge, sample.owner, sample.name);
    let app = &world.server.app;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let (row, workflows) = loop {
        if let Some((row, workflows)) = find(app, project, sha).await? {
            if row.status == PipelineStatus::Errored {
                bail!("{name}: the configuration was refused: {}", row.errors.join("; "));
            }
            let over = !workflows.is_empty()
                && workflows.iter().all(|workflow| workflow.status.is_final());
            if over {
                break (row, workflows);
            }
        }
        if tokio::time::Instant::now() > deadline {
            bail!("{name}: the pipeline did not end within {PATIENCE:?}");
        }
        tokio::time::sleep(LOOK).await;
    };
    for workflow in &workflows {
        if workflow.status != WorkflowStatus::Success {
            bail!(
                "{name}: the workflow `{}` ended as {}{}",
                workflow.name,
                workflow.status,
                blame(workflow)
            );
        }
    }
    let contexts: Vec<String> = workflows
        .iter()
        .flat_map(|workflow| &workflow.jobs)
        .map(|job| format!("{}: {}", app.settings.status_prefix, job.name))
        .collect();
    let marks = world
        .forge
        .wait_for_statuses(
            sample.forge,
            sample.owner,
            sample.name,
            sha.as_str(),
            PATIENCE,
            |marks| {
                contexts.iter().all(|context| {
                    marks.iter().any(|mark| mark.context == *context && is_green(&mark.state))
                })
            },
        )
        .await;
    let pending: Vec<_> = marks.iter().filter(|mark| !is_green(&mark.state)).collect();
    if marks.len() < contexts.len() || !pending.is_empty() {
        bail!("{name}: the commit is not green: {pending:?}");
    }
    let marked_at = marks.iter().map(|mark| mark.created_at).max().unwrap_or(pushed_at);
    let mut phases = vec![("push accepted", pushed_at)];
    phases.extend(phases_of(app, &row, &workflows).await?);
    phases.push(("commit marked green", marked_at));
    Ok(Journey {
        pipeline: row.id,
        number: row.number,
        phases,
        marks: marks.into_iter().map(|mark| (mark.context, mark.description)).collect(),
    })
}

/// GitHub's word and Bitbucket's.
fn is_green(state: &str) -> bool {
    state.eq_ignore_ascii_case("success") || state.eq_ignore_ascii_case("successful")
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

/// When the first job of a pipeline passed what.
async fn phases_of(
    app: &App,
    row: &PipelineRow,
    workflows: &[WorkflowRow],
) -> Result<Vec<(&'static str, Timestamp)>> {
    let mut phases = Vec::new();
    if let Some(id) = row.delivery {
        let delivery = app.store.delivery(id).await?.context("a delivery vanished")?;
        phases.push(("delivery stored", delivery.received_at));
    }
    let jobs = || workflows.iter().flat_map(|workflow| &workflow.jobs);
    phases.extend(jobs().filter_map(|job| job.queued_at).min().map(|at| ("pipeline compiled", at)));
    let first = jobs()
        .filter_map(|job| Some((job.started_at?, job.id)))
        .min_by_key(|(started_at, _)| *started_at);
    if let Some((started_at, id)) = first {
        phases.push(("job claimed", started_at));
        let steps = app.store.steps(id).await?;
        let spin_up = steps.iter().find(|step| step.number == 0);
        phases.extend(spin_up.and_then(|step| step.ended_at).map(|at| ("environment ready", at)));
        if let Some(step) = steps
            .iter()
            .filter(|step| step.number > 100)
            .min_by_key(|step| (step.started_at, step.number))
        {
            let log = app.store.read_log(id, step.task, step.number, 0, 1).await?;
            phases.extend(log.times.first().map(|(_, at)| ("first output", *at)));
        }
    }
    phases
        .extend(jobs().filter_map(|job| job.stopped_at).max().map(|at| ("last job finished", at)));
    Ok(phases)
}
