//! What pages, badges, mails and reports read.

use roundel_model::{forge::ProjectSlug, id::{AccountId, DeliveryId, JobId, PipelineId, ProjectId, WorkflowId}, name::{CommitSha, GitRef, JobName, WorkflowName}, plan::PlannedJob, status::{JobStatus, PipelineStatus, WorkflowStatus}, time::Timestamp};
use crate::{Store, StoreError, pipelines::{CommitInfo, TriggerKind}};

/// A pipeline with what stands around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelineRow {
    pub id: PipelineId, pub project: ProjectId, pub slug: ProjectSlug, pub number: u64, pub status: PipelineStatus, pub trigger: TriggerKind,
    pub delivery: Option<DeliveryId>, pub git_ref: GitRef, pub sha: CommitSha, pub before: Option<CommitSha>, pub commit: CommitInfo,
    pub actor_login: Option<String>, pub created_at: Timestamp, pub errors: Vec<String>,
}
/// A workflow of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowRow {
    pub id: WorkflowId, pub pipeline: PipelineId, pub name: WorkflowName, pub status: WorkflowStatus,
    pub created_at: Timestamp, pub stopped_at: Option<Timestamp>, pub jobs: Vec<JobRow>,
}
/// A job of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    pub id: JobId, pub workflow: WorkflowId, pub pipeline: PipelineId, pub name: JobName,
    /// Jobs of kind build have a number, unique in their project.
    pub number: Option<u64>,
    /// `build`, `approval` or `no-op`.
    pub kind: String,
    pub status: JobStatus, pub tasks: u32,
    /// Jobs that it requires, by id.
    pub needs: Vec<JobId>,
    pub queued_at: Option<Timestamp>, pub started_at: Option<Timestamp>, pub stopped_at: Option<Timestamp>,
    /// One sentence when the ending is not plain from the steps.
    pub reason: Option<String>,
    /// Runners that claimed its tasks, by index.
    pub runners: Vec<Option<String>>,
}
/// Which pipelines a list shows.
#[derive(Clone, Debug, Default)]
pub struct PipelineFilter {
    /// Of these projects; `None`: all.
    pub projects: Option<Vec<ProjectId>>, pub branch: Option<String>,
    /// Older than this one.
    pub before: Option<PipelineId>,
}

impl Store {
    pub async fn pipeline(&self, id: PipelineId) -> Result<Option<PipelineRow>, StoreError> { todo!() }
    pub async fn pipeline_by_number(&self, project: ProjectId, number: u64) -> Result<Option<PipelineRow>, StoreError> { todo!() }
    /// Newest first, each with its workflows and jobs.
    pub async fn pipelines(&self, filter: &PipelineFilter, limit: u32) -> Result<Vec<(PipelineRow, Vec<WorkflowRow>)>, StoreError> { todo!() }
    /// Its workflows in the order of the file, each with its jobs.
    pub async fn workflows(&self, pipeline: PipelineId) -> Result<Vec<WorkflowRow>, StoreError> { todo!() }
    pub async fn job(&self, id: JobId) -> Result<Option<JobRow>, StoreError> { todo!() }
    pub async fn job_by_number(&self, project: ProjectId, number: u64) -> Result<Option<JobRow>, StoreError> { todo!() }
    /// What the job does, as planned.
    pub async fn job_body(&self, id: JobId) -> Result<Option<PlannedJob>, StoreError> { todo!() }
    /// The configuration of a pipeline as it was read, and its diagnostics (JSON).
    pub async fn config_of(&self, pipeline: PipelineId) -> Result<Option<(Option<String>, Option<String>)>, StoreError> { todo!() }
    /// The newest pipeline of a branch that has at least one job, with its workflows.
    pub async fn latest_pipeline(&self, project: ProjectId, branch: &str) -> Result<Option<(PipelineRow, Vec<WorkflowRow>)>, StoreError> { todo!() }
    /// The workflow of this name on the same branch that ended last before the given one (for "fixed").
    pub async fn previous_outcome(&self, workflow: WorkflowId) -> Result<Option<WorkflowStatus>, StoreError> { todo!() }
    /// The newest run of each job with this name for a commit: what a commit status is made from (`VCS` §2.10).
    pub async fn jobs_for_commit(&self, project: ProjectId, sha: &CommitSha, name: &JobName) -> Result<Vec<JobRow>, StoreError> { todo!() }
    /// Branches that were built lately, newest first.
    pub async fn branches(&self, project: ProjectId, limit: u32) -> Result<Vec<String>, StoreError> { todo!() }
    /// Whether somebody follows the project.
    pub async fn follows(&self, account: AccountId, project: ProjectId) -> Result<bool, StoreError> { todo!() }
}
