//! The page on which a visitor chooses a user.

use askama::Template;
use axum::{http::HeaderMap, response::Response};

use super::frame::{Frame, html};
use crate::{forge::Forge, model::User};

/// Why a visitor is asked to choose a user.
#[derive(Default)]
pub(crate) struct Purpose<'a> {
    /// The application that asks; empty for the forge's own pages.
    pub(crate) application: &'a str,
    /// Where the visitor goes then.
    pub(crate) return_to: &'a str,
    /// Login of the user that the application suggests.
    pub(crate) suggested: &'a str,
}

#[derive(Template)]
#[template(path = "signin.html")]
struct SignIn<'a> {
    frame: Frame,
    people: Vec<User>,
    purpose: Purpose<'a>,
}

/// Answers with the choice of users.
pub(crate) fn sign_in_page(forge: &Forge, headers: &HeaderMap, purpose: Purpose<'_>) -> Response {
    let people = forge.read(|state| state.users.clone());
    html(&SignIn { frame: Frame::of(forge, headers, "Sign in"), people, purpose })
}

/// Answers with the choice of users for a page of the forge itself.
pub(super) fn sign_in_first(forge: &Forge, headers: &HeaderMap, return_to: &str) -> Response {
    sign_in_page(forge, headers, Purpose { return_to, ..Purpose::default() })
}
