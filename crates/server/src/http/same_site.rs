//! Keeps forms of other websites out: their browser would send the session along.
//!
//! [`CsrfLayer`] refuses what comes from elsewhere. It takes what says nothing of where it comes from to be a
//! program's; with the cookie of a session, it may be an old browser's, and is refused here.

use axum::{
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
    middleware::{Next, from_fn},
    response::{IntoResponse as _, Response},
};
use tower_http::csrf::CsrfLayer;

use super::routes::Routes;
use crate::access::SESSION_COOKIE;

const FETCH_SITE: &str = "sec-fetch-site";

/// Puts both checks around routes.
pub(super) fn guarded(routes: Routes) -> Routes {
    routes.layer(from_fn(with_an_origin)).layer(CsrfLayer::new())
}

async fn with_an_origin(request: Request, next: Next) -> Response {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let headers = request.headers();
    let says = headers.contains_key(FETCH_SITE) || headers.contains_key(header::ORIGIN);
    if is_safe || says || !has_session(headers) {
        return next.run(request).await;
    }
    StatusCode::FORBIDDEN.into_response()
}

fn has_session(headers: &HeaderMap) -> bool {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut names = cookies.flat_map(|line| line.split(';')).filter_map(|one| one.split_once('='));
    names.any(|(name, _)| name.trim() == SESSION_COOKIE)
}
