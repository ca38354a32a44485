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

/// How much of a body is read that is refused for its size.
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
    app.tasks.spawn(async move {
        let read = async {
            let (mut rest, mut left) = (body.into_data_stream(), most);
            while let Some(Ok(piece)) = rest.next().await {
                let Some(fewer) = left.checked_sub(piece.len()) else { return };
                left = fewer;
            }
        };
        // The connection of a sender that sends more, or slowly, is closed.
        let _ended = tokio::time::timeout(REST_TIME, read).await;
    });
}
