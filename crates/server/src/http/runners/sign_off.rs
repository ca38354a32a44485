//! Signing off: a runner ends, and the page of runners need not find that out by itself.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use roundel_model::time::Timestamp;
use roundel_protocol::SignOffRequest;

use super::{checked, rights::RunnerToken};
use crate::{
    app::App,
    http::{api_input::ApiInput, error_response::ErrorResponse},
};

/// Notes that a runner ends, and ends its claims that still wait. What it held is not touched: it ends its
/// tasks before.
pub(super) async fn sign_off(
    _: RunnerToken,
    State(app): State<Arc<App>>,
    ApiInput(Json(request)): ApiInput<Json<SignOffRequest>>,
) -> Result<StatusCode, ErrorResponse> {
    let runner = checked::sign_off(request)?.runner;
    app.store.sign_off_runner(&runner, Timestamp::now()).await?;
    app.wake.offer.notify_waiters();
    tracing::info!(runner, "a runner went offline");
    Ok(StatusCode::NO_CONTENT)
}
