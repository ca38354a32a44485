//! What a runner is answered that cannot have what it asks for, in the words of the protocol.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use roundel_engine::IllegalEvent;
use roundel_protocol::{Refusal, RefusalCode};
use roundel_store::StoreError;

use crate::drive::DriveError;

/// A refusal, as the protocol words it.
pub(super) struct Refused(StatusCode, Refusal);

impl Refused {
    pub(super) fn new(status: StatusCode, code: RefusalCode, message: &str) -> Self {
        Self(status, Refusal { code: code.into(), message: message.to_owned() })
    }

    pub(super) fn unauthorized(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, RefusalCode::Unauthorized, message)
    }

    pub(super) fn bad_request(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, RefusalCode::BadRequest, message)
    }

    /// A field is not as the protocol allows it.
    pub(super) fn unprocessable(message: &str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, RefusalCode::BadRequest, message)
    }

    #[cfg(test)]
    pub(super) fn message(&self) -> &str {
        &self.1.message
    }

    pub(super) fn gone(message: &str) -> Self {
        Self::new(StatusCode::GONE, RefusalCode::LeaseLost, message)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(self.1)).into_response()
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a runner's request could not be served");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, RefusalCode::Unavailable, "try again")
    }
}

impl From<DriveError> for Refused {
    fn from(error: DriveError) -> Self {
        match error {
            DriveError::Store(error) => error.into(),
            DriveError::Illegal(error @ IllegalEvent::Protocol { .. }) => {
                tracing::warn!(%error, "a runner broke the protocol");
                Self::new(StatusCode::CONFLICT, RefusalCode::BadRequest, &error.to_string())
            }
            // Nothing that a runner sends can make these true: the log has the invariant.
            DriveError::Illegal(IllegalEvent::Invariant { .. } | IllegalEvent::Graph(_)) => {
                let message = "the server made a mistake; its log says which";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, RefusalCode::Internal, message)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use roundel_model::status::JobStatus;

    use super::*;

    fn answer(error: IllegalEvent) -> Refused {
        DriveError::Illegal(error).into()
    }

    #[test]
    fn a_runner_is_refused_only_for_its_own_mistake() {
        let reason = "it is not offered to runners";
        let status = Some(JobStatus::Blocked);
        let Refused(status, refusal) =
            answer(IllegalEvent::Protocol { event: "claimed", status, reason });
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(refusal.code.is(RefusalCode::BadRequest), "{refusal:?}");
        assert!(refusal.message.contains("`blocked`"), "{refusal:?}");
    }

    /// A bug of ours is not "broke the protocol", and its details are for our log.
    #[test]
    fn a_broken_invariant_is_an_error_of_the_server() {
        let broken = "W4: `main` waits, and nothing in it can move".to_owned();
        let Refused(status, refusal) =
            answer(IllegalEvent::Invariant { event: "finished", broken });
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(refusal.code.is(RefusalCode::Internal), "{refusal:?}");
        assert!(!refusal.message.contains("W4"), "{refusal:?}");
    }
}
