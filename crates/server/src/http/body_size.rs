//! How large a request says that its body is: what is too large is refused before any of it is read.

use axum::http::{HeaderMap, header};

/// Whether a request announces more bytes than it may have. One that announces nothing is counted while
/// it is read.
pub(crate) fn is_beyond(headers: &HeaderMap, most: usize) -> bool {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let announced = announced.and_then(|value| value.trim().parse::<u64>().ok());
    announced.is_some_and(|bytes| usize::try_from(bytes).map_or(true, |bytes| bytes > most))
}
