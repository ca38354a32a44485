//! The router: which path leads to which file, and what every answer has in common.
//!
//! What a page stands on is below `rights` and `pages`, and imports neither: `address`, `frame` (with
//! `person`, `section`, `family`, `notice`), `form`, `visit`.
//!
//! Forged requests are refused for what a browser does with its cookie; webhooks, runners and the
//! links in emails carry their own authorization and are exempt.

mod address;
mod api_input;
pub(crate) mod assets;
pub(crate) mod badges;
pub(crate) mod body_size;
mod email_preferences;
mod error_response;
mod family;
mod form;
mod frame;
mod login;
mod notice;
mod orbs;
pub(crate) mod pages;
mod person;
pub(crate) mod rights;
pub(crate) mod routes;
pub(crate) mod runners;
mod same_site;
mod section;
pub(crate) mod stream;
mod visit;
pub(crate) mod webhooks;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, StatusCode, header},
    middleware,
};
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer,
    set_header::SetResponseHeaderLayer, timeout::TimeoutLayer,
};

use roundel_model::limits;

use crate::app::App;
use pages::failures;
use routes::Routes;

/// How long an ordinary request may take. Claims and streams have their own limits.
const REQUEST_TIME: Duration = Duration::from_mins(1);

/// How long taking a delivery may take: the forges give up after ten seconds themselves.
const DELIVERY_TIME: Duration = Duration::from_secs(30);

/// Puts all routes together.
pub fn router(app: Arc<App>) -> Router {
    let framed = middleware::from_fn_with_state(Arc::clone(&app), failures::framed);
    routes().with_app(app).fallback(failures::unknown_address).layer(framed)
}

/// Returns the addresses of all routes, with their placeholders: `/pipeline/{id}`. Tests hold texts
/// that name addresses against it.
pub fn addresses() -> Vec<String> {
    routes().declared().into_iter().map(|route| route.path).collect()
}

fn routes() -> Routes {
    let browser = Routes::new()
        .merge(same_site::guarded(pages::routes()))
        .merge(badges::routes())
        .merge(assets::routes())
        .merge(same_site::guarded(login::routes()))
        .merge(email_preferences::routes())
        .layer(DefaultBodyLimit::max(limits::FORM_BYTES))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, REQUEST_TIME))
        .layer(CompressionLayer::new());
    let machines = Routes::new()
        .merge(
            webhooks::routes()
                .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, DELIVERY_TIME)),
        )
        .merge(
            orbs::routes()
                .layer(middleware::from_fn(body_size::rest_before_errors))
                .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, REQUEST_TIME)),
        )
        .merge(runners::routes().layer(middleware::from_fn(body_size::rest_before_errors)))
        .merge(stream::routes());
    let always =
        |name, value| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    Routes::new()
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
}
