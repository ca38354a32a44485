//! `/mail/stop/…`: the link at the end of every mail. Looking at it changes nothing (scanners follow
//! links); posting to it stops the mail, without signing in (RFC 8058).

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Path, State},
    http::{StatusCode, request::Parts},
    response::{Html, IntoResponse as _, Response},
};
use roundel_model::id::AccountId;

use super::{
    pages::frame,
    routes::{Right, Routes},
};
use crate::{
    app::App,
    deliver::mail::{self, Wish},
};

/// Returns the routes. No protection against forged requests: the signature is the right.
pub(crate) fn routes() -> Routes {
    const LINK: &str = "/mail/stop/{account}/{signature}";
    Routes::new().get(LINK, ask).post(LINK, stop)
}

/// Came by a link of ours: the signature in the address is right for the account in it.
struct MailLink {
    account: AccountId,
}

impl Right for MailLink {
    fn name() -> String {
        "MailLink".to_owned()
    }
}

impl FromRequestParts<Arc<App>> for MailLink {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        match Path::<(AccountId, String)>::from_request_parts(parts, app).await {
            Ok(Path((account, signature))) if mail::is_signature(app, account, &signature) => {
                Ok(Self { account })
            }
            Ok(_) | Err(_) => Err(refused()),
        }
    }
}

async fn ask(_: MailLink) -> Response {
    Html(
        "<!doctype html><html lang=\"en\"><title>Stop mail from Roundel</title>\
         <form method=\"post\"><p>Stop every mail from this server?</p>\
         <button>Stop the mail</button></form></html>",
    )
    .into_response()
}

async fn stop(MailLink { account }: MailLink, State(app): State<Arc<App>>) -> Response {
    match mail::set_wish(&app, account, Wish::Nothing).await {
        Ok(()) => "No more mail from this server.\n".into_response(),
        Err(error) => {
            tracing::error!(%error, "a wish could not be kept");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

fn refused() -> Response {
    frame::error_page(
        StatusCode::NOT_FOUND,
        "This link does not work",
        "It was cut off or changed on its way. Use the link at the end of a newer mail.",
        None,
    )
}
