//! The frame around every page, and how a page is sent.

use askama::Template;
use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use crate::{forge::Forge, session};

const POLICY: &str = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The frame around every page.
pub(crate) struct Frame {
    pub(crate) title: String,
    pub(crate) forge: &'static str,
    pub(crate) class: &'static str,
    pub(crate) login: Option<String>,
    pub(crate) live: bool,
}

impl Frame {
    /// Returns the frame of a page that stays as it is.
    pub(crate) fn of(forge: &Forge, headers: &HeaderMap, title: &str) -> Self {
        Self {
            title: title.to_owned(),
            forge: forge.kind.title(),
            class: forge.kind.long_slug(),
            login: session::visitor(forge, headers).map(|user| user.login),
            live: false,
        }
    }

    /// Keeps the live parts of the page fresh.
    pub(super) fn live(mut self) -> Self {
        self.live = true;
        self
    }
}

/// Answers with a page.
pub(crate) fn html(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => {
            let headers = [
                (header::CONTENT_SECURITY_POLICY, POLICY),
                (header::CACHE_CONTROL, "no-store"),
                (header::REFERRER_POLICY, "no-referrer"),
            ];
            (headers, Html(text)).into_response()
        }
        Err(error) => {
            tracing::warn!(%error, "a page cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    frame: Frame,
    title: &'a str,
    text: &'a str,
}

/// Answers with a page that has one message for the visitor.
pub(crate) fn message(
    forge: &Forge,
    headers: &HeaderMap,
    status: StatusCode,
    title: &str,
    text: &str,
) -> Response {
    let frame = Frame::of(forge, headers, title);
    (status, html(&Message { frame, title, text })).into_response()
}

/// Answers that there is nothing at an address.
pub(crate) fn not_found(forge: &Forge, headers: &HeaderMap) -> Response {
    let text = "There is nothing at this address.";
    message(forge, headers, StatusCode::NOT_FOUND, "Not found", text)
}
