//! Where injected faults meet calls.
//!
//! Everything that a caller sees goes through here first: REST, OAuth, git over HTTP and pages.
//! Git over SSH does not; there a key is refused by deleting it.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{connection::Connection, faults::FailureKind, forge::Forge};

/// Fails a call if it is its turn.
pub(crate) async fn fail_on_purpose(
    State(forge): State<Arc<Forge>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path_and_query().map_or("", |path| path.as_str());
    let decoded = percent_decoded(path);
    let failure = forge.faults.next_call(request.method().as_str(), &decoded);
    match failure {
        None => next.run(request).await,
        Some(FailureKind::Answer { status, headers, body }) => answer(status, headers, body),
        Some(FailureKind::Delay(time)) => {
            tokio::time::sleep(time.min(Duration::from_hours(1))).await;
            next.run(request).await
        }
        Some(FailureKind::LoseAnswer) => {
            let response = next.run(request).await;
            connection.cut.store(true, Ordering::SeqCst);
            response
        }
    }
}

fn percent_decoded(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    // A form decoder turns plus signs into spaces, which none of our paths means.
    let escaped = path.replace('+', "%2B");
    let decoded = url::form_urlencoded::parse(escaped.as_bytes())
        .map(|(key, _)| key.into_owned())
        .collect::<Vec<_>>()
        .join("&");
    if query.is_empty() { decoded } else { format!("{decoded}?{query}") }
}

fn answer(status: u16, headers: Vec<(String, String)>, body: String) -> Response {
    let mut response = Response::builder().status(status);
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        response = response.header("content-type", "application/json; charset=utf-8");
    }
    for (name, value) in headers {
        response = response.header(name, value);
    }
    let broken = || (StatusCode::INTERNAL_SERVER_ERROR, "no such answer").into_response();
    response.body(Body::from(body)).unwrap_or_else(|_| broken())
}
