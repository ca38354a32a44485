//! A pipeline: one reading of the configuration and what it started.
//!
//! The unit that changes in one transaction. [`advance`] finds the workflow and job that an event
//! is about, lets them change, and derives what the world is owed by comparing before and after:
//! an effect cannot be forgotten by a branch of the code, for no branch names one.

use std::collections::{BTreeSet, HashMap, HashSet};

use roundel_model::{
    id::{JobId, PipelineId, WorkflowId},
    limits,
    status::{JobStatus, PipelineStatus, WorkflowStatus},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{
    event::{Effect, Event, IllegalEvent, NewJob, NewWorkflow},
    job::{Impossible, JobEvent, Kind, TaskEvent},
    workflow::Workflow,
};

/// A pipeline with everything below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pipeline {
    /// Its id.
    pub id: PipelineId,
    /// What it is doing.
    pub status: PipelineStatus,
    /// Its workflows, in the order of the file.
    pub workflows: Vec<Workflow>,
}

/// What an event leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transition {
    /// The pipeline as it now is, and what the world is owed. No effect twice.
    To(Pipeline, Vec<Effect>),
    /// Late or repeated news: nothing changes.
    Ignored,
}

/// Applies one event to a pipeline, and says what the world is then owed.
///
/// # Errors
///
/// [`IllegalEvent`] if the caller broke the protocol. The pipeline is as it was.
pub fn advance(
    pipeline: &Pipeline,
    event: &Event,
    now: Timestamp,
) -> Result<Transition, IllegalEvent> {
    let mut next = pipeline.clone();
    let changed = apply(&mut next, event, now)
        .map_err(|reason| IllegalEvent { event: event.name(), reason: reason.to_owned() })?;
    if !changed {
        return Ok(Transition::Ignored);
    }
    let effects = owed(pipeline, &next);
    Ok(Transition::To(next, effects))
}

/// Changes the pipeline in place. Tells whether anything changed.
fn apply(pipeline: &mut Pipeline, event: &Event, now: Timestamp) -> Result<bool, Impossible> {
    match event {
        Event::Compiled { workflows } => compiled(pipeline, workflows, now),
        Event::CompileFailed => {
            let is_pending = pipeline.status == PipelineStatus::Pending;
            if is_pending {
                pipeline.status = PipelineStatus::Errored;
            }
            Ok(is_pending)
        }
        &Event::Claimed { job, task, lease, expires_at } => {
            let event = TaskEvent::Claimed { lease, expires_at };
            in_job(pipeline, job, JobEvent::Task { index: task, event }, now)
        }
        &Event::Renewed { job, task, lease, expires_at } => {
            let event = TaskEvent::Renewed { lease, expires_at };
            in_job(pipeline, job, JobEvent::Task { index: task, event }, now)
        }
        &Event::Finished { job, task, lease, outcome } => {
            let event = TaskEvent::Finished { lease, outcome };
            in_job(pipeline, job, JobEvent::Task { index: task, event }, now)
        }
        &Event::Approved { job } => in_job(pipeline, job, JobEvent::Approved, now),
        &Event::JobCanceled { job } => in_job(pipeline, job, JobEvent::Canceled, now),
        &Event::WorkflowCanceled { workflow } => in_workflow(pipeline, workflow)?.cancel(now),
        Event::Tick => {
            let mut changed = false;
            for workflow in &mut pipeline.workflows {
                changed |= workflow.tick(now)?;
            }
            Ok(changed)
        }
    }
}

/// A crash may make the server compile twice: the second time changes nothing.
fn compiled(
    pipeline: &mut Pipeline,
    workflows: &[NewWorkflow],
    now: Timestamp,
) -> Result<bool, Impossible> {
    if pipeline.status != PipelineStatus::Pending {
        return Ok(false);
    }
    check(workflows)?;
    pipeline.status = PipelineStatus::Created;
    pipeline.workflows =
        workflows.iter().map(|new| Workflow::begin(new.clone(), now)).collect::<Result<_, _>>()?;
    Ok(true)
}

/// Refuses a graph that could never end.
fn check(workflows: &[NewWorkflow]) -> Result<(), Impossible> {
    let jobs = workflows.iter().map(|workflow| workflow.jobs.len()).sum::<usize>();
    if jobs > limits::JOBS_PER_PIPELINE {
        return Err("it has more jobs than a pipeline may have");
    }
    let mut seen = HashSet::new();
    for workflow in workflows {
        for job in &workflow.jobs {
            if !seen.insert(job.id) {
                return Err("two jobs have the same id");
            }
            if matches!(job.kind, Kind::Build { tasks } if tasks == 0 || tasks > limits::PARALLELISM)
            {
                return Err("a build has at least one task, and not more than the limit");
            }
        }
        check_order(&workflow.jobs)?;
    }
    Ok(())
}

/// Takes away, again and again, the jobs that nothing holds back. What is left waits in a circle.
fn check_order(jobs: &[NewJob]) -> Result<(), Impossible> {
    let mut waiting: HashMap<JobId, usize> =
        jobs.iter().map(|job| (job.id, job.needs.len())).collect();
    let mut behind: HashMap<JobId, Vec<JobId>> = HashMap::new();
    for job in jobs {
        for need in &job.needs {
            if !waiting.contains_key(&need.job) {
                return Err("a job needs one that is not in its workflow");
            }
            behind.entry(need.job).or_default().push(job.id);
        }
    }
    let mut free: Vec<JobId> =
        waiting.iter().filter(|(_, needs)| **needs == 0).map(|(id, _)| *id).collect();
    let mut taken = 0;
    while let Some(id) = free.pop() {
        taken += 1;
        for next in behind.get(&id).into_iter().flatten() {
            if let Some(needs) = waiting.get_mut(next) {
                *needs -= 1;
                if *needs == 0 {
                    free.push(*next);
                }
            }
        }
    }
    if taken == jobs.len() { Ok(()) } else { Err("jobs wait for each other in a circle") }
}

fn in_workflow(pipeline: &mut Pipeline, id: WorkflowId) -> Result<&mut Workflow, Impossible> {
    pipeline
        .workflows
        .iter_mut()
        .find(|workflow| workflow.id == id)
        .ok_or("there is no such workflow")
}

fn in_job(
    pipeline: &mut Pipeline,
    id: JobId,
    event: JobEvent,
    now: Timestamp,
) -> Result<bool, Impossible> {
    pipeline
        .workflows
        .iter_mut()
        .find(|workflow| workflow.jobs.iter().any(|job| job.id == id))
        .ok_or("there is no such job")?
        .in_job(id, event, now)
}

/// Says what the world is owed, by comparing before and after.
fn owed(before: &Pipeline, after: &Pipeline) -> Vec<Effect> {
    let mut effects = BTreeSet::new();
    if before.status != after.status && after.status == PipelineStatus::Errored {
        effects.insert(Effect::ReportConfigError);
        effects.insert(Effect::AnnounceConfigError);
    }
    let old_jobs: HashMap<JobId, JobStatus> = before
        .workflows
        .iter()
        .flat_map(|workflow| &workflow.jobs)
        .map(|job| (job.id, job.status.public()))
        .collect();
    let old_workflows: HashMap<WorkflowId, WorkflowStatus> =
        before.workflows.iter().map(|workflow| (workflow.id, workflow.status)).collect();

    for workflow in &after.workflows {
        for job in &workflow.jobs {
            let old = old_jobs.get(&job.id).copied().unwrap_or(JobStatus::Blocked);
            job_owes(job.id, old, job.status.public(), &mut effects);
        }
        let is_news = old_workflows.get(&workflow.id) != Some(&workflow.status);
        if is_news && (workflow.status.is_final() || workflow.status == WorkflowStatus::OnHold) {
            effects.insert(Effect::AnnounceWorkflow(workflow.id));
        }
    }
    effects.into_iter().collect()
}

/// A job that waits for others, or that never ran, has no mark on the commit (`VCS` §2.10). One that
/// was canceled before it could run had none to replace.
fn job_owes(id: JobId, old: JobStatus, new: JobStatus, effects: &mut BTreeSet<Effect>) {
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

impl Event {
    /// Returns its name, for messages.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Compiled { .. } => "compiled",
            Self::CompileFailed => "compile_failed",
            Self::Claimed { .. } => "claimed",
            Self::Renewed { .. } => "renewed",
            Self::Finished { .. } => "finished",
            Self::Approved { .. } => "approved",
            Self::WorkflowCanceled { .. } => "workflow_canceled",
            Self::JobCanceled { .. } => "job_canceled",
            Self::Tick => "tick",
        }
    }
}
