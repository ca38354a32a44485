//! How large a request says that its body is: what is too large is refused before any of it is read.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use futures_util::StreamExt as _;
use roundel_model::limits;

use crate::app::App;

/// How long the rest of a refused body is read.
const REST_TIME: Duration = Duration::from_secs(5);

/// How much of it.
const REST_BYTES: usize = 4 * limits::DELIVERY_BYTES;

/// Whether a request announces more bytes than it may have. One that announces nothing is counted while
/// it is read.
pub(crate) fn is_beyond(headers: &HeaderMap, most: usize) -> bool {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let announced = announced.and_then(|value| value.trim().parse::<u64>().ok());
    announced.is_some_and(|bytes| usize::try_from(bytes).map_or(true, |bytes| bytes > most))
}

/// Reads a body that is refused and keeps nothing of it, while its sender is answered. A connection
/// that is closed with bytes unread is reset, and the sender, which is still writing, never sees why
/// (RFC 9112 §9.6).
pub(crate) fn discard(app: &App, body: Body) {
    app.tasks.spawn(async move {
        let read = async {
            let (mut rest, mut left) = (body.into_data_stream(), REST_BYTES);
            while let Some(Ok(piece)) = rest.next().await {
                let Some(fewer) = left.checked_sub(piece.len()) else { return };
                left = fewer;
            }
        };
        // The connection of a sender that sends more, or slowly, is closed.
        let _ended = tokio::time::timeout(REST_TIME, read).await;
    });
}
