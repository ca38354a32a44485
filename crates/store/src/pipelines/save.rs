//! Writes what a change made different, and nothing else.
//!
//! The times of a job follow from its statuses: `queued_at` when it is on offer or on hold,
//! `started_at` when its first task is claimed, `stopped_at` when it ends.
//!
//! Deliberately absent: deleting. Nothing of a pipeline goes away while it lives.

use std::collections::HashMap;

use roundel_engine::{
    NewWorkflow, Pipeline,
    job::{Job, Kind, Status, TaskStatus},
    workflow::Workflow,
};
use roundel_model::{
    id::{JobId, ProjectId, WorkflowId},
    kind::{Architecture, ExecutorKind},
    plan::{PlannedJob, PlannedJobKind},
    status::Outcome,
    time::Timestamp,
};

use super::load;
use crate::{
    db::{Session, Value, to_json, values},
    error::StoreError,
    pack::pack_now,
};

/// A pipeline before and after.
pub(super) struct Change<'a> {
    pub(super) before: &'a Pipeline,
    pub(super) next: &'a Pipeline,
    /// Those that begin with this change.
    pub(super) begun: &'a [NewWorkflow],
    /// What a runner reported, if that is the change.
    pub(super) reported: Option<ReportedOutcome>,
    pub(super) now: Timestamp,
}

/// The outcome of one task, as its runner reported it.
#[derive(Clone, Copy)]
pub(super) struct ReportedOutcome {
    pub(super) job: JobId,
    pub(super) task: u32,
    pub(super) outcome: Outcome,
}

impl Change<'_> {
    /// Writes the rows that differ.
    pub(super) async fn write(&self, session: &mut Session) -> Result<(), StoreError> {
        self.write_pipeline(session).await?;
        let old: HashMap<WorkflowId, &Workflow> =
            self.before.workflows.iter().map(|workflow| (workflow.id, workflow)).collect();
        for (workflow, before) in
            self.next.workflows.iter().filter_map(|next| Some((next, old.get(&next.id)?)))
        {
            self.update_workflow(session, before, workflow).await?;
        }
        let is_new = |(_, workflow): &(usize, &Workflow)| !old.contains_key(&workflow.id);
        let new: Vec<_> = self.next.workflows.iter().enumerate().filter(is_new).collect();
        if !new.is_empty() {
            self.insert_workflows(session, &new).await?;
        }
        Ok(())
    }

    async fn write_pipeline(&self, session: &mut Session) -> Result<(), StoreError> {
        if self.before.status == self.next.status {
            return Ok(());
        }
        let sql = "UPDATE pipelines SET status = $1 WHERE id = $2";
        session.run(sql, values![self.next.status, self.next.id]).await.map(drop)
    }

    async fn insert_workflows(
        &self,
        session: &mut Session,
        new: &[(usize, &Workflow)],
    ) -> Result<(), StoreError> {
        let sql = "SELECT project, git_ref, number FROM pipelines WHERE id = $1";
        let row = session.row(sql, values![self.next.id]).await?;
        let row = row.ok_or(StoreError::Missing("pipeline"))?;
        let project: ProjectId = row.get("project")?;
        let (git_ref, number): (String, u64) = (row.get("git_ref")?, row.get("number")?);
        let rows = new.iter().map(|(position, workflow)| {
            let stopped_at = workflow.status.is_final().then_some(self.now);
            values![
                workflow.id,
                self.next.id,
                project,
                &git_ref,
                number,
                *position,
                &workflow.name,
                workflow.status,
                workflow.cancel_requested,
                self.now,
                stopped_at,
            ]
        });
        let head =
            "INSERT INTO workflows (id, pipeline, project, git_ref, pipeline_number, position,
             name, status, cancel_requested, created_at, stopped_at)";
        session.insert_all(head, rows.collect(), "").await?;
        self.insert_jobs(session, project, new).await
    }

    /// Inserts the jobs of new workflows. Those of kind build get the next numbers of the project.
    async fn insert_jobs(
        &self,
        session: &mut Session,
        project: ProjectId,
        new: &[(usize, &Workflow)],
    ) -> Result<(), StoreError> {
        let plans: HashMap<JobId, &PlannedJob> = self.plans().collect();
        let jobs: Vec<(WorkflowId, &Job)> = new
            .iter()
            .flat_map(|(_, workflow)| workflow.jobs.iter().map(|job| (workflow.id, job)))
            .collect();
        let numbers = self.numbers(session, project, &jobs).await?;
        let mut rows = Vec::with_capacity(jobs.len());
        let mut tasks = Vec::new();
        for (position, (workflow, job)) in jobs.iter().enumerate() {
            let Routing { executor, resource_class, architecture } =
                routing(plans.get(&job.id).copied());
            let mut row = values![
                job.id,
                self.next.id,
                *workflow,
                project,
                position,
                &job.name,
                numbers.get(&job.id).copied(),
                job.kind.public(),
                job.kind.tasks(),
                to_json(&job.needs)?,
                to_json(&job.missing_contexts)?,
                executor,
                resource_class,
                architecture,
            ];
            row.extend(self.status_columns(&Status::Blocked, &job.status));
            rows.push(row);
            tasks.extend(self.new_tasks(job));
        }
        let head =
            "INSERT INTO jobs (id, pipeline, workflow, project, position, name, number, kind,
             tasks, needs, missing_contexts, executor, resource_class, architecture, status, queued_at,
             started_at, stopped_at)";
        session.insert_all(head, rows, "").await?;
        self.insert_tasks(session, tasks).await?;
        self.insert_bodies(session).await
    }

    /// Draws numbers for the new jobs of kind build, in the order of the file.
    async fn numbers(
        &self,
        session: &mut Session,
        project: ProjectId,
        jobs: &[(WorkflowId, &Job)],
    ) -> Result<HashMap<JobId, u64>, StoreError> {
        let builds: Vec<JobId> = jobs
            .iter()
            .filter(|(_, job)| matches!(job.kind, Kind::Build { .. }))
            .map(|(_, job)| job.id)
            .collect();
        let sql = "UPDATE projects SET last_job_number = last_job_number + $1 WHERE id = $2
             RETURNING last_job_number";
        let row = session.row(sql, values![builds.len(), project]).await?;
        let last: u64 = row.ok_or(StoreError::Missing("project"))?.get("last_job_number")?;
        Ok(builds.into_iter().rev().zip((0..=last).rev()).collect())
    }

    fn plans(&self) -> impl Iterator<Item = (JobId, &PlannedJob)> {
        self.begun.iter().flat_map(|workflow| &workflow.jobs).map(|job| (job.id, &job.plan))
    }

    async fn insert_bodies(&self, session: &mut Session) -> Result<(), StoreError> {
        let mut rows = Vec::new();
        for (job, plan) in self.plans() {
            rows.push(values![job, pack_now(to_json(plan)?.as_bytes())]);
        }
        session.insert_all("INSERT INTO job_bodies (job, body)", rows, "").await.map(drop)
    }

    async fn update_workflow(
        &self,
        session: &mut Session,
        before: &Workflow,
        next: &Workflow,
    ) -> Result<(), StoreError> {
        if before.status != next.status || before.cancel_requested != next.cancel_requested {
            let stopped_at = next.status.is_final().then_some(self.now);
            let sql = "UPDATE workflows SET status = $1, cancel_requested = $2,
                    stopped_at = COALESCE(stopped_at, $3) WHERE id = $4";
            let values = values![next.status, next.cancel_requested, stopped_at, next.id];
            session.run(sql, values).await?;
        }
        let old: HashMap<JobId, &Job> = before.jobs.iter().map(|job| (job.id, job)).collect();
        for job in &next.jobs {
            let before =
                old.get(&job.id).ok_or(StoreError::Missing("job in a workflow that began"))?;
            if before.status != job.status {
                self.update_job(session, before, job).await?;
            }
        }
        Ok(())
    }

    async fn update_job(
        &self,
        session: &mut Session,
        before: &Job,
        next: &Job,
    ) -> Result<(), StoreError> {
        if before.status.public() != next.status.public() {
            let sql = "UPDATE jobs SET status = $1, queued_at = COALESCE(queued_at, $2),
                    started_at = COALESCE(started_at, $3), stopped_at = COALESCE(stopped_at, $4)
                 WHERE id = $5";
            let mut values = self.status_columns(&before.status, &next.status);
            values.extend(values![next.id]);
            session.run(sql, values).await?;
        }
        let old = tasks_of(before);
        if old.is_empty() {
            return self.insert_tasks(session, self.new_tasks(next)).await;
        }
        let Status::Running { .. } = &next.status else {
            return self.end_tasks(session, next).await;
        };
        for (index, (old, new)) in old.iter().zip(tasks_of(next)).enumerate() {
            if *old != new {
                let sql = "UPDATE tasks SET state = $1, lease = $2, expires_at = $3, outcome = $4
                     WHERE job = $5 AND task = $6";
                let mut values = load::task_columns(new);
                values.extend(values![next.id, index]);
                session.run(sql, values).await?;
            }
        }
        Ok(())
    }

    /// Ends the tasks of a job that ended. With several tasks the job's outcome does not say how each of
    /// them ended: the task whose report ended the job gets what was reported, for its runner may repeat
    /// it; others that still ran have none.
    async fn end_tasks(&self, session: &mut Session, job: &Job) -> Result<(), StoreError> {
        let outcome = match (&job.status, job.kind) {
            (Status::Ended(outcome), Kind::Build { tasks: 1 }) => Some(*outcome),
            _ => None,
        };
        if let Some(reported) = self.reported.filter(|reported| reported.job == job.id) {
            let sql = "UPDATE tasks SET outcome = $1
                 WHERE job = $2 AND task = $3 AND outcome IS NULL";
            session.run(sql, values![reported.outcome, reported.job, reported.task]).await?;
        }
        let sql = "UPDATE tasks SET state = 'ended', lease = NULL, expires_at = NULL,
                outcome = COALESCE(outcome, $1) WHERE job = $2 AND state <> 'ended'";
        session.run(sql, values![outcome, job.id]).await.map(drop)
    }

    fn new_tasks(&self, job: &Job) -> Vec<Vec<Value>> {
        let row = |(index, status): (usize, TaskStatus)| {
            let mut row = values![job.id, index, self.next.id, self.now];
            row.extend(load::task_columns(status));
            row
        };
        tasks_of(job).into_iter().enumerate().map(row).collect()
    }

    async fn insert_tasks(
        &self,
        session: &mut Session,
        rows: Vec<Vec<Value>>,
    ) -> Result<(), StoreError> {
        let head = "INSERT INTO tasks (job, task, pipeline, offered_at, state, lease, expires_at,
             outcome)";
        session.insert_all(head, rows, "").await.map(drop)
    }

    /// A job's status, and when it was queued, started and stopped if that is now.
    fn status_columns(&self, before: &Status, next: &Status) -> Vec<Value> {
        let at = |it_is: bool| it_is.then_some(self.now);
        let was_claimed = matches!(next, Status::Running { .. });
        let waits = matches!(next, Status::NotRunning | Status::OnHold);
        let ended = matches!(next, Status::Ended(_));
        // What ends at once, or is claimed in the change that lets it go, never waited.
        let let_go = matches!(before, Status::Blocked) && was_claimed;
        values![next.public(), at(waits || let_go), at(was_claimed), at(ended)]
    }
}

/// The tasks that have rows: those of a build that is on offer or runs.
fn tasks_of(job: &Job) -> Vec<TaskStatus> {
    match (&job.status, job.kind) {
        (Status::NotRunning, Kind::Build { tasks }) => {
            (0..tasks).map(|_| TaskStatus::Waiting).collect()
        }
        (Status::Running { tasks }, _) => tasks.clone(),
        (
            Status::NotRunning | Status::Blocked | Status::OnHold | Status::Ended(_),
            Kind::Build { .. } | Kind::Approval | Kind::NoOp,
        ) => Vec::new(),
    }
}

/// What decides which runners may take a job.
#[derive(Default)]
struct Routing<'b> {
    executor: Option<ExecutorKind>,
    resource_class: Option<&'b str>,
    architecture: Option<Architecture>,
}

fn routing(body: Option<&PlannedJob>) -> Routing<'_> {
    match body.map(|body| &body.kind) {
        Some(PlannedJobKind::Build(body)) => Routing {
            executor: Some(body.executor.kind()),
            resource_class: body.resource_class.as_deref(),
            architecture: body.architecture(),
        },
        Some(
            PlannedJobKind::Approval
            | PlannedJobKind::NoOp
            | PlannedJobKind::Release { .. }
            | PlannedJobKind::Lock { .. }
            | PlannedJobKind::Unlock { .. },
        )
        | None => Routing::default(),
    }
}
