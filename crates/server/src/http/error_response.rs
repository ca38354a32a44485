//! Error responses of the protocol: what a runner gets, and what publishes and reads orbs.
//!
//! People get pages instead: [`PageError`](super::visit::PageError).

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use roundel_engine::IllegalEvent;
use roundel_protocol::{ApiError, ErrorCode};
use roundel_store::StoreError;

use crate::drive::DriveError;

/// A status and the [`ApiError`] in the body.
pub(super) struct ErrorResponse(StatusCode, ApiError);

impl ErrorResponse {
    pub(super) fn new(status: StatusCode, code: ErrorCode, message: impl Into<String>) -> Self {
        Self(status, ApiError { code: code.into(), message: message.into() })
    }

    pub(super) fn unauthorized(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, ErrorCode::Unauthorized, message)
    }

    pub(super) fn bad_request(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::BadRequest, message)
    }

    /// A field is not as the protocol allows it.
    pub(super) fn unprocessable(message: &str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::BadRequest, message)
    }

    #[cfg(test)]
    pub(super) fn message(&self) -> &str {
        &self.1.message
    }

    pub(super) fn gone(message: &str) -> Self {
        Self::new(StatusCode::GONE, ErrorCode::LeaseLost, message)
    }
}

impl IntoResponse for ErrorResponse {
    fn into_response(self) -> Response {
        (self.0, Json(self.1)).into_response()
    }
}

impl From<StoreError> for ErrorResponse {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a request to the API could not be served");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Unavailable, "try again")
    }
}

impl From<DriveError> for ErrorResponse {
    fn from(error: DriveError) -> Self {
        match error {
            DriveError::Store(error) => error.into(),
            DriveError::Illegal(error @ IllegalEvent::Protocol { .. }) => {
                tracing::warn!(%error, "a runner broke the protocol");
                Self::new(StatusCode::CONFLICT, ErrorCode::BadRequest, error.to_string())
            }
            // Nothing that a runner sends can make these true: the log has the invariant.
            DriveError::Illegal(IllegalEvent::Invariant { .. } | IllegalEvent::Graph(_)) => {
                let message = "the server made a mistake; its log says which";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal, message)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use roundel_model::status::JobStatus;

    use super::*;

    fn answer(error: IllegalEvent) -> ErrorResponse {
        DriveError::Illegal(error).into()
    }

    #[test]
    fn a_runner_is_refused_only_for_its_own_mistake() {
        let reason = "it is not offered to runners";
        let status = Some(JobStatus::Blocked);
        let ErrorResponse(status, error) =
            answer(IllegalEvent::Protocol { event: "claimed", status, reason });
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(error.code.is(ErrorCode::BadRequest), "{error:?}");
        assert!(error.message.contains("`blocked`"), "{error:?}");
    }

    /// A bug in the server is not "broke the protocol", and its details are for our log.
    #[test]
    fn a_broken_invariant_is_an_error_of_the_server() {
        let broken = "W4: `main` waits, and nothing in it can move".to_owned();
        let ErrorResponse(status, error) =
            answer(IllegalEvent::Invariant { event: "finished", broken });
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(error.code.is(ErrorCode::Internal), "{error:?}");
        assert!(!error.message.contains("W4"), "{error:?}");
    }
}
