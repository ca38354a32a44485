//! What a runner reports on a task that it holds: that it is alive, its steps, its log, its outcome.
//!
//! An outcome goes through [`drive::apply`], which makes the next jobs ready or ends the workflow, and
//! puts the commit status into the outbox. Steps and logs are stored as they come: none of our statuses
//! depends on them.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State},
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
use roundel_protocol::{ErrorCode, FinishReport, LogAnswer, RenewAnswer, RenewRequest, StepReport};
use roundel_store::{
    logs::{Appended, LogKey, LogPiece, Reported, StepRow},
    reading::JobRow,
};
use serde::Deserialize;

use super::{checked, rights::LeaseHolder};
use crate::{
    app::App,
    drive::{self, Applied},
    http::{api_input::ApiInput, error_response::ErrorResponse},
    live::Update,
};

/// Records the outcome of a task; 410 unless the lease is held.
pub(super) async fn finish(
    held: LeaseHolder,
    State(app): State<Arc<App>>,
    ApiInput(Json(report)): ApiInput<Json<FinishReport>>,
) -> Result<StatusCode, ErrorResponse> {
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

/// Renews a lease.
pub(super) async fn renew(
    held: LeaseHolder,
    State(app): State<Arc<App>>,
    ApiInput(Json(RenewRequest {})): ApiInput<Json<RenewRequest>>,
) -> Result<Json<RenewAnswer>, ErrorResponse> {
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
pub(super) async fn step(
    held: LeaseHolder,
    State(app): State<Arc<App>>,
    ApiInput(Path((_, _, number))): ApiInput<Path<(JobId, u32, u32)>>,
    ApiInput(Json(report)): ApiInput<Json<StepReport>>,
) -> Result<StatusCode, ErrorResponse> {
    let report = checked::step(number, report)?;
    let step = StepRow {
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
    };
    if app.store.put_step(&step, held.lease).await? == Reported::LeaseLost {
        return Err(lost(&app, held.job).await);
    }
    app.live.publish(Update::Step { job: held.job });
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(super) struct LogPosition {
    offset: u64,
}

/// A piece of a log. Answered when it is on disk: the runner may then forget it.
pub(super) async fn log(
    held: LeaseHolder,
    State(app): State<Arc<App>>,
    ApiInput(Path((_, _, step))): ApiInput<Path<(JobId, u32, u32)>>,
    ApiInput(Query(LogPosition { offset })): ApiInput<Query<LogPosition>>,
    ApiInput(bytes): ApiInput<Bytes>,
) -> Result<Response, ErrorResponse> {
    checked::log(step, offset, bytes.len())?;
    let (job, task) = (held.job, held.index);
    let log = LogKey { job, task, step };
    let piece = LogPiece { offset, bytes: &bytes };
    let appended = app.store.append_log(log, held.lease, piece, Timestamp::now()).await?;
    match appended {
        Appended::Committed(committed) => {
            app.live.publish(Update::Log { job, task, step, total: committed });
            Ok(Json(LogAnswer { committed }).into_response())
        }
        Appended::WrongOffset(committed) => {
            Ok((StatusCode::CONFLICT, Json(LogAnswer { committed })).into_response())
        }
        Appended::LeaseLost => Err(lost(&app, job).await),
    }
}

async fn ended_as(app: &App, held: &LeaseHolder, outcome: Outcome) -> Result<bool, ErrorResponse> {
    Ok(app.store.outcome_of_task(held.job, held.index).await? == Some(outcome))
}

async fn pipeline_of(app: &App, job: JobId) -> Result<PipelineId, ErrorResponse> {
    app.store.pipeline_of_job(job).await?.ok_or_else(|| ErrorResponse::gone("there is no such job"))
}

async fn lost(app: &App, job: JobId) -> ErrorResponse {
    match job_row(app, job).await {
        Ok(row) => over(row.status),
        Err(refused) => refused,
    }
}

async fn job_row(app: &App, job: JobId) -> Result<JobRow, ErrorResponse> {
    app.store.job(job).await?.ok_or_else(|| ErrorResponse::gone("there is no such job"))
}

fn over(status: JobStatus) -> ErrorResponse {
    if status == JobStatus::Canceled {
        return ErrorResponse::new(StatusCode::GONE, ErrorCode::Canceled, "the job was canceled");
    }
    ErrorResponse::gone(
        "the lease on this task was lost: the server accepts no further reports for it",
    )
}
