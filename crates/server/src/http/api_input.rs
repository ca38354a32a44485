//! What programs send, read as axum reads it; what cannot be read is answered as every error of the
//! protocol is: a code, a sentence, a status.

use std::{fmt, sync::Arc};

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::{StatusCode, request::Parts},
    response::IntoResponse,
};
use roundel_model::text;
use roundel_protocol::ErrorCode;

use super::error_response::ErrorResponse;
use crate::app::App;

/// Characters of the sentence: a parser repeats what was sent.
const MESSAGE_CHARS: usize = 500;

/// A body, or a part of the address, as the extractor `E` reads it.
pub(super) struct ApiInput<E>(pub(super) E);

impl<E> FromRequest<Arc<App>> for ApiInput<E>
where
    E: FromRequest<Arc<App>, Rejection: IntoResponse + fmt::Display>,
{
    type Rejection = ErrorResponse;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ErrorResponse> {
        E::from_request(request, app).await.map(Self).map_err(refused)
    }
}

impl<E, S> FromRequestParts<S> for ApiInput<E>
where
    E: FromRequestParts<S, Rejection: IntoResponse + fmt::Display>,
    S: Send + Sync,
{
    type Rejection = ErrorResponse;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ErrorResponse> {
        E::from_request_parts(parts, state).await.map(Self).map_err(refused)
    }
}

fn refused(rejection: impl IntoResponse + fmt::Display) -> ErrorResponse {
    let message: String =
        text::one_line(&rejection.to_string()).chars().take(MESSAGE_CHARS).collect();
    let status = rejection.into_response().status();
    let code = match status {
        StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::TooLarge,
        status if status.is_server_error() => ErrorCode::Internal,
        _ => ErrorCode::BadRequest,
    };
    ErrorResponse::new(status, code, message)
}
