//! The whole machine: a pipeline and an event in, what follows out.
//!
//! Effects and reasons are derived by comparing the pipeline before and after: no branch of the code
//! can forget one, because no branch names one. A change that would break an invariant is not answered
//! at all, so it cannot be saved.

use std::collections::{BTreeSet, HashMap};

use roundel_model::{
    id::{JobId, WorkflowId},
    status::{JobStatus, Outcome, PipelineStatus, StepStatus, WorkflowStatus},
    time::Timestamp,
};

use crate::{
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
    /// What has to be done outside. None twice.
    pub effects: Vec<Effect>,
    /// For people, where an outcome is not plain from the steps.
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

/// What people read on a job whose runner is lost.
const LOST_RUNNER: &str = "the runner stopped responding, so it is unknown how far the job came; \
                           to try again, push a commit or trigger the pipeline again";

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
    let effects = effects(pipeline, &next);
    invariants::check(&next)
        .and_then(|()| invariants::check_change(pipeline, &next, &effects))
        .map_err(|broken| IllegalEvent::Invariant { event: event.name(), broken })?;
    let reasons = reasons(pipeline, &next, event);
    let abandoned = abandoned(pipeline, &next, event);
    Ok(Transition::To(Next { pipeline: next, effects, reasons, abandoned }))
}

/// Derives what has to be done outside.
fn effects(before: &Pipeline, after: &Pipeline) -> Vec<Effect> {
    let mut effects = BTreeSet::new();
    if before.status != after.status && after.status == PipelineStatus::Errored {
        effects.insert(Effect::ReportConfigError);
        effects.insert(Effect::AnnounceConfigError);
    }
    let old_jobs = jobs_by_id(before);
    let old_workflows: HashMap<WorkflowId, WorkflowStatus> =
        before.workflows.iter().map(|workflow| (workflow.id, workflow.status)).collect();
    for workflow in &after.workflows {
        for job in &workflow.jobs {
            let old = old_jobs.get(&job.id).map_or(JobStatus::Blocked, |old| old.status.public());
            effects_of_job(job.id, old, job.status.public(), &mut effects);
        }
        let is_new = old_workflows.get(&workflow.id) != Some(&workflow.status);
        if is_new && (workflow.status.is_final() || workflow.status == WorkflowStatus::OnHold) {
            effects.insert(Effect::AnnounceWorkflow(workflow.id));
        }
    }
    effects.into_iter().collect()
}

/// A job that waits for others, or that never ran, has no commit status (`VCS` §2.10). One that was
/// canceled before it could run had none to replace.
fn effects_of_job(id: JobId, old: JobStatus, new: JobStatus, effects: &mut BTreeSet<Effect>) {
    if old == new || new == JobStatus::Blocked || new == JobStatus::NotRun {
        return;
    }
    if old == JobStatus::Blocked && new == JobStatus::Canceled {
        return;
    }
    effects.insert(Effect::ReportJob(id));
    if new == JobStatus::NotRunning {
        effects.insert(Effect::OfferToRunners(id));
    }
}

/// Derives why jobs ended as they did. A task that is lost explains its job even while others run on:
/// the job will end as our fault, and by then it is unknown why.
fn reasons(before: &Pipeline, after: &Pipeline, event: &Event) -> Vec<Reason> {
    let reported = if let Event::Finished { job, reason: Some(text), .. } = event {
        Some(Reason { job: *job, text: text.clone() })
    } else {
        None
    };
    let old = jobs_by_id(before);
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
    reported.into_iter().chain(jobs(after).filter_map(reason)).collect()
}

/// Derives which tasks ended without an outcome from their runner.
fn abandoned(before: &Pipeline, after: &Pipeline, event: &Event) -> Vec<Abandoned> {
    let finished =
        if let Event::Finished { job, task, .. } = event { Some((*job, *task)) } else { None };
    let old = jobs_by_id(before);
    let mut abandoned = Vec::new();
    for job in jobs(after) {
        let Some(old) = old.get(&job.id) else { continue };
        let steps = if job.status == Status::Ended(Outcome::Canceled) {
            StepStatus::Canceled
        } else {
            StepStatus::InfrastructureFail
        };
        let of_job = lost_tasks(old, job).filter(|task| finished != Some((job.id, *task)));
        abandoned.extend(of_job.map(|task| Abandoned { job: job.id, task, steps }));
    }
    abandoned
}

/// The tasks that ran and no longer do.
fn lost_tasks<'a>(before: &'a Job, after: &'a Job) -> impl Iterator<Item = u32> + 'a {
    let (now, then) = (running_tasks(after), running_tasks(before));
    let ran = then.iter().zip(0..).enumerate();
    ran.filter(|(_, (task, _))| matches!(task, TaskStatus::Running { .. }))
        .filter(|(position, _)| !matches!(now.get(*position), Some(TaskStatus::Running { .. })))
        .map(|(_, (_, index))| index)
}

fn running_tasks(job: &Job) -> &[TaskStatus] {
    if let Status::Running { tasks } = &job.status { tasks } else { &[] }
}

fn jobs(pipeline: &Pipeline) -> impl Iterator<Item = &Job> {
    pipeline.workflows.iter().flat_map(|workflow| &workflow.jobs)
}

fn jobs_by_id(pipeline: &Pipeline) -> HashMap<JobId, &Job> {
    jobs(pipeline).map(|job| (job.id, job)).collect()
}
