//! A pipeline with everything below it: the unit that changes in one transaction.
//!
//! [`Pipeline::apply`] finds the workflow and the job that an event is about and lets them change.
//! What has to be done outside is not said here: [`advance`](mod@crate::advance) derives it.

use std::collections::HashMap;

use roundel_model::{
    id::{JobId, PipelineId, WorkflowId},
    status::PipelineStatus,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{
    event::{Event, NewWorkflow},
    graph,
    illegal::IllegalEvent,
    job::{Job, JobEvent, TaskEvent},
    workflow::Workflow,
};

/// One run of the configuration: the workflows that one trigger started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pipeline {
    pub id: PipelineId,
    pub status: PipelineStatus,
    /// In the order of the file.
    pub workflows: Vec<Workflow>,
}

impl Pipeline {
    /// All jobs, in the order of the file.
    pub(crate) fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.workflows.iter().flat_map(|workflow| &workflow.jobs)
    }

    pub(crate) fn jobs_by_id(&self) -> HashMap<JobId, &Job> {
        self.jobs().map(|job| (job.id, job)).collect()
    }

    /// Changes it in place. Returns whether anything changed; after an error it may be half changed.
    pub(crate) fn apply(&mut self, event: &Event, now: Timestamp) -> Result<bool, IllegalEvent> {
        match *event {
            Event::Compiled { ref workflows, .. } => self.begin(workflows, event, now),
            Event::CompileFailed { .. } => {
                let is_pending = self.status == PipelineStatus::Pending;
                if is_pending {
                    self.status = PipelineStatus::Errored;
                }
                Ok(is_pending)
            }
            Event::Claimed { job, task, lease, expires_at, .. } => {
                let event = TaskEvent::Claimed { lease, expires_at };
                self.in_job(job, JobEvent::Task { index: task, event }, now)
            }
            Event::Renewed { job, task, lease, expires_at } => {
                let event = TaskEvent::Renewed { lease, expires_at };
                self.in_job(job, JobEvent::Task { index: task, event }, now)
            }
            Event::Finished { job, task, lease, outcome, .. } => {
                let event = TaskEvent::Finished { lease, outcome };
                self.in_job(job, JobEvent::Task { index: task, event }, now)
            }
            Event::Approved { job, .. } => self.in_job(job, JobEvent::Approved, now),
            Event::JobCanceled { job, .. } => self.in_job(job, JobEvent::Canceled, now),
            Event::WorkflowCanceled { workflow, .. } => self.workflow(workflow, event)?.cancel(now),
            Event::Tick => {
                let mut changed = false;
                for workflow in &mut self.workflows {
                    changed |= workflow.tick(now)?;
                }
                Ok(changed)
            }
        }
    }

    /// A crash may make the server compile twice: the second time changes nothing.
    fn begin(
        &mut self,
        workflows: &[NewWorkflow],
        event: &Event,
        now: Timestamp,
    ) -> Result<bool, IllegalEvent> {
        if self.status != PipelineStatus::Pending {
            return Ok(false);
        }
        graph::check(workflows, event)?;
        self.status = PipelineStatus::Created;
        self.workflows =
            workflows.iter().map(|new| Workflow::begin(new, now)).collect::<Result<_, _>>()?;
        Ok(true)
    }

    fn workflow(&mut self, id: WorkflowId, event: &Event) -> Result<&mut Workflow, IllegalEvent> {
        self.workflows.iter_mut().find(|workflow| workflow.id == id).ok_or(IllegalEvent::Protocol {
            event: event.name(),
            status: None,
            reason: "there is no such workflow",
        })
    }

    fn in_job(&mut self, id: JobId, event: JobEvent, now: Timestamp) -> Result<bool, IllegalEvent> {
        let workflow = self.workflows.iter_mut().find(|it| it.jobs.iter().any(|job| job.id == id));
        let workflow = workflow.ok_or(IllegalEvent::Protocol {
            event: event.name(),
            status: None,
            reason: "there is no such job",
        })?;
        workflow.in_job(id, event, now)
    }
}
