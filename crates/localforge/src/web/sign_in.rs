//! The page on which a visitor chooses who to be.

use askama::Template;
use axum::{http::HeaderMap, response::Response};

use super::frame::{Frame, html};
use crate::{model::User, side::Side};

#[derive(Template)]
#[template(path = "signin.html")]
struct SignIn<'a> {
    frame: Frame,
    people: Vec<User>,
    application: &'a str,
    return_to: &'a str,
    suggested: &'a str,
}

/// Answers with the choice of users; the chosen one comes back to `return_to`.
pub(super) fn sign_in_page(side: &Side, headers: &HeaderMap, return_to: &str) -> Response {
    let people = side.read(|state| state.users.clone());
    let frame = Frame::of(side, headers, "Sign in");
    html(&SignIn { frame, people, application: "", return_to, suggested: "" })
}
