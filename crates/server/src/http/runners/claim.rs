//! Claiming: a runner waits for a task that fits it, and gets the right to it.
//!
//! The job spec is built before the task is claimed: what cannot be described to a runner must not be
//! taken by one. Losing the race for a task is expected: the next one is tried.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use roundel_engine::{Event, IllegalEvent};
use roundel_model::{id::LeaseId, limits, status::Outcome, time::Timestamp};
use roundel_protocol::{ClaimRequest, JobSpec};
use roundel_store::{pipelines::OfferedTask, runners::RunnerRow};

use super::{
    checked,
    job_spec::{self, SpecError},
    rights::RunnerToken,
};
use crate::{
    app::App,
    connected_runners::Capabilities,
    drive::{self, Applied, DriveError},
    http::{api_input::ApiInput, error_response::ErrorResponse},
};

/// How often offers are checked without a wake-up, in case one was missed.
const PERIOD: Duration = Duration::from_secs(2);

/// Offers that a round considers first. If none of them fits, it considers more and more: however many
/// tasks wait for a runner that is not there, those behind them are found.
const FIRST_OFFERS: u32 = 64;

/// How many times as many it considers next.
const MORE_OFFERS: u32 = 8;

/// Hands out a task, as soon as there is one that fits.
pub(super) async fn claim(
    _: RunnerToken,
    State(app): State<Arc<App>>,
    ApiInput(Json(request)): ApiInput<Json<ClaimRequest>>,
) -> Result<Response, ErrorResponse> {
    let request = checked::claim(request)?;
    app.store
        .touch_runner(&RunnerRow {
            name: request.runner.clone(),
            version: request.version.clone(),
            resource_classes: request.resource_classes.clone(),
            executors: request.executors.clone(),
            architecture: request.architecture.clone(),
            limitations: request.limitations.clone(),
            last_seen_at: Timestamp::now(),
            signed_off_at: None,
        })
        .await?;
    if let Some(lease) = request.lease
        && let Some(spec) = resend(&app, lease).await?
    {
        return Ok(Json(spec).into_response());
    }
    let wait = tokio::time::sleep(request.wait.min(limits::CLAIM_WAIT));
    tokio::pin!(wait);
    loop {
        // Listening begins before looking, so that an offer in between is not missed.
        let offered = app.wake.offer.notified();
        tokio::pin!(offered);
        offered.as_mut().enable();
        // Its connection may be open all the same, and what it gets would not be run.
        if app.store.has_signed_off(&request.runner).await? {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        if let Some(spec) = take(&app, &request).await? {
            return Ok(Json(spec).into_response());
        }
        tokio::select! {
            () = &mut wait => return Ok(StatusCode::NO_CONTENT.into_response()),
            () = app.stopping.cancelled() => return Ok(StatusCode::NO_CONTENT.into_response()),
            () = offered => {}
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}

/// Hands out once more what was handed out under a lease: the answer did not arrive, because this
/// process was killed, say. Nothing if the lease is over.
async fn resend(app: &App, lease: LeaseId) -> Result<Option<JobSpec>, ErrorResponse> {
    let Some(task) = app.store.task_of_lease(lease).await? else { return Ok(None) };
    let now = Timestamp::now();
    let expires_at = now.plus(limits::LEASE);
    let event = Event::Renewed { job: task.job, task: task.index, lease, expires_at };
    let renewed = drive::apply(&app.drive, task.pipeline, &event, now).await?;
    if renewed == Applied::Ignored {
        return Ok(None);
    }
    match job_spec::build(app, &task, lease).await {
        Ok((spec, _)) => Ok(Some(spec)),
        Err(SpecError::Store(error)) => Err(error.into()),
        // The lease must not stay on this task: the claim continues, and takes another one under it.
        Err(SpecError::CannotBuild(reason)) => {
            end(app, &task, lease, &reason).await?;
            Ok(None)
        }
    }
}

/// Takes the oldest task that fits, if there is one.
async fn take(app: &App, request: &ClaimRequest) -> Result<Option<JobSpec>, ErrorResponse> {
    let capabilities = Capabilities::of_claim(request);
    let (mut limit, mut considered) = (FIRST_OFFERS, 0);
    loop {
        let offers = app.store.offered_tasks(limit).await?;
        let found = offers.len();
        let of_this_round = offers.into_iter().skip(considered);
        let fitting =
            of_this_round.filter(|offered| capabilities.can_run(offered)).collect::<Vec<_>>();
        if let Some(spec) = take_one(app, request, &fitting).await? {
            return Ok(Some(spec));
        }
        if u32::try_from(found).is_ok_and(|found| found < limit) {
            return Ok(None);
        }
        (limit, considered) = (limit.saturating_mul(MORE_OFFERS), found);
    }
}

/// Takes the first of these tasks that no other runner takes before.
async fn take_one(
    app: &App,
    request: &ClaimRequest,
    fitting: &[OfferedTask],
) -> Result<Option<JobSpec>, ErrorResponse> {
    for offered in fitting {
        let lease = request.lease.unwrap_or_else(LeaseId::fresh);
        let spec = match job_spec::build(app, offered, lease).await {
            Ok(spec) => Some(spec),
            Err(SpecError::Store(error)) => return Err(error.into()),
            Err(SpecError::CannotBuild(reason)) => {
                give_up(app, request, offered, &reason).await?;
                None
            }
        };
        if let Some((spec, project)) = spec
            && try_claim(app, request, offered, lease).await?
        {
            if spec.checkout.key.is_some()
                && let Err(error) = app.store.touch_checkout_key(project, Timestamp::now()).await
            {
                tracing::warn!(%project, %error, "could not record that a key was used");
            }
            return Ok(Some(spec));
        }
    }
    Ok(None)
}

/// Ends a task that cannot be described to a runner, with the reason on its page.
async fn give_up(
    app: &App,
    request: &ClaimRequest,
    offered: &OfferedTask,
    reason: &str,
) -> Result<(), ErrorResponse> {
    let lease = LeaseId::fresh();
    if !try_claim(app, request, offered, lease).await? {
        return Ok(());
    }
    end(app, offered, lease, reason).await
}

/// Claims a task through the one door. Returns whether this runner got it.
async fn try_claim(
    app: &App,
    request: &ClaimRequest,
    offered: &OfferedTask,
    lease: LeaseId,
) -> Result<bool, ErrorResponse> {
    let now = Timestamp::now();
    let event = Event::Claimed {
        job: offered.job,
        task: offered.index,
        lease,
        expires_at: now.plus(limits::LEASE),
        runner: request.runner.clone(),
    };
    match drive::apply(&app.drive, offered.pipeline, &event, now).await {
        Ok(Applied::Changed) => Ok(true),
        // It was canceled, or claimed by another runner, since it was listed.
        Ok(Applied::Ignored) | Err(DriveError::Illegal(IllegalEvent::Protocol { .. })) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Ends a task under its lease as our failure, with the reason on its page.
async fn end(
    app: &App,
    offered: &OfferedTask,
    lease: LeaseId,
    reason: &str,
) -> Result<(), ErrorResponse> {
    tracing::error!(job.id = %offered.job, reason, "a task cannot be handed out");
    let event = Event::Finished {
        job: offered.job,
        task: offered.index,
        lease,
        outcome: Outcome::InfrastructureFail,
        reason: Some(reason.to_owned()),
    };
    drive::apply(&app.drive, offered.pipeline, &event, Timestamp::now()).await?;
    Ok(())
}
