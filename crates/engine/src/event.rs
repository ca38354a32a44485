//! What can happen to a pipeline, and what then has to be done outside.
//!
//! An [`Event`] carries all that belongs to it, also what the engine only hands on: the text of a
//! configuration, a runner's name, a sentence for people. The store writes that in the transaction
//! that saves the change, so no caller can forget it.

use roundel_model::{
    actor::Actor,
    id::{AccountId, JobId, LeaseId, WorkflowId},
    name::WorkflowName,
    plan::PlannedJob,
    status::{Outcome, PipelineErrorKind},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::job::{Dependency, Kind};

/// Something that happened to a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The configuration was compiled. No workflow at all is fine: nothing is meant to run.
    Compiled { workflows: Vec<NewWorkflow>, configuration: Configuration },
    /// The configuration could not be read, has errors, or asks for what cannot be run.
    CompileFailed {
        kind: PipelineErrorKind,
        /// Sentences for people.
        errors: Vec<String>,
        configuration: Configuration,
    },
    /// A runner takes a task, and gets the lease on it.
    Claimed {
        job: JobId,
        task: u32,
        lease: LeaseId,
        expires_at: Timestamp,
        /// The runner's name, for people.
        runner: String,
    },
    /// The runner that holds the lease is still there.
    Renewed { job: JobId, task: u32, lease: LeaseId, expires_at: Timestamp },
    /// The runner that holds the lease reports the outcome.
    Finished {
        job: JobId,
        task: u32,
        lease: LeaseId,
        outcome: Outcome,
        /// One sentence for people, when the outcome is not plain from the steps.
        reason: Option<String>,
    },
    /// A person approved an approval job.
    Approved { job: JobId, by: AccountId },
    /// A person or a rule canceled a workflow: everything in it that has not ended does.
    WorkflowCanceled { workflow: WorkflowId, by: Actor },
    /// A person or a rule canceled a job.
    JobCanceled { job: JobId, by: Actor },
    /// The clock ticked: leases may have expired.
    Tick,
}

/// The configuration of a pipeline as it was read, and what the compiler said about it. Kept for
/// people; the engine does not look into it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// `None` when it could not be read.
    pub text: Option<String>,
    /// A JSON list; `None` when the compiler had nothing to say.
    pub diagnostics: Option<String>,
    /// Why it runs nothing though it is right: the end of a sentence.
    #[serde(default)]
    pub nothing_runs: Option<String>,
}

/// A workflow that is about to begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewWorkflow {
    pub id: WorkflowId,
    pub name: WorkflowName,
    pub jobs: Vec<NewJob>,
}

/// A job that is about to exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewJob {
    pub id: JobId,
    /// Its name and its steps.
    pub plan: PlannedJob,
    /// The requirements of the plan, by id.
    pub needs: Vec<Dependency>,
    /// Contexts that it asks for and that do not exist: with any, it must not run.
    pub missing_contexts: Vec<String>,
}

impl NewJob {
    /// Returns what the engine must know of what it does.
    pub fn kind(&self) -> Kind {
        Kind::of(&self.plan.kind)
    }
}

/// Something to do outside, saved with the change that calls for it (the outbox) and done later. It
/// names a subject, never a text: when it is done, the row is read as it then is, so a slow report
/// cannot overwrite a new status with an old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Report the status of a job to the forge.
    ReportJob(JobId),
    /// Report to the forge that the configuration cannot be run.
    ReportConfigError,
    /// Wake runners that wait for a task.
    OfferToRunners(JobId),
    /// Notify people that a workflow ended.
    AnnounceWorkflow(WorkflowId),
    /// Notify people that a job needs their approval.
    AnnounceApproval(JobId),
    /// Notify people that the configuration cannot be run.
    AnnounceConfigError,
}

impl Event {
    /// Returns its name, for messages.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Compiled { .. } => "compiled",
            Self::CompileFailed { .. } => "compile_failed",
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
