//! A workflow: the order of its jobs and the roll-up of their statuses.
//!
//! A job that waits is released, or skipped, as soon as that is certain: `settle` runs to a fixed
//! point after every change. The status of the workflow is never set, only rolled up from its jobs
//! ([`roll_up`], `RUN` §1.3).

use std::collections::HashMap;

use roundel_model::{
    id::{JobId, WorkflowId},
    name::WorkflowName,
    status::{Outcome, WorkflowStatus},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{
    event::NewWorkflow,
    illegal::IllegalEvent,
    job::{self, Change, Job, JobEvent, Status},
};

/// One workflow of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workflow {
    pub id: WorkflowId,
    pub name: WorkflowName,
    /// The roll-up of its jobs (`RUN` §1.3).
    pub status: WorkflowStatus,
    /// It was canceled as a whole.
    pub cancel_requested: bool,
    /// In the order of the file.
    pub jobs: Vec<Job>,
}

impl Workflow {
    /// Makes a workflow that has just begun: what needs nothing is ready.
    pub(crate) fn begin(new: &NewWorkflow, now: Timestamp) -> Result<Self, IllegalEvent> {
        let jobs = new
            .jobs
            .iter()
            .map(|job| Job {
                id: job.id,
                name: job.plan.name.clone(),
                kind: job.kind(),
                needs: job.needs.clone(),
                missing_contexts: job.missing_contexts.clone(),
                status: Status::Blocked,
            })
            .collect();
        let mut workflow = Self {
            id: new.id,
            name: new.name.clone(),
            status: WorkflowStatus::Running,
            cancel_requested: false,
            jobs,
        };
        workflow.settle(now)?;
        Ok(workflow)
    }

    /// Applies an event to one of its jobs. Returns whether anything changed.
    pub(crate) fn in_job(
        &mut self,
        id: JobId,
        event: JobEvent,
        now: Timestamp,
    ) -> Result<bool, IllegalEvent> {
        let job = self.jobs.iter_mut().find(|job| job.id == id);
        let job = job.ok_or(IllegalEvent::Protocol {
            event: event.name(),
            status: None,
            reason: "there is no such job",
        })?;
        match job::advance(job.kind, &job.status, event, now)? {
            Change::Ignored => Ok(false),
            Change::To(next) => {
                job.status = next;
                self.settle(now)?;
                Ok(true)
            }
        }
    }

    /// Ends everything that has not ended. Returns whether anything changed.
    pub(crate) fn cancel(&mut self, now: Timestamp) -> Result<bool, IllegalEvent> {
        if self.status.is_final() {
            return Ok(false);
        }
        self.cancel_requested = true;
        // All at once, before anything settles: no job may start because another was canceled.
        for job in &mut self.jobs {
            if let Change::To(next) = job::advance(job.kind, &job.status, JobEvent::Canceled, now)?
            {
                job.status = next;
            }
        }
        self.settle(now)?;
        Ok(true)
    }

    /// Lets time pass. Returns whether anything changed.
    pub(crate) fn tick(&mut self, now: Timestamp) -> Result<bool, IllegalEvent> {
        let mut changed = false;
        for job in &mut self.jobs {
            if let Change::To(next) = job::advance(job.kind, &job.status, JobEvent::Tick, now)? {
                job.status = next;
                changed = true;
            }
        }
        if changed {
            self.settle(now)?;
        }
        Ok(changed)
    }

    /// Releases, or skips, every job whose needs are decided, until nothing is left to decide.
    fn settle(&mut self, now: Timestamp) -> Result<(), IllegalEvent> {
        loop {
            let ended: HashMap<JobId, Outcome> = self
                .jobs
                .iter()
                .filter_map(|job| match job.status {
                    Status::Ended(outcome) => Some((job.id, outcome)),
                    Status::Blocked
                    | Status::NotRunning
                    | Status::Running { .. }
                    | Status::OnHold => None,
                })
                .collect();
            let mut changed = false;
            for job in &mut self.jobs {
                let Some(event) = decide(job, &ended) else { continue };
                if let Change::To(next) = job::advance(job.kind, &job.status, event, now)? {
                    job.status = next;
                    changed = true;
                }
            }
            if !changed {
                self.status = roll_up(&self.jobs);
                return Ok(());
            }
        }
    }
}

/// Returns the next event of a job that waits, if it is certain. One outcome that does not meet a need is
/// enough to skip it; it does not wait for the others (`RUN` §1.5). What is missing counts only once
/// everything is met: until then it is unknown whether the job is to run at all (`RUN` §7.2).
fn decide(job: &Job, ended: &HashMap<JobId, Outcome>) -> Option<JobEvent> {
    if job.status != Status::Blocked {
        return None;
    }
    let mut all_met = true;
    for need in &job.needs {
        match ended.get(&need.job) {
            Some(&outcome) if need.is_met_by(outcome) => {}
            Some(_) => return Some(JobEvent::Skipped),
            None => all_met = false,
        }
    }
    let ready = if job.missing_contexts.is_empty() { JobEvent::Ready } else { JobEvent::Denied };
    all_met.then_some(ready)
}

/// Rolls the statuses of jobs up into that of their workflow (`RUN` §1.3).
///
/// A job that is blocked counts neither as active nor as holding: it waits for one that is either.
/// (Why it does not count as active: `docs/decisions/0004-blocked-is-not-active.md`.)
pub fn roll_up(jobs: &[Job]) -> WorkflowStatus {
    let any = |test: fn(&Status) -> bool| jobs.iter().any(|job| test(&job.status));
    let active = any(|status| matches!(status, Status::NotRunning | Status::Running { .. }));
    let holding = any(|status| matches!(status, Status::OnHold));
    let canceled = any(|status| matches!(status, Status::Ended(Outcome::Canceled)));
    let unauthorized = any(|status| matches!(status, Status::Ended(Outcome::Unauthorized)));
    let success = any(|status| matches!(status, Status::Ended(Outcome::Success)));
    let bad = any(|status| {
        matches!(
            status,
            Status::Ended(Outcome::Failed | Outcome::Timedout | Outcome::InfrastructureFail)
        )
    });

    match (active, holding) {
        (true, _) | (false, true) if bad || unauthorized => WorkflowStatus::Failing,
        (true, _) => WorkflowStatus::Running,
        (false, true) => WorkflowStatus::OnHold,
        (false, false) if canceled => WorkflowStatus::Canceled,
        (false, false) if bad => WorkflowStatus::Failed,
        (false, false) if unauthorized => WorkflowStatus::Unauthorized,
        (false, false) if success => WorkflowStatus::Success,
        (false, false) => WorkflowStatus::NotRun,
    }
}
