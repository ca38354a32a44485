//! Pipelines with their workflows, jobs and tasks: creating, and changing (for `drive::apply` of the server only).
//!
//! A change loads the whole pipeline ([`load`]), asks for its next state, and writes the rows that
//! differ ([`save`]), what came with the event ([`record`]) and the effects. Two changes of one never
//! overlap: SQLite has one writer, on PostgreSQL the pipeline's row is locked.
//!
//! Deliberately absent: what may become of a pipeline (`engine`).

mod load;
mod record;
mod save;

use std::collections::HashSet;

use roundel_engine::{Event, Pipeline, Transition};
use roundel_model::{
    id::{AccountId, DeliveryId, JobId, LeaseId, PipelineId, ProjectId},
    kind::{Architecture, ExecutorKind},
    name::{BranchName, CommitSha, GitRef},
    status::{JobStatus, Outcome, PipelineStatus},
    time::Timestamp,
    word::Word,
};

use self::save::ReportedOutcome;
use crate::{
    db::{Row, to_json, values, words},
    effects::enqueue,
    error::StoreError,
    runners::has_signed_off,
    store::Store,
};

/// A pipeline that is about to exist, `pending`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPipeline {
    /// Made by the caller, so that a request that is repeated is one.
    pub id: PipelineId,
    /// The project that it counts for, and whose rights apply.
    pub project: ProjectId,
    pub trigger: TriggerKind,
    /// The webhook delivery that reported it.
    pub delivery: Option<DeliveryId>,
    /// The branch or tag that was pushed.
    pub git_ref: GitRef,
    pub sha: CommitSha,
    /// The commit that the ref pointed at before. Part of the identity of the event (invariant 1).
    pub before: Option<CommitSha>,
    /// Message, author and links of the commit, for display.
    pub commit: CommitInfo,
    /// Who started it, if that person has an account.
    pub actor: Option<AccountId>,
    /// Their name at the forge.
    pub actor_login: Option<String>,
    pub created_at: Timestamp,
}

/// Why a pipeline was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerKind {
    /// A push to a branch.
    Push,
    /// A push of a tag.
    Tag,
    /// The project was added.
    Setup,
    /// A user asked for it.
    Manual,
}

/// The facts by which people recognize a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CommitInfo {
    /// First line of the message.
    pub subject: String,
    /// The rest of it.
    pub body: String,
    /// Who wrote it.
    pub author_name: Option<String>,
    /// Where to write to them.
    pub author_email: Option<String>,
    /// Their name at the forge, if it knows them.
    pub author_login: Option<String>,
    pub author_avatar: Option<String>,
    /// Its page at the forge.
    pub url: Option<String>,
}

/// What creating a pipeline found: (project, ref, before, sha, kind) is built once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreatedPipeline {
    pub id: PipelineId,
    /// Its number in the project.
    pub number: u64,
    /// Whether it was created now; otherwise the same event had started it.
    pub is_new: bool,
}

/// A task that waits for a runner, or was handed to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedTask {
    /// The pipeline that it is claimed through: changes are made by pipeline.
    pub pipeline: PipelineId,
    pub job: JobId,
    /// Which of the job's parallel tasks, from 0.
    pub index: u32,
    /// The label that routes it, as written.
    pub resource_class: Option<String>,
    /// What a runner must offer. A later release may have written one that this one does not know.
    pub executor: Word<ExecutorKind>,
    /// What a runner's programs must be made for. None: anything.
    pub architecture: Option<Word<Architecture>>,
}

impl OfferedTask {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            pipeline: row.get("pipeline")?,
            job: row.get("job")?,
            index: row.get("task")?,
            resource_class: row.opt("resource_class")?,
            executor: row.get("executor")?,
            architecture: row.opt("architecture")?,
        })
    }
}

words!(TriggerKind {
    Push = "push",
    Tag = "tag",
    Setup = "setup",
    Manual = "manual",
});

impl NewPipeline {
    /// What makes two events one (invariant 1). A forge repeats a push under a new delivery id; a
    /// setup that was interrupted asks for its first pipeline again; a person who asks twice wants
    /// two.
    fn identity(&self) -> String {
        let (full, sha) = (self.git_ref.full(), &self.sha);
        let before = self.before.as_ref().map_or("", CommitSha::as_str);
        match self.trigger {
            TriggerKind::Push => format!("push {before} {sha} {full}"),
            TriggerKind::Tag => format!("tag {before} {sha} {full}"),
            TriggerKind::Setup => format!("setup {sha} {full}"),
            TriggerKind::Manual => format!("manual {}", self.id),
        }
    }
}

impl Store {
    /// Creates a pipeline, or finds the one that the same event had started. Gives it the next
    /// number of its project.
    ///
    /// # Errors
    ///
    /// [`StoreError::Missing`] when there is no such project.
    pub async fn create_pipeline(&self, new: &NewPipeline) -> Result<CreatedPipeline, StoreError> {
        let mut session = self.db.write("create a pipeline").await?;
        let identity = new.identity();
        session.take_turn(&format!("pipeline {} {identity}", new.project)).await?;
        let sql = "SELECT id, number FROM pipelines WHERE project = $1 AND identity = $2";
        if let Some(row) = session.row(sql, values![new.project, &identity]).await? {
            return Ok(CreatedPipeline {
                id: row.get("id")?,
                number: row.get("number")?,
                is_new: false,
            });
        }
        let sql = "UPDATE projects SET last_pipeline_number = last_pipeline_number + 1
             WHERE id = $1 RETURNING last_pipeline_number";
        let row = session.row(sql, values![new.project]).await?;
        let number: u64 = row.ok_or(StoreError::Missing("project"))?.get("last_pipeline_number")?;
        let sql = "INSERT INTO pipelines (id, project, number, identity, trigger_kind, delivery,
                git_ref, branch, sha, before_sha, commit_info, actor, actor_login, status,
                created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
        let values = values![
            new.id,
            new.project,
            number,
            identity,
            new.trigger,
            new.delivery,
            new.git_ref.full(),
            new.git_ref.branch().map(BranchName::as_str),
            &new.sha,
            new.before.as_ref(),
            to_json(&new.commit)?,
            new.actor,
            new.actor_login.as_deref(),
            PipelineStatus::Pending,
            new.created_at,
        ];
        session.run(sql, values).await?;
        session.commit().await?;
        Ok(CreatedPipeline { id: new.id, number, is_new: true })
    }

    /// Loads a pipeline, lets `decide` say what an event makes of it, and saves that with everything
    /// that came with the event and the effects it calls for, in one transaction. Two changes of one
    /// pipeline never overlap. A claim in the name of a runner that signed off is ignored.
    ///
    /// # Errors
    ///
    /// The outer error is the store's ([`StoreError::Missing`] when there is no such pipeline); the
    /// inner one is what `decide` answered: nothing was saved.
    pub async fn change<E: Send>(
        &self,
        id: PipelineId,
        event: &Event,
        now: Timestamp,
        decide: impl FnOnce(&Pipeline) -> Result<Transition, E> + Send,
    ) -> Result<Result<Transition, E>, StoreError> {
        let mut session = self.db.write("change a pipeline").await?;
        if let Event::Claimed { runner, .. } = event
            && has_signed_off(&mut session, runner).await?
        {
            return Ok(Ok(Transition::Ignored));
        }
        let before = load::pipeline(&mut session, id).await?;
        let before = before.ok_or(StoreError::Missing("pipeline"))?;
        let next = match decide(&before) {
            Ok(Transition::To(next)) => next,
            other @ (Ok(Transition::Ignored) | Err(_)) => return Ok(other),
        };
        let begun: &[_] =
            if let Event::Compiled { workflows, .. } = event { workflows } else { &[] };
        let reported = if let Event::Finished { job, task, outcome, .. } = *event {
            Some(ReportedOutcome { job, task, outcome })
        } else {
            None
        };
        save::Change { before: &before, next: &next.pipeline, begun, reported, now }
            .write(&mut session)
            .await?;
        record::Record { before: &before, event, next: &next, now }.write(&mut session).await?;
        enqueue(&mut session, id, &next.effects, now).await?;
        session.commit().await?;
        Ok(Ok(Transition::To(next)))
    }

    /// The pipeline that a job belongs to.
    pub async fn pipeline_of_job(&self, job: JobId) -> Result<Option<PipelineId>, StoreError> {
        let mut session = self.db.read("find the pipeline of a job").await?;
        let row = session.row("SELECT pipeline FROM jobs WHERE id = $1", values![job]).await?;
        row.map(|row| row.get("pipeline")).transpose()
    }

    /// Tasks that wait for a runner, oldest first.
    pub async fn offered_tasks(&self, limit: u32) -> Result<Vec<OfferedTask>, StoreError> {
        let mut session = self.db.read("list offered tasks").await?;
        let sql = "SELECT t.pipeline, t.job, t.task, j.resource_class, j.executor, j.architecture
             FROM tasks t JOIN jobs j ON j.id = t.job
             WHERE t.state = 'waiting' ORDER BY t.offered_at, t.job, t.task LIMIT $1";
        let rows = session.rows(sql, values![limit]).await?;
        rows.iter().map(OfferedTask::read).collect()
    }

    /// What the queued jobs of a pipeline ask of a runner: the first task of each.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn queued_jobs_of(
        &self,
        pipeline: PipelineId,
    ) -> Result<Vec<OfferedTask>, StoreError> {
        let mut session = self.db.read("list the queued jobs of a pipeline").await?;
        let sql = "SELECT pipeline, id AS job, CAST(0 AS BIGINT) AS task, resource_class, executor, architecture
             FROM jobs WHERE pipeline = $1 AND status = $2 AND executor IS NOT NULL";
        let rows = session.rows(sql, values![pipeline, JobStatus::NotRunning]).await?;
        rows.iter().map(OfferedTask::read).collect()
    }

    /// Counts the jobs that have tasks that wait for a runner.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn queued_jobs(&self) -> Result<u64, StoreError> {
        let mut session = self.db.read("count queued jobs").await?;
        let sql = "SELECT COUNT(DISTINCT job) AS jobs FROM tasks WHERE state = 'waiting'";
        let row = session.row(sql, values![]).await?;
        row.map_or(Ok(0), |row| row.get("jobs"))
    }

    /// The task that runs under a lease.
    pub async fn task_of_lease(&self, lease: LeaseId) -> Result<Option<OfferedTask>, StoreError> {
        let mut session = self.db.read("find a leased task").await?;
        let sql = "SELECT t.pipeline, t.job, t.task, j.resource_class, j.executor, j.architecture
             FROM tasks t JOIN jobs j ON j.id = t.job
             WHERE t.state = 'running' AND t.lease = $1";
        session.row(sql, values![lease]).await?.as_ref().map(OfferedTask::read).transpose()
    }

    /// What the runner of a task reported. `None` for one that is not over, that was never offered to
    /// runners, or that ended without a report.
    pub async fn outcome_of_task(
        &self,
        job: JobId,
        index: u32,
    ) -> Result<Option<Outcome>, StoreError> {
        let mut session = self.db.read("read a task's outcome").await?;
        let sql = "SELECT outcome FROM tasks WHERE job = $1 AND task = $2";
        let row = session.row(sql, values![job, index]).await?;
        row.map_or(Ok(None), |row| row.opt("outcome"))
    }

    /// Pipelines with a lease that ended before `now`, the longest ago first.
    pub async fn pipelines_with_expired_leases(
        &self,
        now: Timestamp,
    ) -> Result<Vec<PipelineId>, StoreError> {
        let mut session = self.db.read("look for lost leases").await?;
        // Not `DISTINCT`: SQLite would rather read every task there ever was, in the order of their
        // pipelines, than sort the few that run.
        let sql = "SELECT pipeline FROM tasks WHERE state = 'running' AND expires_at <= $1
             ORDER BY expires_at, pipeline";
        let rows = session.rows(sql, values![now]).await?;
        let mut seen = HashSet::new();
        let pipelines: Result<Vec<PipelineId>, StoreError> =
            rows.iter().map(|row| row.get("pipeline")).collect();
        Ok(pipelines?.into_iter().filter(|pipeline| seen.insert(*pipeline)).collect())
    }

    /// Pipelines that are still `pending`: a crash may have come between creating and compiling.
    pub async fn pending_pipelines(
        &self,
        created_before: Timestamp,
    ) -> Result<Vec<PipelineId>, StoreError> {
        let mut session = self.db.read("list pending pipelines").await?;
        let sql = "SELECT id FROM pipelines WHERE status = 'pending' AND created_at < $1
             ORDER BY created_at, id";
        session.rows(sql, values![created_before]).await?.iter().map(|row| row.get("id")).collect()
    }
}

#[cfg(test)]
mod tests {
    use roundel_model::secret::Secret;

    use super::*;
    use crate::store::Settings;

    /// After a downgrade, one job of the later release must not keep every other task from its runner.
    #[tokio::test]
    async fn a_task_that_needs_what_only_a_later_release_knows_can_be_read() {
        let instance_key = Secret::new(vec![7; 32]);
        let settings = Settings { url: "sqlite::memory:".to_owned(), instance_key };
        let store = Store::open(&settings).await.unwrap();
        let sql = "SELECT $1 AS pipeline, $2 AS job, 0 AS task, NULL AS resource_class,
                'vm' AS executor, 'riscv64' AS architecture";
        let values = values![PipelineId::from_u128(1), JobId::from_u128(2)];
        let mut session = store.db.read("read a row").await.unwrap();
        let row = session.row(sql, values).await.unwrap().unwrap();
        let task = OfferedTask::read(&row).unwrap();
        assert_eq!(task.executor, Word::Other("vm".to_owned()));
        assert_eq!(task.architecture, Some(Word::Other("riscv64".to_owned())));
    }
}
