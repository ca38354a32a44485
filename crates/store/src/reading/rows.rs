//! The rows of `reading`, and how each is made from columns.

use std::collections::HashMap;

use roundel_engine::job::Dependency;
use roundel_model::{
    actor::Actor,
    forge::ProjectSlug,
    id::{DeliveryId, JobId, PipelineId, ProjectId, WorkflowId},
    kind::JobKind,
    name::{CommitSha, GitRef, JobName, WorkflowName},
    status::{JobStatus, PipelineErrorKind, PipelineStatus, WorkflowStatus},
    time::Timestamp,
};

use crate::{
    db::{Row, Session, placeholders, values},
    error::StoreError,
    pipelines::{CommitInfo, TriggerKind},
};

/// A pipeline with what pages show next to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelineRow {
    pub id: PipelineId,
    pub project: ProjectId,
    pub slug: ProjectSlug,
    /// Its number in the project.
    pub number: u64,
    pub status: PipelineStatus,
    pub trigger: TriggerKind,
    /// The webhook delivery that reported it.
    pub delivery: Option<DeliveryId>,
    pub git_ref: GitRef,
    pub sha: CommitSha,
    /// The commit that the ref pointed at before.
    pub before: Option<CommitSha>,
    /// The facts by which people recognize the commit.
    pub commit: CommitInfo,
    /// The login of the user who started it.
    pub actor_login: Option<String>,
    /// The picture of that person, if they have signed in.
    pub actor_avatar: Option<String>,
    pub created_at: Timestamp,
    /// The reasons for which it is `errored`.
    pub errors: Vec<String>,
    /// The kind of these errors. Pipelines of earlier releases have none.
    pub error_kind: Option<PipelineErrorKind>,
}

/// A workflow of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowRow {
    pub id: WorkflowId,
    pub pipeline: PipelineId,
    /// Its key in the file.
    pub name: WorkflowName,
    pub status: WorkflowStatus,
    /// When it began.
    pub created_at: Timestamp,
    pub stopped_at: Option<Timestamp>,
    pub canceled_by: Option<ActedBy>,
    /// Its jobs, in the order of the file.
    pub jobs: Vec<JobRow>,
}

/// Who approved or canceled something, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActedBy {
    pub actor: Actor,
    /// What the project's forge calls that person, or else their own name here. None for Roundel
    /// itself, and for an account that is gone.
    pub login: Option<String>,
    pub at: Timestamp,
}

/// A job of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    pub id: JobId,
    pub workflow: WorkflowId,
    pub pipeline: PipelineId,
    /// Its name in the workflow.
    pub name: JobName,
    /// Jobs of kind build have a number, unique in their project.
    pub number: Option<u64>,
    /// Whether it runs steps, waits for a person, or does nothing.
    pub kind: JobKind,
    pub status: JobStatus,
    /// How many tasks run it in parallel.
    pub tasks: u32,
    /// Jobs that it requires, by id.
    pub needs: Vec<JobId>,
    /// When it was on offer, or began to wait for a person.
    pub queued_at: Option<Timestamp>,
    /// When its first task was claimed.
    pub started_at: Option<Timestamp>,
    pub stopped_at: Option<Timestamp>,
    /// One sentence when the ending is not plain from the steps.
    pub reason: Option<String>,
    /// Who approved it, if it is an approval job that was approved.
    pub approved_by: Option<ActedBy>,
    /// Who canceled it, alone or with its workflow.
    pub canceled_by: Option<ActedBy>,
    /// Runners that claimed its tasks, by index.
    pub runners: Vec<Option<String>>,
}

/// Pipelines with the names of their projects.
pub(super) const PIPELINE: &str =
    "SELECT p.id, p.project, o.forge, o.owner, o.repository, p.number,
    p.status, p.trigger_kind, p.delivery, p.git_ref, p.sha, p.before_sha, p.commit_info,
    p.actor_login, p.created_at, p.errors, p.error_kind, (
        SELECT MAX(i.avatar_url) FROM identities i
        WHERE i.account = p.actor AND i.forge = o.forge
    ) AS actor_avatar
    FROM pipelines p JOIN projects o ON o.id = p.project";

/// Workflows, each with the name of who canceled it.
pub(super) const WORKFLOW: &str =
    "SELECT w.id, w.pipeline, w.name, w.status, w.created_at, w.stopped_at, w.canceled_by, COALESCE(
        (SELECT MAX(i.login) FROM identities i JOIN projects o ON o.forge = i.forge
            WHERE o.id = w.project AND i.account = w.canceled_by),
        (SELECT a.name FROM accounts a WHERE a.id = w.canceled_by)
    ) AS actor_login FROM workflows w";

/// Jobs, each with the name of its workflow.
pub(super) const JOB: &str = "SELECT j.id, j.workflow, j.pipeline, j.name, j.number, j.kind,
    j.status, j.tasks, j.needs, j.queued_at, j.started_at, j.stopped_at, j.reason,
    j.approved_by, j.canceled_by, COALESCE(
        (SELECT MAX(i.login) FROM identities i JOIN projects o ON o.forge = i.forge
            WHERE o.id = j.project AND i.account = COALESCE(j.approved_by, j.canceled_by)),
        (SELECT a.name FROM accounts a WHERE a.id = COALESCE(j.approved_by, j.canceled_by))
    ) AS actor_login,
    (SELECT n.name FROM workflows n WHERE n.id = j.workflow) AS workflow_name
    FROM jobs j";

/// Jobs whose runners one query looks for.
const JOBS_PER_QUERY: usize = 500;

pub(super) fn pipeline(row: &Row) -> Result<PipelineRow, StoreError> {
    let git_ref: String = row.get("git_ref")?;
    Ok(PipelineRow {
        id: row.get("id")?,
        project: row.get("project")?,
        slug: ProjectSlug {
            forge: row.get("forge")?,
            owner: row.get("owner")?,
            repository: row.get("repository")?,
        },
        number: row.get("number")?,
        status: row.get("status")?,
        trigger: row.get("trigger_kind")?,
        delivery: row.opt("delivery")?,
        git_ref: GitRef::from_full(&git_ref)
            .ok_or_else(|| StoreError::Unreadable { what: format!("ref {git_ref}") })?,
        sha: row.get("sha")?,
        before: row.opt("before_sha")?,
        commit: row.json("commit_info")?,
        actor_login: row.opt("actor_login")?,
        actor_avatar: row.opt("actor_avatar")?,
        created_at: row.get("created_at")?,
        errors: row.json("errors")?,
        error_kind: row.opt("error_kind")?,
    })
}

/// Makes a workflow and takes its jobs.
pub(super) fn workflow(
    row: &Row,
    jobs: &mut HashMap<WorkflowId, Vec<JobRow>>,
) -> Result<WorkflowRow, StoreError> {
    let id = row.get("id")?;
    Ok(WorkflowRow {
        id,
        pipeline: row.get("pipeline")?,
        name: row.get("name")?,
        status: row.get("status")?,
        created_at: row.get("created_at")?,
        stopped_at: row.opt("stopped_at")?,
        canceled_by: acted_by(row, "canceled_by")?,
        jobs: jobs.remove(&id).unwrap_or_default(),
    })
}

/// Makes jobs, in the order of the rows, and looks up which runners claimed their tasks.
pub(super) async fn jobs(session: &mut Session, found: &[Row]) -> Result<Vec<JobRow>, StoreError> {
    let mut jobs = found.iter().map(job).collect::<Result<Vec<_>, StoreError>>()?;
    let started: Vec<JobId> =
        jobs.iter().filter(|job| job.started_at.is_some()).map(|job| job.id).collect();
    let mut runners: HashMap<(JobId, u64), String> = HashMap::new();
    for some in started.chunks(JOBS_PER_QUERY) {
        let sql = format!(
            "SELECT job, task, runner FROM tasks WHERE runner IS NOT NULL AND job IN {}",
            placeholders(0, some.len())
        );
        let ids = some.iter().flat_map(|job| values![*job]).collect();
        for row in session.rows(sql, ids).await? {
            runners.insert((row.get("job")?, row.get("task")?), row.get("runner")?);
        }
    }
    for job in &mut jobs {
        job.runners =
            (0..u64::from(job.tasks)).map(|index| runners.remove(&(job.id, index))).collect();
    }
    Ok(jobs)
}

fn acted_by(row: &Row, column: &str) -> Result<Option<ActedBy>, StoreError> {
    let (actor, at) = (row.opt::<Actor>(column)?, row.opt::<Timestamp>("stopped_at")?);
    let Some((actor, at)) = actor.zip(at) else { return Ok(None) };
    Ok(Some(ActedBy { actor, login: row.opt("actor_login")?, at }))
}

fn job(row: &Row) -> Result<JobRow, StoreError> {
    let needs: Vec<Dependency> = row.json("needs")?;
    Ok(JobRow {
        id: row.get("id")?,
        workflow: row.get("workflow")?,
        pipeline: row.get("pipeline")?,
        name: row.get("name")?,
        number: row.opt("number")?,
        kind: row.get("kind")?,
        status: row.get("status")?,
        tasks: row.get("tasks")?,
        needs: needs.into_iter().map(|need| need.job).collect(),
        queued_at: row.opt("queued_at")?,
        started_at: row.opt("started_at")?,
        stopped_at: row.opt("stopped_at")?,
        reason: row.opt("reason")?,
        approved_by: acted_by(row, "approved_by")?,
        canceled_by: acted_by(row, "canceled_by")?,
        runners: Vec::new(),
    })
}
