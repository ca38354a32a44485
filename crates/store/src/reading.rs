//! What pages, badges, emails and reports read.
//!
//! Each call sees one state of the database, however many queries it needs, and none needs a query
//! for each row: a list of pipelines is one query for pipelines, one for their workflows, one for
//! their jobs and one for their runners.
//!
//! Deliberately absent: what the engine works on ([`Store::change`]), logs (`logs`).

mod rows;

use std::collections::{HashMap, HashSet};

use roundel_engine::Configuration;
use roundel_model::{
    id::{AccountId, JobId, PipelineId, ProjectId, WorkflowId},
    name::{CommitSha, JobName, WorkflowName},
    plan::PlannedJob,
    status::WorkflowStatus,
};

use crate::{
    db::{Session, placeholders, values},
    error::StoreError,
    pack::unpack_text,
    store::Store,
};
pub use rows::{ActedBy, JobRow, PipelineRow, WorkflowRow};
use rows::{JOB, PIPELINE, WORKFLOW};

/// Which pipelines a list shows.
#[derive(Clone, Debug, Default)]
pub struct PipelineFilter {
    /// Of these projects; `None`: all.
    pub projects: Option<Vec<ProjectId>>,
    /// Of this branch.
    pub branch: Option<String>,
    /// Older than this one.
    pub before: Option<PipelineId>,
}

impl Store {
    /// Finds a pipeline.
    pub async fn pipeline(&self, id: PipelineId) -> Result<Option<PipelineRow>, StoreError> {
        let mut session = self.db.read("read a pipeline").await?;
        let sql = format!("{PIPELINE} WHERE p.id = $1");
        let row = session.row(sql, values![id]).await?;
        row.as_ref().map(rows::pipeline).transpose()
    }

    /// Finds a pipeline by its number in its project.
    pub async fn pipeline_by_number(
        &self,
        project: ProjectId,
        number: u64,
    ) -> Result<Option<PipelineRow>, StoreError> {
        let mut session = self.db.read("read a pipeline").await?;
        let sql = format!("{PIPELINE} WHERE p.project = $1 AND p.number = $2");
        let row = session.row(sql, values![project, number]).await?;
        row.as_ref().map(rows::pipeline).transpose()
    }

    /// Newest first, each with its workflows and jobs.
    pub async fn pipelines(
        &self,
        filter: &PipelineFilter,
        limit: u32,
    ) -> Result<Vec<(PipelineRow, Vec<WorkflowRow>)>, StoreError> {
        if filter.projects.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Vec::new());
        }
        let mut values = values![limit];
        let mut conditions = vec!["1 = 1".to_owned()];
        if let Some(projects) = &filter.projects {
            conditions.push(format!("p.project IN {}", placeholders(values.len(), projects.len())));
            values.extend(projects.iter().flat_map(|project| values![*project]));
        }
        if let Some(branch) = &filter.branch {
            values.extend(values![branch]);
            conditions.push(format!("p.branch = ${}", values.len()));
        }
        if let Some(before) = filter.before {
            values.extend(values![before]);
            conditions.push(format!(
                "(p.created_at, p.id) < (SELECT b.created_at, b.id FROM pipelines b WHERE b.id = ${})",
                values.len()
            ));
        }
        let sql = format!(
            "{PIPELINE} WHERE {} ORDER BY p.created_at DESC, p.id DESC LIMIT $1",
            conditions.join(" AND ")
        );
        let mut session = self.db.snapshot("list pipelines").await?;
        let found = session.rows(sql, values).await?;
        let found: Vec<PipelineRow> = found.iter().map(rows::pipeline).collect::<Result<_, _>>()?;
        with_workflows(&mut session, found).await
    }

    /// Its workflows in the order of the file, each with its jobs.
    pub async fn workflows(&self, pipeline: PipelineId) -> Result<Vec<WorkflowRow>, StoreError> {
        let mut session = self.db.snapshot("read workflows").await?;
        let mut found = workflows_of(&mut session, &[pipeline]).await?;
        Ok(found.remove(&pipeline).unwrap_or_default())
    }

    /// Finds a job.
    pub async fn job(&self, id: JobId) -> Result<Option<JobRow>, StoreError> {
        let mut session = self.db.snapshot("read a job").await?;
        let found = session.rows(format!("{JOB} WHERE j.id = $1"), values![id]).await?;
        Ok(rows::jobs(&mut session, &found).await?.pop())
    }

    /// Finds a job by its number in its project.
    pub async fn job_by_number(
        &self,
        project: ProjectId,
        number: u64,
    ) -> Result<Option<JobRow>, StoreError> {
        let mut session = self.db.snapshot("read a job").await?;
        let sql = format!("{JOB} WHERE j.project = $1 AND j.number = $2");
        let found = session.rows(sql, values![project, number]).await?;
        Ok(rows::jobs(&mut session, &found).await?.pop())
    }

    /// What the job does, as planned.
    pub async fn job_body(&self, id: JobId) -> Result<Option<PlannedJob>, StoreError> {
        let mut session = self.db.read("read what a job does").await?;
        let row = session.row("SELECT body FROM job_bodies WHERE job = $1", values![id]).await?;
        let Some(row) = row else { return Ok(None) };
        let body = unpack_text(&row.get::<Vec<u8>>("body")?)?;
        serde_json::from_str(&body)
            .map(Some)
            .map_err(|_| StoreError::Unreadable { what: format!("body of job {id}") })
    }

    /// The configuration of a pipeline as it was read, and what the compiler said about it.
    pub async fn config_of(
        &self,
        pipeline: PipelineId,
    ) -> Result<Option<Configuration>, StoreError> {
        let mut session = self.db.read("read a configuration").await?;
        let sql =
            "SELECT config, diagnostics, nothing_runs FROM pipeline_configs WHERE pipeline = $1";
        let Some(row) = session.row(sql, values![pipeline]).await? else { return Ok(None) };
        let text = |column| -> Result<Option<String>, StoreError> {
            row.opt::<Vec<u8>>(column)?.map(|packed| unpack_text(&packed)).transpose()
        };
        Ok(Some(Configuration {
            text: text("config")?,
            diagnostics: text("diagnostics")?,
            nothing_runs: row.opt("nothing_runs")?,
        }))
    }

    /// What the compiler said about the configuration of a pipeline, without its text.
    pub async fn diagnostics_of(&self, pipeline: PipelineId) -> Result<Option<String>, StoreError> {
        let mut session = self.db.read("read diagnostics").await?;
        let sql = "SELECT diagnostics FROM pipeline_configs WHERE pipeline = $1";
        let Some(row) = session.row(sql, values![pipeline]).await? else { return Ok(None) };
        row.opt::<Vec<u8>>("diagnostics")?.map(|packed| unpack_text(&packed)).transpose()
    }

    /// The workflow of this name on the same branch that ended last before the given one (for "fixed").
    pub async fn previous_outcome(
        &self,
        workflow: WorkflowId,
    ) -> Result<Option<WorkflowStatus>, StoreError> {
        let mut session = self.db.read("find the previous outcome").await?;
        let sql = "SELECT w.status FROM workflows t
             JOIN workflows w ON w.project = t.project AND w.git_ref = t.git_ref AND w.name = t.name
             WHERE t.id = $1 AND w.id <> t.id AND w.stopped_at IS NOT NULL
                AND (t.stopped_at IS NULL OR w.stopped_at < t.stopped_at
                    OR (w.stopped_at = t.stopped_at AND w.pipeline_number < t.pipeline_number))
             ORDER BY w.stopped_at DESC, w.pipeline_number DESC LIMIT 1";
        let row = session.row(sql, values![workflow]).await?;
        row.map(|row| row.get("status")).transpose()
    }

    /// The newest run of each job with this name for a commit: what a commit status is made from
    /// (`VCS` §2.10). Jobs of one name in two workflows are two; newest first.
    pub async fn jobs_for_commit(
        &self,
        project: ProjectId,
        sha: &CommitSha,
        name: &JobName,
    ) -> Result<Vec<JobRow>, StoreError> {
        let mut session = self.db.snapshot("read the jobs of a commit").await?;
        let sql = format!(
            "{JOB} JOIN pipelines p ON p.id = j.pipeline JOIN workflows w ON w.id = j.workflow
             WHERE p.project = $1 AND p.sha = $2 AND j.name = $3
             ORDER BY p.number DESC, w.position DESC, j.position DESC"
        );
        let mut found = session.rows(sql, values![project, sha, name]).await?;
        let mut seen = HashSet::new();
        let mut unreadable = None;
        found.retain(|row| match row.get::<WorkflowName>("workflow_name") {
            Ok(workflow) => seen.insert(workflow),
            Err(error) => {
                unreadable = Some(error);
                false
            }
        });
        match unreadable {
            Some(error) => Err(error),
            None => rows::jobs(&mut session, &found).await,
        }
    }

    /// Branches that were built lately, newest first.
    pub async fn branches(
        &self,
        project: ProjectId,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let mut session = self.db.read("list branches").await?;
        let sql = "SELECT branch FROM pipelines WHERE project = $1 AND branch IS NOT NULL
             GROUP BY branch ORDER BY MAX(number) DESC LIMIT $2";
        let found = session.rows(sql, values![project, limit]).await?;
        found.iter().map(|row| row.get("branch")).collect()
    }

    /// Whether an account follows the project.
    pub async fn follows(
        &self,
        account: AccountId,
        project: ProjectId,
    ) -> Result<bool, StoreError> {
        let mut session = self.db.read("look for a follower").await?;
        let sql = "SELECT account FROM follows WHERE account = $1 AND project = $2";
        Ok(session.row(sql, values![account, project]).await?.is_some())
    }
}

async fn with_workflows(
    session: &mut Session,
    found: Vec<PipelineRow>,
) -> Result<Vec<(PipelineRow, Vec<WorkflowRow>)>, StoreError> {
    let ids: Vec<PipelineId> = found.iter().map(|pipeline| pipeline.id).collect();
    let mut workflows = workflows_of(session, &ids).await?;
    Ok(found
        .into_iter()
        .map(|pipeline| {
            let workflows = workflows.remove(&pipeline.id).unwrap_or_default();
            (pipeline, workflows)
        })
        .collect())
}

async fn workflows_of(
    session: &mut Session,
    pipelines: &[PipelineId],
) -> Result<HashMap<PipelineId, Vec<WorkflowRow>>, StoreError> {
    if pipelines.is_empty() {
        return Ok(HashMap::new());
    }
    let list = placeholders(0, pipelines.len());
    let ids = || pipelines.iter().flat_map(|pipeline| values![*pipeline]).collect();
    let sql = format!("{JOB} WHERE j.pipeline IN {list} ORDER BY j.position");
    let found = session.rows(sql, ids()).await?;
    let mut jobs: HashMap<WorkflowId, Vec<JobRow>> = HashMap::new();
    for job in rows::jobs(session, &found).await? {
        jobs.entry(job.workflow).or_default().push(job);
    }
    let sql = format!("{WORKFLOW} WHERE w.pipeline IN {list} ORDER BY w.position");
    let mut workflows: HashMap<PipelineId, Vec<WorkflowRow>> = HashMap::new();
    for row in session.rows(sql, ids()).await? {
        let workflow = rows::workflow(&row, &mut jobs)?;
        workflows.entry(workflow.pipeline).or_default().push(workflow);
    }
    Ok(workflows)
}
