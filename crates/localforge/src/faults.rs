//! Trouble on purpose: calls that fail, deliveries that get lost.
//!
//! Everything that a caller sees goes through here first: REST, OAuth, git over HTTP and pages.
//! Git over SSH does not; there a key is refused by deleting it.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{DeliveryFault, Failure, FailureKind, listener::Connection, side::Side};

/// The failures that wait to happen.
#[derive(Default)]
pub(crate) struct Faults {
    calls: Mutex<Vec<Failure>>,
    deliveries: Mutex<Vec<(DeliveryFault, u32)>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Faults {
    /// Adds a failure of calls.
    pub(crate) fn inject(&self, failure: Failure) {
        lock(&self.calls).push(failure);
    }

    /// Adds trouble with deliveries.
    pub(crate) fn disturb(&self, fault: DeliveryFault, times: u32) {
        lock(&self.deliveries).push((fault, times));
    }

    /// Forgets everything.
    pub(crate) fn heal(&self) {
        lock(&self.calls).clear();
        lock(&self.deliveries).clear();
    }

    /// Counts a call and says whether it is one that fails.
    fn next_call(&self, method: &str, path: &str) -> Option<FailureKind> {
        let mut calls = lock(&self.calls);
        let mut how = None;
        for failure in calls.iter_mut() {
            let concerned = (failure.method.is_empty()
                || failure.method.eq_ignore_ascii_case(method))
                && path.contains(&failure.path_contains);
            if !concerned {
                continue;
            }
            if failure.after > 0 {
                failure.after -= 1;
            } else if failure.times > 0 {
                failure.times -= u32::from(failure.times != u32::MAX);
                how = Some(failure.how.clone());
                break;
            }
        }
        calls.retain(|failure| failure.times > 0);
        how
    }

    /// Counts a delivery and says what happens to it.
    pub(crate) fn next_delivery(&self) -> Option<DeliveryFault> {
        let mut deliveries = lock(&self.deliveries);
        let (fault, times) = deliveries.iter_mut().find(|(_, times)| *times > 0)?;
        *times -= u32::from(*times != u32::MAX);
        let fault = fault.clone();
        deliveries.retain(|(_, times)| *times > 0);
        Some(fault)
    }
}

/// Fails a call if it is its turn.
pub(crate) async fn fail_on_purpose(
    State(side): State<Arc<Side>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path_and_query().map_or("", |path| path.as_str());
    let decoded = percent_decoded(path);
    let failure = side.faults.next_call(request.method().as_str(), &decoded);
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
    // A form decoder turns plus signs into spaces, which no path of ours means.
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

/// Returns a fresh mark for a connection that is to be cut.
pub(crate) fn uncut() -> Arc<AtomicBool> {
    Arc::new(AtomicBool::new(false))
}
