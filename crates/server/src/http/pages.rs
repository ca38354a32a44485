//! The dashboard: pages for people, complete without script, livelier with it.
//!
//! Each file below is one page: it checks the rights ([`visit`]), reads rows, makes a small view of
//! them and renders a template of `templates/`. What an open page refreshes is a template of its own
//! that the page embeds, so a page and its live parts cannot drift apart. Deliberately absent:
//! signing in (`http::login`), the stream that says when to refresh (`http::stream`), pictures,
//! styles and scripts (`http::assets`).

mod config_view;
mod deliveries;
mod diagnostics;
mod graph;
mod home;
mod job;
mod lists;
mod log;
mod pipeline;
mod project;
mod projects;
mod runners;
mod settings;
mod setup;
pub(crate) mod visit;
pub(crate) mod words;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use roundel_model::forge::ForgeKind;
use tower_http::csrf::CsrfLayer;

use crate::app::App;
pub(crate) use words::escape;

/// Routes of every page.
pub fn router() -> Router<Arc<App>> {
    let mut router = Router::new()
        .route("/healthz", get(healthz))
        .merge(home::router())
        .merge(projects::router())
        .merge(pipeline::router())
        .merge(job::router())
        .merge(log::router())
        .merge(runners::router())
        .merge(diagnostics::router());
    for kind in ForgeKind::ALL {
        for prefix in [kind.slug(), kind.long_slug()] {
            let base = format!("/{prefix}/{{owner}}/{{repository}}");
            router = router
                .merge(project::routes(&base))
                .merge(setup::routes(&base))
                .merge(deliveries::routes(&base))
                .merge(settings::routes(&base))
                .merge(job::routes(&base))
                .merge(pipeline::routes(&format!("/pipelines{base}")));
        }
    }
    let indexes = Arc::new(log::LogIndexes::default());
    router.layer(axum::Extension(indexes)).layer(CsrfLayer::new())
}

/// Tells whoever watches the process that it answers and reaches its database.
async fn healthz(axum::extract::State(app): axum::extract::State<Arc<App>>) -> Response {
    match app.store.setting("healthz").await {
        Ok(_) => (StatusCode::OK, "ok\n").into_response(),
        Err(error) => {
            tracing::warn!(%error, "the health check could not read the database");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    shell: visit::Shell,
    status: u16,
    title: &'a str,
    text: words::Html,
    way_out: Option<(&'a str, &'a str)>,
}

/// A page that says what went wrong and, where there is one, the way out (label, address).
/// Back-quoted words of `text` are shown as code.
pub fn error_page(
    status: StatusCode,
    title: &str,
    text: &str,
    way_out: Option<(&str, &str)>,
) -> Response {
    let shell = visit::Shell::bare(title);
    let page =
        ErrorPage { shell, status: status.as_u16(), title, text: words::sentence(text), way_out };
    match page.render() {
        Ok(html) => (status, secured(Html(html).into_response(), "")).into_response(),
        Err(_) => (status, format!("{title}\n{text}\n")).into_response(),
    }
}

/// Adds the headers that every page has. `form_targets` are origins besides our own that a form may
/// lead to: signing in posts to us, and we redirect to the forge.
fn secured(mut response: Response, form_targets: &str) -> Response {
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; \
         img-src 'self' data: https: http://127.0.0.1:*; connect-src 'self'; \
         form-action 'self'{form_targets}; base-uri 'none'; frame-ancestors 'none'"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// Escapes text as one segment of a path, or a value of a query.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&hex::encode_upper([byte]));
        }
    }
    out
}
