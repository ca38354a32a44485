//! Pipelines with their workflows, jobs and tasks: creating, and changing behind the one door.

use roundel_engine::{Effect, Pipeline};
use roundel_model::{id::{AccountId, DeliveryId, JobId, PipelineId, ProjectId}, name::{CommitSha, GitRef}, plan::PlannedJob, time::Timestamp};
use crate::{Store, StoreError};

/// A pipeline that is about to exist, `pending`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPipeline {
    pub id: PipelineId, pub project: ProjectId, pub trigger: TriggerKind, pub delivery: Option<DeliveryId>,
    pub git_ref: GitRef, pub sha: CommitSha,
    /// The commit that the ref pointed at before. Part of the identity of the event (invariant 1).
    pub before: Option<CommitSha>,
    pub commit: CommitInfo,
    /// Who started it, if that person has an account.
    pub actor: Option<AccountId>, pub actor_login: Option<String>, pub created_at: Timestamp,
}
/// Why a pipeline was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerKind { Push, Tag, PullRequest, Setup, Manual }
/// What people know a commit by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitInfo {
    /// First line of the message.
    pub subject: String, pub body: String,
    pub author_name: Option<String>, pub author_email: Option<String>, pub author_login: Option<String>, pub author_avatar: Option<String>,
    pub url: Option<String>,
}
/// What creating a pipeline found: (project, ref, before, sha, kind) is built once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreatedPipeline { New { number: u64 }, Known { id: PipelineId, number: u64 } }

/// What a change writes besides the statuses.
#[derive(Clone, Debug, Default)]
pub struct Attachments {
    /// What each new job does. Jobs of kind build get their number here, in this order.
    pub bodies: Vec<(JobId, PlannedJob)>,
    /// The configuration as it was read.
    pub config: Option<String>,
    /// Diagnostics as JSON, when there are any.
    pub diagnostics: Option<String>,
    /// Sentences for people when the pipeline is `errored`.
    pub errors: Vec<String>,
    /// A reason for a job's page: (job, sentence).
    pub reasons: Vec<(JobId, String)>,
    /// The runner that claimed: (job, task, runner's name).
    pub claimed_by: Option<(JobId, u32, String)>,
}
/// What the caller of [`Store::change`] decided.
#[derive(Clone, Debug)]
pub enum Decision {
    /// Save this.
    Save { next: Pipeline, effects: Vec<Effect>, attachments: Attachments },
    /// Nothing changes.
    Leave,
}
/// A task that waits for a runner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedTask { pub pipeline: PipelineId, pub job: JobId, pub index: u32, pub resource_class: Option<String>, pub executor: String }

impl Store {
    /// Creates a pipeline, or finds the one that the same event had started. Gives it the next number of its project.
    pub async fn create_pipeline(&self, new: &NewPipeline) -> Result<CreatedPipeline, StoreError> { todo!() }
    /// Loads a pipeline, lets `decide` say what becomes of it, and saves that with the effects, in
    /// one transaction. Two changes of one pipeline never overlap.
    ///
    /// # Errors
    /// The outer error is the store's; the inner one is what `decide` answered: nothing was saved.
    pub async fn change<E: Send>(&self, id: PipelineId, now: Timestamp, decide: impl FnOnce(&Pipeline) -> Result<Decision, E> + Send) -> Result<Result<(), E>, StoreError> { todo!() }
    pub async fn pipeline_state(&self, id: PipelineId) -> Result<Option<Pipeline>, StoreError> { todo!() }
    /// The pipeline that a job belongs to.
    pub async fn pipeline_of_job(&self, job: JobId) -> Result<Option<PipelineId>, StoreError> { todo!() }
    pub async fn pipeline_of_workflow(&self, workflow: roundel_model::id::WorkflowId) -> Result<Option<PipelineId>, StoreError> { todo!() }
    /// Tasks that wait for a runner, oldest first.
    pub async fn offered_tasks(&self, limit: u32) -> Result<Vec<OfferedTask>, StoreError> { todo!() }
    /// Pipelines with a lease that ended before `now`.
    pub async fn pipelines_with_expired_leases(&self, now: Timestamp) -> Result<Vec<PipelineId>, StoreError> { todo!() }
    /// Pipelines that are still `pending`: a crash may have come between creating and compiling.
    pub async fn pending_pipelines(&self, created_before: Timestamp) -> Result<Vec<PipelineId>, StoreError> { todo!() }
}
