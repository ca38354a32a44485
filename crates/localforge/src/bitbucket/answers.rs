//! How Bitbucket says no, and how it reads a body.

use axum::{body::Bytes, http::StatusCode};
use serde_json::{Value, json};

use crate::answer::ErrorResponse;

/// Says no as Bitbucket does.
pub(crate) fn refuse(status: StatusCode, message: &str) -> ErrorResponse {
    ErrorResponse::json(status, json!({ "type": "error", "error": { "message": message } }))
}

/// Says which field of a body is wrong.
pub(crate) fn invalid(field: &str, message: &str) -> ErrorResponse {
    ErrorResponse::json(
        StatusCode::BAD_REQUEST,
        json!({
            "type": "error",
            "error": {
                "message": format!("{field}: {message}"), "fields": { field: [message] },
            },
        }),
    )
}

/// Says that there is no such repository, or not for this caller.
pub(crate) fn hidden() -> ErrorResponse {
    let message = "You may not have access to this repository or it no longer exists in this \
                   workspace. If you think this repository exists and you have access, make sure \
                   you are authenticated.";
    refuse(StatusCode::NOT_FOUND, message)
}

/// Says that there is no such commit.
pub(crate) fn no_commit(revision: &str) -> ErrorResponse {
    refuse(StatusCode::NOT_FOUND, &format!("Commit not found: {revision}"))
}

/// Reads a body.
pub(crate) fn body(bytes: &Bytes) -> Result<Value, ErrorResponse> {
    let value: Option<Value> = serde_json::from_slice(bytes).ok();
    value
        .filter(Value::is_object)
        .ok_or_else(|| refuse(StatusCode::BAD_REQUEST, "Request body is not valid JSON"))
}
