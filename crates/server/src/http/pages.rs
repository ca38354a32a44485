//! The dashboard: pages for people, complete without script, livelier with it.
//!
//! Each file below is one page: its handlers name the right that they need ([`super::rights`]), read
//! rows, make a small view of them and render a template of `templates/`. What an open page refreshes is
//! a separate template that the page embeds, so a page and its live parts cannot drift apart. Deliberately
//! absent: signing in (`http::login`), the stream that says when to refresh (`http::stream`), pictures,
//! styles and scripts (`http::assets`).

mod acted;
mod config_view;
mod deliveries;
mod diagnostics;
pub(crate) mod failures;
mod graph;
mod home;
mod job;
mod lists;
mod log;
mod pipeline;
pub(crate) mod preferences;
mod project;
mod projects;
mod runners;
mod settings;
mod setup;
mod status;
mod time;
mod variables;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use roundel_model::forge::ForgeKind;

use super::{rights::Anyone, routes::Routes};
use crate::app::App;

/// Routes of every page.
pub(crate) fn routes() -> Routes {
    let mut routes = Routes::new()
        .get("/healthz", healthz)
        .merge(home::routes())
        .merge(projects::routes())
        .merge(pipeline::routes())
        .merge(job::routes())
        .merge(log::routes())
        .merge(runners::routes())
        .merge(preferences::routes())
        .merge(diagnostics::routes());
    for kind in ForgeKind::ALL {
        for prefix in [kind.slug(), kind.long_slug()] {
            let base = format!("/{prefix}/{{owner}}/{{repository}}");
            routes = routes
                .merge(project::routes(&base))
                .merge(setup::routes(&base))
                .merge(deliveries::routes(&base))
                .merge(settings::routes(&base))
                .merge(job::routes_below(&base))
                .merge(pipeline::routes_below(&format!("/pipelines{base}")));
        }
    }
    let indexes = Arc::new(log::LogIndexes::default());
    routes.layer(axum::Extension(indexes))
}

/// Answers whether the server is up and reaches its database.
async fn healthz(_: Anyone, State(app): State<Arc<App>>) -> Response {
    if app.health.check(&app.store).await {
        (StatusCode::OK, "ok\n").into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
    }
}
