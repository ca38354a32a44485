//! Who may see and do what: one decision, used by every route (`VCS` §7).

use axum::{extract::FromRequestParts, http::request::Parts, response::{IntoResponse, Response}};
use roundel_model::forge::Role;
use roundel_store::{accounts::Account, projects::Project};
use std::sync::Arc;
use crate::app::App;

/// Name of the session cookie.
pub const SESSION_COOKIE: &str = "roundel_session";

/// The person who is signed in. As an extractor it sends others to the sign-in page
/// (`/login?return=…`), or answers 401 to programs.
pub struct SignedIn(pub Account);

/// The person, if somebody is signed in. Never refuses.
pub struct Visitor(pub Option<Account>);

impl FromRequestParts<Arc<App>> for SignedIn {
    type Rejection = Response;
    async fn from_request_parts(_parts: &mut Parts, _app: &Arc<App>) -> Result<Self, Response> { todo!() }
}
impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = Response;
    async fn from_request_parts(_parts: &mut Parts, _app: &Arc<App>) -> Result<Self, Response> { todo!() }
}

/// What a person may do with a project, as the forge tells it (cached for a few minutes). `None`:
/// the project must not be seen; answer 404.
pub async fn role(app: &App, account: Option<&Account>, project: &Project) -> Option<Role> { let _ = (app, account, project); todo!() }

/// A 404 that does not tell whether there is something.
pub fn not_found() -> Response { axum::http::StatusCode::NOT_FOUND.into_response() }
