//! Reads a pipeline with everything below it, as the engine knows it.
//!
//! Four queries, whatever its size.
//!
//! Deliberately absent: what only people look at (`reading`).

use std::collections::HashMap;

use roundel_engine::{
    Pipeline,
    job::{Dependency, Job, Kind, Status, TaskStatus},
    workflow::Workflow,
};
use roundel_model::{
    id::{JobId, PipelineId, WorkflowId},
    kind::JobKind,
    status::{JobStatus, Outcome},
};

use crate::{
    db::{Row, Session, Value, values},
    error::StoreError,
};

/// Reads a pipeline that is to be changed: no other transaction may, until this one ends.
pub(super) async fn pipeline(
    session: &mut Session,
    id: PipelineId,
) -> Result<Option<Pipeline>, StoreError> {
    let lock = session.for_update();
    let sql = format!("SELECT status FROM pipelines WHERE id = $1 {lock}");
    let Some(row) = session.row(sql, values![id]).await? else { return Ok(None) };
    let status = row.get("status")?;
    let sql = "SELECT id, name, status, cancel_requested FROM workflows WHERE pipeline = $1
         ORDER BY position";
    let workflows = session.rows(sql, values![id]).await?;
    let mut tasks = tasks(session, id).await?;
    let sql = "SELECT id, workflow, name, kind, tasks, needs, missing_contexts, status FROM jobs WHERE pipeline = $1
         ORDER BY position";
    let mut jobs: HashMap<WorkflowId, Vec<Job>> = HashMap::new();
    for row in session.rows(sql, values![id]).await? {
        let job = job(&row, &mut tasks)?;
        jobs.entry(row.get("workflow")?).or_default().push(job);
    }
    let workflows = workflows
        .iter()
        .map(|row| {
            let id = row.get("id")?;
            Ok(Workflow {
                id,
                name: row.get("name")?,
                status: row.get("status")?,
                cancel_requested: row.get("cancel_requested")?,
                jobs: jobs.remove(&id).unwrap_or_default(),
            })
        })
        .collect::<Result<_, StoreError>>()?;
    Ok(Some(Pipeline { id, status, workflows }))
}

fn job(row: &Row, tasks: &mut HashMap<JobId, Vec<TaskStatus>>) -> Result<Job, StoreError> {
    let id = row.get("id")?;
    let status = match row.get("status")? {
        JobStatus::Blocked => Status::Blocked,
        JobStatus::NotRunning => Status::NotRunning,
        JobStatus::Running => Status::Running { tasks: tasks.remove(&id).unwrap_or_default() },
        JobStatus::OnHold => Status::OnHold,
        JobStatus::Success => Status::Ended(Outcome::Success),
        JobStatus::Failed => Status::Ended(Outcome::Failed),
        JobStatus::Timedout => Status::Ended(Outcome::Timedout),
        JobStatus::InfrastructureFail => Status::Ended(Outcome::InfrastructureFail),
        JobStatus::Canceled => Status::Ended(Outcome::Canceled),
        JobStatus::NotRun => Status::Ended(Outcome::NotRun),
        JobStatus::Unauthorized => Status::Ended(Outcome::Unauthorized),
    };
    let kind = match row.get("kind")? {
        JobKind::Build => Kind::Build { tasks: row.get("tasks")? },
        JobKind::Approval => Kind::Approval,
        JobKind::NoOp => Kind::NoOp,
    };
    Ok(Job {
        id,
        name: row.get("name")?,
        kind,
        needs: row.json::<Vec<Dependency>>("needs")?,
        missing_contexts: row.json("missing_contexts")?,
        status,
    })
}

/// Reads the tasks of the jobs that run, in the order of their indices.
async fn tasks(
    session: &mut Session,
    id: PipelineId,
) -> Result<HashMap<JobId, Vec<TaskStatus>>, StoreError> {
    let sql = "SELECT t.job, t.state, t.lease, t.expires_at, t.outcome FROM tasks t
         JOIN jobs j ON j.id = t.job WHERE t.pipeline = $1 AND j.status = $2
         ORDER BY t.job, t.task";
    let mut tasks: HashMap<JobId, Vec<TaskStatus>> = HashMap::new();
    for row in session.rows(sql, values![id, JobStatus::Running]).await? {
        let state: String = row.get("state")?;
        let status = match state.as_str() {
            WAITING => TaskStatus::Waiting,
            RUNNING => {
                TaskStatus::Running { lease: row.get("lease")?, expires_at: row.get("expires_at")? }
            }
            ENDED => TaskStatus::Ended(row.get("outcome")?),
            _ => return Err(StoreError::Unreadable { what: format!("task that is {state}") }),
        };
        tasks.entry(row.get("job")?).or_default().push(status);
    }
    Ok(tasks)
}

const WAITING: &str = "waiting";
pub(super) const RUNNING: &str = "running";
const ENDED: &str = "ended";

/// Returns a task as its columns hold it: state, lease, end of the lease, outcome.
pub(super) fn task_columns(status: TaskStatus) -> Vec<Value> {
    let none = None::<&str>;
    match status {
        TaskStatus::Waiting => values![WAITING, none, None::<i64>, none],
        TaskStatus::Running { lease, expires_at } => values![RUNNING, lease, expires_at, none],
        TaskStatus::Ended(outcome) => values![ENDED, none, None::<i64>, outcome],
    }
}
