//! The whole machine: a pipeline and an event in, what follows out.
//!
//! Effects and reasons are derived by comparing the pipeline before and after, so no code path has to
//! remember them. A change that would break an invariant is not answered
//! at all, so it cannot be saved.

use roundel_model::{
    id::JobId,
    status::{Outcome, StepStatus},
    time::Timestamp,
};

use crate::{
    effects,
    event::{Effect, Event},
    illegal::IllegalEvent,
    invariants,
    job::{Job, Status, TaskStatus},
    pipeline::Pipeline,
};

/// What an event leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transition {
    /// The pipeline changes.
    To(Next),
    /// A late or repeated event: nothing changes.
    Ignored,
}

/// The pipeline as it then is, and what comes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    pub pipeline: Pipeline,
    /// The effects that have to be delivered outside, each once.
    pub effects: Vec<Effect>,
    /// For display, where an outcome is not clear from the steps.
    pub reasons: Vec<Reason>,
    /// Tasks that ended without an outcome from their runner. Nothing else will end their steps.
    pub abandoned: Vec<Abandoned>,
}

/// Why a job ended as it did, in one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub job: JobId,
    pub text: String,
}

/// A task that ended without an outcome from its runner, and how its running steps end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abandoned {
    pub job: JobId,
    pub task: u32,
    pub steps: StepStatus,
}

/// The reason on a job whose runner is lost.
const LOST_RUNNER: &str = "the runner and the server lost contact for too long, so it is unknown how far \
                           the job came; to try again, push a commit or trigger the pipeline again";

/// Applies one event to a pipeline.
///
/// # Errors
///
/// [`IllegalEvent`] says whose mistake it is. The pipeline is as it was.
pub fn advance(
    pipeline: &Pipeline,
    event: &Event,
    now: Timestamp,
) -> Result<Transition, IllegalEvent> {
    let mut next = pipeline.clone();
    if !next.apply(event, now)? {
        return Ok(Transition::Ignored);
    }
    let effects = effects::of_change(pipeline, &next);
    invariants::check(&next)
        .and_then(|()| invariants::check_change(pipeline, &next, &effects))
        .map_err(|broken| IllegalEvent::Invariant { event: event.name(), broken })?;
    let reasons = reasons(pipeline, &next, event);
    let abandoned = abandoned(pipeline, &next, event);
    Ok(Transition::To(Next { pipeline: next, effects, reasons, abandoned }))
}

/// Derives why jobs ended as they did. A task that is lost explains its job even while others run on:
/// the job will end as our fault, and by then it is unknown why.
fn reasons(before: &Pipeline, after: &Pipeline, event: &Event) -> Vec<Reason> {
    let reported = if let Event::Finished { job, reason: Some(text), .. } = event {
        Some(Reason { job: *job, text: text.clone() })
    } else {
        None
    };
    let old = before.jobs_by_id();
    let reason = |job: &Job| {
        let text = match (&job.status, event) {
            (Status::Ended(Outcome::Unauthorized), _) => job.why_unauthorized(),
            (_, Event::Tick) if lost_tasks(old.get(&job.id)?, job).next().is_some() => {
                LOST_RUNNER.to_owned()
            }
            _ => return None,
        };
        let changed = old.get(&job.id).is_none_or(|old| old.status != job.status);
        changed.then_some(Reason { job: job.id, text })
    };
    reported.into_iter().chain(after.jobs().filter_map(reason)).collect()
}

/// Derives which tasks ended without an outcome from their runner.
fn abandoned(before: &Pipeline, after: &Pipeline, event: &Event) -> Vec<Abandoned> {
    let reported =
        if let Event::Finished { job, task, .. } = event { Some((*job, *task)) } else { None };
    let old = before.jobs_by_id();
    let mut abandoned = Vec::new();
    for job in after.jobs() {
        let Some(old) = old.get(&job.id) else { continue };
        let steps = if job.status == Status::Ended(Outcome::Canceled) {
            StepStatus::Canceled
        } else {
            StepStatus::InfrastructureFail
        };
        let of_job = lost_tasks(old, job).filter(|task| reported != Some((job.id, *task)));
        abandoned.extend(of_job.map(|task| Abandoned { job: job.id, task, steps }));
    }
    abandoned
}

/// The tasks that ran and no longer do.
fn lost_tasks<'a>(before: &'a Job, after: &'a Job) -> impl Iterator<Item = u32> + 'a {
    let (after_tasks, before_tasks) = (running_tasks(after), running_tasks(before));
    let ran = before_tasks.iter().zip(0..).enumerate();
    ran.filter(|(_, (task, _))| matches!(task, TaskStatus::Running { .. }))
        .filter(|(position, _)| {
            !matches!(after_tasks.get(*position), Some(TaskStatus::Running { .. }))
        })
        .map(|(_, (_, index))| index)
}

fn running_tasks(job: &Job) -> &[TaskStatus] {
    if let Status::Running { tasks } = &job.status { tasks } else { &[] }
}
