//! Answers, errors, and fields of request bodies.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

/// The answer to a call that is refused.
pub(crate) struct ErrorResponse(pub(crate) Box<Response>);

impl ErrorResponse {
    /// Wraps an answer.
    pub(crate) fn new(response: impl IntoResponse) -> Self {
        Self(Box::new(response.into_response()))
    }

    /// Refuses with a JSON body.
    pub(crate) fn json(status: StatusCode, body: Value) -> Self {
        Self::new((status, axum::Json(body)))
    }
}

impl IntoResponse for ErrorResponse {
    fn into_response(self) -> Response {
        *self.0
    }
}

impl From<crate::git::GitError> for ErrorResponse {
    fn from(error: crate::git::GitError) -> Self {
        tracing::warn!(%error, "git failed in a call");
        Self::new((StatusCode::INTERNAL_SERVER_ERROR, "Server Error"))
    }
}

/// Puts an error response of the framework, such as for an id that is not a number, in the form of a forge:
/// a client must be able to tell a forge's refusal from a proxy's.
pub(crate) fn in_form(
    response: Response,
    refuse: fn(StatusCode, &str) -> ErrorResponse,
) -> Response {
    let status = response.status();
    let declared = response.headers().get(header::CONTENT_TYPE);
    let is_json = declared.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if is_json || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    refuse(status, status.canonical_reason().unwrap_or("Error")).into_response()
}

/// What a handler returns.
pub(crate) type Outcome = Result<Response, ErrorResponse>;

/// Answers with JSON.
#[expect(clippy::unnecessary_wraps, reason = "handlers return it as they return errors")]
pub(crate) fn ok(status: StatusCode, body: Value) -> Outcome {
    Ok((status, axum::Json(body)).into_response())
}

/// Answers with nothing.
#[expect(clippy::unnecessary_wraps, reason = "handlers return it as they return errors")]
pub(crate) fn nothing(status: StatusCode) -> Outcome {
    Ok(status.into_response())
}

/// Returns a string field of a body, if it is one.
pub(crate) fn text<'a>(body: &'a Value, field: &str) -> Option<&'a str> {
    body.get(field).and_then(Value::as_str)
}

/// Returns the strings of a list field.
pub(crate) fn texts(body: &Value, field: &str) -> Option<Vec<String>> {
    let list = body.get(field)?.as_array()?;
    Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

/// Returns a boolean field of a body, if it is one.
pub(crate) fn flag(body: &Value, field: &str) -> Option<bool> {
    body.get(field).and_then(Value::as_bool)
}

/// Returns a string field of a body, or an empty string.
pub(crate) fn text_or_empty(body: &Value, field: &str) -> String {
    text(body, field).unwrap_or_default().to_owned()
}

/// Returns whether an address is one that a browser or a webhook can use.
pub(crate) fn is_http(address: &str) -> bool {
    url::Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}
