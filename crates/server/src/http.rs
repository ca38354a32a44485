//! The router: which path leads to which file, and what every answer has in common.
//!
//! Forged requests are refused for what a browser does with its cookie; webhooks, runners and the
//! links in mails carry their own right and stand outside of that.

pub mod assets;
pub mod badges;
mod login;
mod orbs;
pub mod pages;
pub mod runners;
pub mod stream;
mod unsubscribe;
pub mod webhooks;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    http::{HeaderValue, StatusCode, header},
};
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, csrf::CsrfLayer,
    limit::RequestBodyLimitLayer, set_header::SetResponseHeaderLayer, timeout::TimeoutLayer,
};

use crate::app::App;

/// How long an ordinary request may take. Claims and streams have their own measure.
const REQUEST_TIME: Duration = Duration::from_mins(1);

/// How long taking a delivery may take: the forges give up after ten seconds themselves.
const DELIVERY_TIME: Duration = Duration::from_secs(30);

/// Bytes of a form.
const FORM_BYTES: usize = 1 << 20;

/// Puts all routes together.
pub fn router(app: Arc<App>) -> Router {
    let browser = Router::new()
        .merge(pages::router())
        .merge(badges::router())
        .merge(assets::router())
        .merge(login::router().layer(CsrfLayer::new()))
        .merge(unsubscribe::router())
        .layer(RequestBodyLimitLayer::new(FORM_BYTES))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, REQUEST_TIME))
        .layer(CompressionLayer::new());
    let machines = Router::new()
        .merge(
            webhooks::router()
                .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, DELIVERY_TIME)),
        )
        .merge(
            orbs::router()
                .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, REQUEST_TIME)),
        )
        .merge(runners::router())
        .merge(stream::router());
    let always =
        |name, value| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    Router::new()
        .merge(browser)
        .merge(machines)
        .layer(always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(always(header::X_FRAME_OPTIONS, "DENY"))
        .layer(always(header::REFERRER_POLICY, "same-origin"))
        .layer(always(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ))
        .layer(CatchPanicLayer::new())
        .with_state(app)
}
