//! The life of one job, from `blocked` to an outcome.

use roundel_model::{
    id::{JobId, LeaseId},
    name::JobName,
    status::{JobStatus, Outcome},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// One job of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Its name.
    pub name: JobName,
    /// What it is.
    pub kind: JobKind,
    /// What it waits for.
    pub needs: Vec<Need>,
    /// Where it is.
    pub status: Status,
}

/// What a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Runs steps, in this many tasks side by side (at least 1).
    Build {
        /// `parallelism`.
        tasks: u32,
    },
    /// Waits for a person.
    Approval,
    /// Succeeds at once.
    NoOp,
}

/// A job that must have ended in one of some ways (`RUN` §1.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// The job.
    pub job: JobId,
    /// The endings that will do.
    pub accepts: Vec<Outcome>,
}

/// Where a job is. Data that a status needs lives in it: no lease without a running task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for what it needs.
    Blocked,
    /// Ready: every task waits for a runner.
    NotRunning,
    /// At least one task was claimed.
    Running {
        /// One for each task.
        tasks: Vec<TaskStatus>,
    },
    /// An approval job that waits for a person.
    OnHold,
    /// It is over.
    Ended(Outcome),
}

/// Where one task of a running job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Waits for a runner.
    Waiting,
    /// A runner has it.
    Running {
        /// Its right.
        lease: LeaseId,
        /// Until when.
        expires_at: Timestamp,
    },
    /// It is over.
    Ended(Outcome),
}

impl Status {
    /// Returns the public word for it.
    pub fn public(&self) -> JobStatus {
        match self {
            Self::Blocked => JobStatus::Blocked,
            Self::NotRunning => JobStatus::NotRunning,
            Self::Running { .. } => JobStatus::Running,
            Self::OnHold => JobStatus::OnHold,
            Self::Ended(outcome) => JobStatus::from(*outcome),
        }
    }
}
