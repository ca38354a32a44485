//! What programs send, read as axum reads it; what cannot be read is answered as every error of the
//! protocol is: a code, a sentence, a status.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Request},
    http::{StatusCode, request::Parts},
    response::IntoResponse,
};
use futures_util::{StreamExt as _, stream};
use roundel_model::text;
use roundel_protocol::ErrorCode;

use super::{body_size, error_response::ErrorResponse};
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
        let (parts, body) = request.into_parts();
        // Shared, because the extractor drops what it has not read.
        let unread = Arc::new(Mutex::new(body.into_data_stream()));
        let body = || {
            let unread = Arc::clone(&unread);
            Body::from_stream(stream::poll_fn(move |context| {
                unread.lock().unwrap_or_else(PoisonError::into_inner).poll_next_unpin(context)
            }))
        };
        let read = E::from_request(Request::from_parts(parts, body()), app).await;
        let read = read.map(Self).map_err(refused);
        if read.as_ref().is_err_and(ErrorResponse::is_too_large) {
            body_size::discard(app, body(), body_size::LARGE_REST_BYTES);
        }
        read
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
