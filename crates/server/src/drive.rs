//! The one door: every change of a status goes through [`apply`].
//!
//! Load, let the engine decide, save the result with what the world is then owed: one transaction.
//! What follows after it (bells, news, steps that nobody will end) may be lost in a crash without
//! harm: the loops look for themselves, pages read the rows.

use roundel_engine::{Effect, Event, IllegalEvent, Pipeline, Transition, invariants};
use roundel_model::{
    id::{JobId, PipelineId},
    status::{JobStatus, StepStatus},
    time::Timestamp,
};
use roundel_store::{
    StoreError,
    pipelines::{Attachments, Decision},
};

use crate::{app::App, live::News};

/// What people read on a job whose runner vanished.
const LOST_RUNNER: &str = "the runner that had this job stopped answering, and nobody can know how far it came; \
                           rerun the workflow to try again";

/// Why an event was not applied.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// The store could not load or save; nothing was changed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine calls the event impossible; nothing was changed.
    #[error(transparent)]
    Illegal(#[from] IllegalEvent),
}

/// What came of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It was news, and is saved.
    Changed,
    /// It was late or repeated.
    Ignored,
}

/// Loads a pipeline, lets the engine decide, saves the result and what the world is owed in one
/// transaction, and rings the bells.
///
/// # Errors
///
/// [`DriveError`]; the pipeline is then as it was.
pub async fn apply(
    app: &App,
    pipeline: PipelineId,
    event: &Event,
    attachments: Attachments,
    now: Timestamp,
) -> Result<Applied, DriveError> {
    let mut saved = None;
    let decided = app
        .store
        .change(pipeline, now, |before| {
            Ok::<_, IllegalEvent>(match roundel_engine::advance(before, event, now)? {
                Transition::Ignored => Decision::Leave,
                Transition::To(next, effects) => {
                    guard(before, &next, &effects, event)?;
                    let abandoned = abandoned_jobs(before, &next, event);
                    let mut attachments = attachments;
                    explain(&abandoned, &mut attachments);
                    saved = Some(Saved { abandoned, effects: effects.clone() });
                    Decision::Save { next, effects, attachments }
                }
            })
        })
        .await?;
    decided?;
    let Some(saved) = saved else { return Ok(Applied::Ignored) };

    let renewal = matches!(event, Event::Renewed { .. });
    tracing::debug!(pipeline.id = %pipeline, event = event.name(), "a pipeline changed");
    for (job, status) in saved.abandoned {
        if let Err(error) = app.store.end_running_steps(job, step_status(status), now).await {
            tracing::warn!(job.id = %job, %error, "could not end the steps of an ended job");
        }
    }
    if saved.effects.iter().any(|effect| matches!(effect, Effect::OfferToRunners(_))) {
        app.nudges.offer.notify_waiters();
    }
    if !saved.effects.is_empty() {
        app.nudges.deliver.notify_one();
    }
    if !renewal {
        tell(app, pipeline).await;
    }
    Ok(Applied::Changed)
}

/// Refuses to save what breaks an invariant. A bug of ours then costs one event, not the truth of a
/// mark; the log says which invariant it was.
fn guard(
    before: &Pipeline,
    after: &Pipeline,
    effects: &[Effect],
    event: &Event,
) -> Result<(), IllegalEvent> {
    invariants::check(after)
        .and_then(|()| invariants::check_change(before, after, effects))
        .map_err(|reason| {
            tracing::error!(pipeline.id = %after.id, event = event.name(), %reason, "an invariant would break");
            IllegalEvent { event: event.name(), reason }
        })
}

struct Saved {
    abandoned: Vec<(JobId, JobStatus)>,
    effects: Vec<Effect>,
}

/// Lists the jobs that ended without a word of their runner: nobody else will end their steps.
fn abandoned_jobs(before: &Pipeline, after: &Pipeline, event: &Event) -> Vec<(JobId, JobStatus)> {
    let without_runner =
        matches!(event, Event::Tick | Event::WorkflowCanceled { .. } | Event::JobCanceled { .. });
    if !without_runner {
        return Vec::new();
    }
    let ran: Vec<JobId> = jobs(before)
        .filter(|(_, status)| *status == JobStatus::Running)
        .map(|(id, _)| id)
        .collect();
    jobs(after).filter(|(id, status)| status.is_final() && ran.contains(id)).collect()
}

fn jobs(pipeline: &Pipeline) -> impl Iterator<Item = (JobId, JobStatus)> {
    pipeline
        .workflows
        .iter()
        .flat_map(|workflow| &workflow.jobs)
        .map(|job| (job.id, job.status.public()))
}

fn explain(abandoned: &[(JobId, JobStatus)], attachments: &mut Attachments) {
    for (job, status) in abandoned {
        if *status == JobStatus::InfrastructureFail {
            attachments.reasons.push((*job, LOST_RUNNER.to_owned()));
        }
    }
}

fn step_status(job: JobStatus) -> StepStatus {
    if job == JobStatus::Canceled { StepStatus::Canceled } else { StepStatus::InfrastructureFail }
}

/// Tells open pages. Costs nothing while nobody listens.
async fn tell(app: &App, pipeline: PipelineId) {
    if !app.live.has_listeners() {
        return;
    }
    if let Ok(Some(row)) = app.store.pipeline(pipeline).await {
        app.live.tell(News::Pipeline { project: row.project, pipeline });
    }
}
