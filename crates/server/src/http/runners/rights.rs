//! The rights of runners: the instance's token allows claims, each task's token allows its reports.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Path},
    http::{HeaderMap, header, request::Parts},
};
use roundel_model::id::{JobId, LeaseId};
use roundel_protocol::LEASE_HEADER;
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

use super::token;
use crate::{
    app::App,
    http::{error_response::ErrorResponse, routes::Right},
};

/// Came with the token of the instance's runners. It is checked before the body is read.
pub(super) struct RunnerToken;

impl Right for RunnerToken {
    fn name() -> String {
        "RunnerToken".to_owned()
    }
}

impl FromRequestParts<Arc<App>> for RunnerToken {
    type Rejection = ErrorResponse;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ErrorResponse> {
        let given = bearer(&parts.headers).unwrap_or_default();
        let right = app.settings.runner_token.expose();
        if bool::from(given.as_bytes().ct_eq(right.as_bytes())) {
            return Ok(Self);
        }
        Err(ErrorResponse::unauthorized("the runner's token is wrong"))
    }
}

/// The right to speak for a task: its token fits its lease. Whether the lease is still held is for
/// the engine to say.
pub(super) struct LeaseHolder {
    pub(super) job: JobId,
    pub(super) index: u32,
    pub(super) lease: LeaseId,
}

impl Right for LeaseHolder {
    fn name() -> String {
        "TaskToken".to_owned()
    }
}

impl FromRequestParts<Arc<App>> for LeaseHolder {
    type Rejection = ErrorResponse;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ErrorResponse> {
        #[derive(Deserialize)]
        struct Task {
            job: JobId,
            index: u32,
        }
        let Path(Task { job, index }) = Path::<Task>::from_request_parts(parts, app)
            .await
            .map_err(|error| ErrorResponse::bad_request(&error.to_string()))?;
        let lease = parts
            .headers
            .get(LEASE_HEADER)
            .and_then(|value| value.to_str().ok()?.parse::<LeaseId>().ok())
            .ok_or_else(|| ErrorResponse::bad_request("the lease is missing"))?;
        let given = bearer(&parts.headers).unwrap_or_default();
        if !token::fits(&app.settings.instance_key, given, job, index, lease) {
            return Err(ErrorResponse::unauthorized("the token does not open this task"));
        }
        Ok(Self { job, index, lease })
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}
