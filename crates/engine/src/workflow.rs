//! A workflow: the order of its jobs and the roll-up of their statuses.

use roundel_model::{id::WorkflowId, name::WorkflowName, status::WorkflowStatus};
use serde::{Deserialize, Serialize};

use crate::job::Job;

/// One workflow of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workflow {
    /// Its id.
    pub id: WorkflowId,
    /// Its name.
    pub name: WorkflowName,
    /// What it is doing: the roll-up of its jobs (`RUN` §1.3).
    pub status: WorkflowStatus,
    /// Somebody asked to cancel it.
    pub cancel_requested: bool,
    /// Its jobs, in the order of the file.
    pub jobs: Vec<Job>,
}
