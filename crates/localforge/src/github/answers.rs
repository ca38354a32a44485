//! How GitHub says no, and how it reads a body.

use axum::{body::Bytes, http::StatusCode};
use serde_json::{Value, json};

use crate::answer::ErrorResponse;

pub(super) const DOCS: &str = "https://docs.github.com/rest";

/// Says no as GitHub does.
pub(crate) fn refuse(status: StatusCode, message: &str) -> ErrorResponse {
    ErrorResponse::json(
        status,
        json!({
            "message": message, "documentation_url": DOCS, "status": status.as_u16().to_string(),
        }),
    )
}

/// Says that there is nothing, or nothing for this caller (`VCS` §2.2: 404 instead of 403).
pub(crate) fn not_found() -> ErrorResponse {
    refuse(StatusCode::NOT_FOUND, "Not Found")
}

/// Says what is wrong with a body.
pub(crate) fn invalid(resource: &str, field: &str, code: &str, message: &str) -> ErrorResponse {
    ErrorResponse::json(
        StatusCode::UNPROCESSABLE_ENTITY,
        json!({
            "message": "Validation Failed",
            "errors": [{
                "resource": resource, "code": code, "field": field, "message": message,
            }],
            "documentation_url": DOCS,
            "status": "422",
        }),
    )
}

/// Says that a body is not JSON.
pub(crate) fn body(bytes: &Bytes) -> Result<Value, ErrorResponse> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|_| refuse(StatusCode::BAD_REQUEST, "Problems parsing JSON"))?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(refuse(StatusCode::BAD_REQUEST, "Body should be a JSON object"))
    }
}
