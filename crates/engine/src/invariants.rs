//! What must hold after every change, as plain functions. [`advance`](mod@crate::advance) checks every
//! change, so one that breaks an invariant is refused in production as it is in the properties.
//!
//! - **P1** Only a pipeline that was created has workflows. **P2** No job vanishes. **P3** Ids are unique.
//! - **W1** A workflow's status is the roll-up of its jobs. **W2** It is over exactly when they all are.
//!   **W3** It is a success only if none of them is bad. **W4** While it is not over, a job in it can
//!   move. **W5** No job starts before its requirements are met.
//! - **J1** to **J5** are those of a job ([`job`](crate::job)).
//! - **E1** Every status that a forge shows is reported to it. **E2** A job that needs approval is announced
//!   when it begins to, and only then.

use std::collections::HashMap;

use roundel_model::{
    id::JobId,
    status::{JobStatus, Outcome, PipelineStatus, WorkflowStatus},
};

use crate::{
    event::Effect,
    job::{Job, Status, TaskStatus},
    pipeline::Pipeline,
    workflow::{Workflow, roll_up},
};

/// Checks one pipeline by itself.
///
/// # Errors
///
/// The invariant that is broken, in one sentence.
pub fn check(pipeline: &Pipeline) -> Result<(), String> {
    if pipeline.status != PipelineStatus::Created && !pipeline.workflows.is_empty() {
        return Err("P1: only a created pipeline has workflows".to_owned());
    }
    pipeline.workflows.iter().try_for_each(check_workflow)
}

fn check_workflow(workflow: &Workflow) -> Result<(), String> {
    let name = &workflow.name;
    if workflow.status != roll_up(&workflow.jobs) {
        return Err(format!("W1: the status of `{name}` is not the roll-up of its jobs"));
    }
    let all_final = workflow.jobs.iter().all(|job| job.status.public().is_final());
    if workflow.status.is_final() != all_final {
        return Err(format!("W2: `{name}` is over exactly when all its jobs are"));
    }
    let bad = |job: &Job| matches!(job.status, Status::Ended(outcome) if !matches!(outcome, Outcome::Success | Outcome::NotRun));
    if workflow.status == WorkflowStatus::Success && workflow.jobs.iter().any(bad) {
        return Err(format!("W3: `{name}` is green with a job that is not"));
    }
    let moves = |job: &Job| {
        matches!(job.status, Status::NotRunning | Status::Running { .. } | Status::OnHold)
    };
    if !all_final && !workflow.jobs.iter().any(moves) {
        return Err(format!("W4: `{name}` waits, and nothing in it can move"));
    }
    if let Some(job) =
        workflow.jobs.iter().find(|job| moves(job) && !job.missing_contexts.is_empty())
    {
        return Err(format!("J4: `{}` runs although a context of it does not exist", job.name));
    }
    let ended: HashMap<JobId, &Status> =
        workflow.jobs.iter().map(|job| (job.id, &job.status)).collect();
    for job in workflow.jobs.iter().filter(|job| moves(job)) {
        for need in &job.needs {
            match ended.get(&need.job) {
                Some(Status::Ended(outcome)) if need.is_met_by(*outcome) => {}
                _ => return Err(format!("W5: `{}` went ahead of what it needs", job.name)),
            }
        }
    }
    Ok(())
}

/// Checks a change: what was, and what is.
///
/// # Errors
///
/// The invariant that is broken, in one sentence.
pub fn check_change(before: &Pipeline, after: &Pipeline, effects: &[Effect]) -> Result<(), String> {
    let old: HashMap<JobId, &Job> = before
        .workflows
        .iter()
        .flat_map(|workflow| &workflow.jobs)
        .map(|job| (job.id, job))
        .collect();
    for job in after.workflows.iter().flat_map(|workflow| &workflow.jobs) {
        let was = old.get(&job.id).map_or(&Status::Blocked, |job| &job.status);
        check_job(job, was, effects)?;
    }
    let kept = after.workflows.iter().flat_map(|workflow| &workflow.jobs).count();
    if kept < old.len() {
        return Err("P2: a job vanished".to_owned());
    }
    Ok(())
}

fn check_job(job: &Job, was: &Status, effects: &[Effect]) -> Result<(), String> {
    let name = &job.name;
    if matches!(was, Status::Ended(_)) && *was != job.status {
        return Err(format!("J1: the outcome of `{name}` changed"));
    }
    if let (Status::Running { tasks: old }, Status::Running { tasks: new }) = (was, &job.status) {
        for (old, new) in old.iter().zip(new) {
            let claimed_again = match (old, new) {
                (TaskStatus::Running { lease: a, .. }, TaskStatus::Running { lease: b, .. }) => {
                    a != b
                }
                (TaskStatus::Running { .. } | TaskStatus::Ended(_), TaskStatus::Waiting)
                | (TaskStatus::Ended(_), TaskStatus::Running { .. }) => true,
                (TaskStatus::Waiting, _) | (_, TaskStatus::Ended(_)) => false,
            };
            if claimed_again {
                return Err(format!("J2: a task of `{name}` could be claimed twice"));
            }
        }
    }
    let shown = |status: &Status| {
        let public = status.public();
        (public != JobStatus::Blocked && public != JobStatus::NotRun).then_some(public)
    };
    let never_shown = *was == Status::Blocked && job.status == Status::Ended(Outcome::Canceled);
    if shown(was) != shown(&job.status)
        && shown(&job.status).is_some()
        && !never_shown
        && !effects.contains(&Effect::ReportJob(job.id))
    {
        return Err(format!("E1: `{name}` is not reported to the forge"));
    }
    let begins_to_wait = job.status == Status::OnHold && *was != Status::OnHold;
    if begins_to_wait != effects.contains(&Effect::AnnounceApproval(job.id)) {
        return Err(format!(
            "E2: the approval of `{name}` is not announced when it begins to wait"
        ));
    }
    Ok(())
}
