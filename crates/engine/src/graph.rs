//! Whether the workflows of a configuration can run at all: checked before they begin.

use std::collections::{HashMap, HashSet};

use roundel_model::{id::JobId, limits};

use crate::{
    event::{Event, NewJob, NewWorkflow},
    illegal::{BadGraph, IllegalEvent},
    job::Kind,
};

/// Refuses workflows that could never end, or that are too large.
pub(crate) fn check(workflows: &[NewWorkflow], event: &Event) -> Result<(), IllegalEvent> {
    let (jobs, limit) = (workflows.iter().map(|it| it.jobs.len()).sum(), limits::JOBS_PER_PIPELINE);
    if jobs > limit {
        return Err(BadGraph::TooManyJobs { jobs, limit }.into());
    }
    let mut seen = HashSet::new();
    for workflow in workflows {
        for job in &workflow.jobs {
            if !seen.insert(job.id) {
                let broken = "P3: two jobs have the same id".to_owned();
                return Err(IllegalEvent::Invariant { event: event.name(), broken });
            }
            check_tasks(job)?;
        }
        check_order(&workflow.jobs)?;
    }
    Ok(())
}

fn check_tasks(job: &NewJob) -> Result<(), BadGraph> {
    let limit = limits::PARALLELISM;
    match job.kind() {
        Kind::Build { tasks } if !(1..=limit).contains(&tasks) => {
            Err(BadGraph::Parallelism { job: job.plan.name.clone(), tasks, limit })
        }
        Kind::Build { .. } | Kind::Approval | Kind::NoOp => Ok(()),
    }
}

/// Topological sort (Kahn): repeatedly removes jobs without an open requirement. What is left is in a
/// cycle, or waits for one.
fn check_order(jobs: &[NewJob]) -> Result<(), BadGraph> {
    let mut waiting: HashMap<JobId, usize> =
        jobs.iter().map(|job| (job.id, job.needs.len())).collect();
    let mut behind: HashMap<JobId, Vec<JobId>> = HashMap::new();
    for job in jobs {
        for need in &job.needs {
            if !waiting.contains_key(&need.job) {
                return Err(BadGraph::MissingRequirement { job: job.plan.name.clone() });
            }
            behind.entry(need.job).or_default().push(job.id);
        }
    }
    let mut free: Vec<JobId> =
        waiting.iter().filter(|(_, needs)| **needs == 0).map(|(id, _)| *id).collect();
    while let Some(id) = free.pop() {
        waiting.remove(&id);
        for next in behind.get(&id).into_iter().flatten() {
            if let Some(needs) = waiting.get_mut(next) {
                *needs -= 1;
                if *needs == 0 {
                    free.push(*next);
                }
            }
        }
    }
    if waiting.is_empty() {
        return Ok(());
    }
    let stuck = jobs.iter().filter(|job| waiting.contains_key(&job.id));
    Err(BadGraph::Cycle { jobs: stuck.map(|job| job.plan.name.clone()).collect() })
}
