//! The protocol's server side: claim, renew, report steps and logs, finish.
//!
//! A claim is held until there is a task that fits, or for a while. Everything else is opened by the
//! task's own token, which is derived and never stored: [`token`]. What a runner gets is built in
//! [`job_spec`]. A runner whose lease is lost gets 410 and stops.

mod checked;
mod claim;
mod job_spec;
mod refused;
mod rights;
mod token;

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use roundel_engine::Event;
use roundel_model::{
    id::{JobId, PipelineId},
    limits,
    status::{JobStatus, Outcome},
    time::Timestamp,
};
use roundel_protocol::{
    FinishReport, LogAnswer, PREFIX, RefusalCode, RenewAnswer, RenewRequest, StepReport,
};
use roundel_store::{
    logs::{Appended, LogKey, StepRow},
    reading::JobRow,
};
use serde::Deserialize;

use self::{refused::Refused, rights::Held};
use super::routes::Routes;
use crate::{
    app::App,
    drive::{self, Applied},
    live::Update,
};

/// Bytes of any message but a log: names, commands and reasons.
const MESSAGE_BYTES: usize = 4 << 20;

/// Returns the routes of the protocol.
pub(crate) fn routes() -> Routes {
    let task = format!("{PREFIX}/tasks/{{job}}/{{index}}");
    Routes::new()
        .post(&format!("{PREFIX}/claim"), claim::claim)
        .post(&format!("{task}/renew"), renew)
        .put(&format!("{task}/steps/{{number}}"), report_step)
        .post(&format!("{task}/finish"), finish)
        .layer(DefaultBodyLimit::max(MESSAGE_BYTES))
        .merge(
            Routes::new()
                .put(&format!("{task}/steps/{{number}}/log"), append_log)
                .layer(DefaultBodyLimit::max(limits::LOG_CHUNK_BYTES)),
        )
}

/// Renews a lease.
async fn renew(
    held: Held,
    State(app): State<Arc<App>>,
    Json(RenewRequest {}): Json<RenewRequest>,
) -> Result<Json<RenewAnswer>, Refused> {
    let now = Timestamp::now();
    let event = Event::Renewed {
        job: held.job,
        task: held.index,
        lease: held.lease,
        expires_at: now.plus(limits::LEASE),
    };
    let pipeline = pipeline_of(&app, held.job).await?;
    match drive::apply(&app.drive, pipeline, &event, now).await? {
        Applied::Changed => Ok(Json(RenewAnswer { lease_duration: limits::LEASE })),
        Applied::Ignored => Err(lost(&app, held.job).await),
    }
}

/// Stores the status of a step.
async fn report_step(
    held: Held,
    State(app): State<Arc<App>>,
    Path((_, _, number)): Path<(JobId, u32, u32)>,
    Json(report): Json<StepReport>,
) -> Result<StatusCode, Refused> {
    let report = checked::step(number, report)?;
    must_run(&app, &held).await?;
    app.store
        .put_step(&StepRow {
            job: held.job,
            task: held.index,
            number,
            name: report.name,
            kind: report.kind,
            status: report.status,
            command: report.command,
            line: report.line,
            background: report.background,
            exit_code: report.exit_code,
            started_at: report.started_at,
            ended_at: report.ended_at,
            truncated: report.truncated,
            log_bytes: 0,
        })
        .await?;
    app.live.publish(Update::Step { job: held.job });
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct At {
    offset: u64,
}

/// A piece of a log. Answered when it is on disk: the runner may then forget it.
async fn append_log(
    held: Held,
    State(app): State<Arc<App>>,
    Path((_, _, step)): Path<(JobId, u32, u32)>,
    Query(At { offset }): Query<At>,
    bytes: Bytes,
) -> Result<Response, Refused> {
    checked::log(step, offset, bytes.len())?;
    must_run(&app, &held).await?;
    let (job, task) = (held.job, held.index);
    let log = LogKey { job, task, step };
    let appended = app.store.append_log(log, offset, &bytes, Timestamp::now()).await?;
    Ok(match appended {
        Appended::Committed(committed) => {
            app.live.publish(Update::Log { job, task, step, total: committed });
            Json(LogAnswer { committed }).into_response()
        }
        Appended::WrongOffset(committed) => {
            (StatusCode::CONFLICT, Json(LogAnswer { committed })).into_response()
        }
    })
}

/// Records the outcome of a task; 410 unless the lease is held.
async fn finish(
    held: Held,
    State(app): State<Arc<App>>,
    Json(report): Json<FinishReport>,
) -> Result<StatusCode, Refused> {
    let report = checked::finish(report);
    let event = Event::Finished {
        job: held.job,
        task: held.index,
        lease: held.lease,
        outcome: report.outcome,
        reason: report.reason.clone(),
    };
    let pipeline = pipeline_of(&app, held.job).await?;
    match drive::apply(&app.drive, pipeline, &event, Timestamp::now()).await? {
        Applied::Changed => Ok(StatusCode::NO_CONTENT),
        // The first answer may have been lost: the same outcome again is recorded already.
        Applied::Ignored if ended_as(&app, &held, report.outcome).await? => {
            Ok(StatusCode::NO_CONTENT)
        }
        Applied::Ignored => Err(lost(&app, held.job).await),
    }
}

async fn ended_as(app: &App, held: &Held, outcome: Outcome) -> Result<bool, Refused> {
    let task = app.store.task(held.job, held.index).await?;
    Ok(task.is_some_and(|task| task.outcome == Some(outcome)))
}

async fn pipeline_of(app: &App, job: JobId) -> Result<PipelineId, Refused> {
    app.store.pipeline_of_job(job).await?.ok_or_else(|| Refused::gone("there is no such job"))
}

async fn job_row(app: &App, job: JobId) -> Result<JobRow, Refused> {
    app.store.job(job).await?.ok_or_else(|| Refused::gone("there is no such job"))
}

/// Steps and logs change only while the lease on their task is held.
async fn must_run(app: &App, held: &Held) -> Result<(), Refused> {
    let task = app.store.task(held.job, held.index).await?;
    if task.is_some_and(|task| task.is_running) { Ok(()) } else { Err(lost(app, held.job).await) }
}

async fn lost(app: &App, job: JobId) -> Refused {
    match job_row(app, job).await {
        Ok(row) => over(row.status),
        Err(refused) => refused,
    }
}

fn over(status: JobStatus) -> Refused {
    if status == JobStatus::Canceled {
        return Refused::new(StatusCode::GONE, RefusalCode::Canceled, "the job was canceled");
    }
    Refused::gone("the lease on this task is lost: the server accepts nothing more for it")
}
