//! What can happen, and what the world is owed for it.

use roundel_model::{
    id::{JobId, LeaseId, WorkflowId},
    name::{JobName, WorkflowName},
    status::Outcome,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::job::{Kind, Need};

/// Something that happened to a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Its configuration was compiled. An empty list is fine: nothing is meant to run.
    Compiled {
        /// What it starts.
        workflows: Vec<NewWorkflow>,
    },
    /// Its configuration could not be read or compiled.
    CompileFailed,
    /// A runner takes a task.
    Claimed {
        /// The job.
        job: JobId,
        /// Index of the task.
        task: u32,
        /// The right that it gets.
        lease: LeaseId,
        /// When that ends.
        expires_at: Timestamp,
    },
    /// A runner is still there.
    Renewed {
        /// The job.
        job: JobId,
        /// Index of the task.
        task: u32,
        /// The right that it holds.
        lease: LeaseId,
        /// When that now ends.
        expires_at: Timestamp,
    },
    /// A runner has a verdict.
    Finished {
        /// The job.
        job: JobId,
        /// Index of the task.
        task: u32,
        /// The right that it holds.
        lease: LeaseId,
        /// The verdict.
        outcome: Outcome,
    },
    /// Somebody approved an approval job.
    Approved {
        /// The job.
        job: JobId,
    },
    /// Somebody canceled a workflow.
    WorkflowCanceled {
        /// The workflow.
        workflow: WorkflowId,
    },
    /// Somebody canceled a job.
    JobCanceled {
        /// The job.
        job: JobId,
    },
    /// Time has passed.
    Tick,
}

/// A workflow that is about to exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewWorkflow {
    /// Its id.
    pub id: WorkflowId,
    /// Its name.
    pub name: WorkflowName,
    /// Its jobs.
    pub jobs: Vec<NewJob>,
}

/// A job that is about to exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewJob {
    /// Its id.
    pub id: JobId,
    /// Its name.
    pub name: JobName,
    /// What it is.
    pub kind: Kind,
    /// What it waits for.
    pub needs: Vec<Need>,
}

/// Something that the world is owed. It names what is owed, never what to say: whoever pays reads
/// the row as it then is, so that a slow report cannot paint an old status over a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Tell the forge where a job is.
    ReportJob(JobId),
    /// Tell the forge that there is no plan.
    ReportConfigError,
    /// Wake runners that wait for a task.
    OfferToRunners(JobId),
    /// Tell people that a workflow ended or waits for approval.
    AnnounceWorkflow(WorkflowId),
    /// Tell people that the configuration could not be compiled.
    AnnounceConfigError,
}

/// A caller broke the protocol. The pipeline is as it was: log it and refuse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{event} is not possible: {reason}")]
pub struct IllegalEvent {
    /// Name of the event.
    pub event: &'static str,
    /// Why not, naming the status.
    pub reason: String,
}
