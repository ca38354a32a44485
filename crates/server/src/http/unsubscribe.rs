//! `/mail/stop/…`: the link at the end of every mail. Looking at it changes nothing (scanners follow
//! links); posting to it stops the mail, without signing in (RFC 8058).

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
    routing::get,
};
use roundel_model::id::AccountId;

use super::pages;
use crate::{
    app::App,
    deliver::mail::{self, Wish},
};

/// Returns the routes. No protection against forged requests: the signature is the right.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new().route("/mail/stop/{account}/{signature}", get(ask).post(stop))
}

async fn ask(
    State(app): State<Arc<App>>,
    Path((account, signature)): Path<(AccountId, String)>,
) -> Response {
    if !mail::is_signature(&app, account, &signature) {
        return refused();
    }
    Html(
        "<!doctype html><html lang=\"en\"><title>Stop mail from Roundel</title>\
         <form method=\"post\"><p>Stop every mail from this server?</p>\
         <button>Stop the mail</button></form></html>",
    )
    .into_response()
}

async fn stop(
    State(app): State<Arc<App>>,
    Path((account, signature)): Path<(AccountId, String)>,
) -> Response {
    if !mail::is_signature(&app, account, &signature) {
        return refused();
    }
    match mail::set_wish(&app, account, Wish::Nothing).await {
        Ok(()) => "No more mail from this server.\n".into_response(),
        Err(error) => {
            tracing::error!(%error, "a wish could not be kept");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

fn refused() -> Response {
    pages::error_page(
        StatusCode::NOT_FOUND,
        "This link does not work",
        "It was cut off or changed on its way. Use the link at the end of a newer mail.",
        None,
    )
}
