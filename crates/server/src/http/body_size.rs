//! How large a request says that its body is: what is too large is refused before any of it is read. And
//! what is read of a body that is refused.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};
use futures_util::{StreamExt as _, stream};
use roundel_model::limits;

use crate::app::App;

/// How long the rest of a refused body is read.
const REST_TIME: Duration = Duration::from_secs(5);

/// How much of a body is read that is refused for its size, or before it was read.
pub(crate) const LARGE_REST_BYTES: usize = 4 * limits::DELIVERY_BYTES;

/// How much of a body is read that is for nothing that there is.
pub(crate) const SMALL_REST_BYTES: usize = 64 * 1024;

/// Whether a request announces more bytes than it may have. One that announces nothing is counted while
/// it is read.
pub(crate) fn is_beyond(headers: &HeaderMap, most: usize) -> bool {
    announced(headers).is_some_and(|bytes| bytes > most)
}

/// Returns how many bytes a request announces, if it does.
pub(crate) fn announced(headers: &HeaderMap) -> Option<usize> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let announced = announced.and_then(|value| value.trim().parse::<u64>().ok());
    announced.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX))
}

/// Reads at most so many bytes of a body that is refused and keeps nothing of it, while its sender is
/// answered. A connection that is closed with bytes unread is reset, and the sender, which is still
/// writing, never sees why (RFC 9112 §9.6).
pub(crate) fn discard(app: &App, body: Body, most: usize) {
    app.tasks.spawn(read_rest(body, most));
}

async fn read_rest(body: Body, most: usize) {
    let read = async {
        let (mut rest, mut left) = (body.into_data_stream(), most);
        while let Some(Ok(piece)) = rest.next().await {
            let Some(fewer) = left.checked_sub(piece.len()) else { return };
            left = fewer;
        }
    };
    // The connection of a sender that sends more, or slowly, is closed.
    let _ended = tokio::time::timeout(REST_TIME, read).await;
}

/// Reads the rest of what a program sends before an error is answered, whatever it is for: a token, the
/// size, what is written. It sees the answer, for the reason that [`discard`] gives.
pub(crate) async fn rest_before_errors(request: Request, next: Next) -> Response {
    // It waits to be asked for its body (RFC 9110 §10.1.1), which reading would do.
    if request.headers().contains_key(header::EXPECT) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    // Shared, because who answers drops what it has not read.
    let unread = Arc::new(Mutex::new(body.into_data_stream()));
    let body = || {
        let unread = Arc::clone(&unread);
        Body::from_stream(stream::poll_fn(move |context| {
            unread.lock().unwrap_or_else(PoisonError::into_inner).poll_next_unpin(context)
        }))
    };
    let response = next.run(Request::from_parts(parts, body())).await;
    if !response.status().is_success() {
        read_rest(body(), LARGE_REST_BYTES).await;
    }
    response
}
