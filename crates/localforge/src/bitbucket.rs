//! Bitbucket Cloud's REST API 2.0, below `/2.0`.
//!
//! A module for each kind of object; here are the routes and what applies to every call. The end
//! points that Bitbucket removed (`VCS` §4.4) answer 410, so that no caller depends on them.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
    routing::{get, post},
};

use self::answers::refuse;
use crate::{
    answer::{ErrorResponse, in_form},
    caller::{Caller, Credentials, TokenCheck, credentials},
    forge::Forge,
};

mod answers;
mod commits;
mod hooks;
mod keys;
mod people;
mod pulls;
mod repos;
mod rights;
mod source;
mod statuses;

/// Routes of the API of Bitbucket.
pub(crate) fn router(forge: &Arc<Forge>) -> Router<Arc<Forge>> {
    let guard = axum::middleware::from_fn_with_state(Arc::clone(forge), guard);
    people_routes()
        .merge(repository_routes())
        .merge(commit_routes())
        .fallback(|| async { refuse(StatusCode::NOT_FOUND, "Resource not found") })
        .layer(guard)
}

fn people_routes() -> Router<Arc<Forge>> {
    Router::new()
        .route("/user", get(people::me))
        .route("/user/emails", get(people::emails))
        .route("/user/workspaces", get(people::workspaces))
        .route("/user/workspaces/{ws}/permission", get(people::permission))
        .route("/user/workspaces/{ws}/permissions/repositories", get(repos::permissions))
        .route("/user/permissions/repositories", get(removed))
        .route("/user/permissions/workspaces", get(removed))
        .route("/workspaces", get(removed))
        .route("/repositories", get(removed))
        .route("/workspaces/{ws}", get(people::workspace))
        .route("/users/{user}", get(people::show))
        .route("/users/{user}/ssh-keys", get(keys::list_mine).post(keys::add_mine))
        .route("/users/{user}/ssh-keys/{id}", get(keys::show_mine).delete(keys::remove_mine))
        .route("/hook_events", get(hooks::subjects))
        .route("/hook_events/{subject}", get(hooks::events))
}

fn repository_routes() -> Router<Arc<Forge>> {
    let keys = "/repositories/{ws}/{repo}/deploy-keys";
    let hooks = "/repositories/{ws}/{repo}/hooks";
    let pulls = "/repositories/{ws}/{repo}/pullrequests";
    Router::new()
        .route("/repositories/{ws}", get(repos::list))
        .route("/repositories/{ws}/{repo}", get(repos::show))
        .route(keys, get(keys::list).post(keys::add))
        .route(&format!("{keys}/{{id}}"), get(keys::show).put(keys::relabel).delete(keys::remove))
        .route(hooks, get(hooks::list).post(hooks::add))
        .route(
            &format!("{hooks}/{{id}}"),
            get(hooks::show).put(hooks::change).delete(hooks::remove),
        )
        .route(pulls, get(pulls::list).post(pulls::open))
        .route(&format!("{pulls}/{{number}}"), get(pulls::show))
        .route(&format!("{pulls}/{{number}}/decline"), post(pulls::decline))
}

fn commit_routes() -> Router<Arc<Forge>> {
    let base = "/repositories/{ws}/{repo}";
    let statuses = format!("{base}/commit/{{revision}}/statuses");
    Router::new()
        .route(&format!("{base}/refs/branches"), get(commits::branches))
        .route(&format!("{base}/refs/branches/{{*name}}"), get(commits::branch))
        .route(&format!("{base}/commits"), get(commits::list))
        .route(&format!("{base}/commits/{{*revision}}"), get(commits::list_from))
        .route(&format!("{base}/commit/{{revision}}"), get(commits::show))
        .route(&format!("{base}/diffstat/{{*range}}"), get(commits::diffstat))
        .route(&statuses, get(statuses::list))
        .route(&format!("{statuses}/build"), post(statuses::add))
        .route(&format!("{statuses}/build/{{key}}"), get(statuses::show).put(statuses::change))
        .route(&format!("{base}/src"), get(source::root))
        .route(&format!("{base}/src/{{revision}}"), get(source::top))
        .route(&format!("{base}/src/{{revision}}/"), get(source::top))
        .route(&format!("{base}/src/{{revision}}/{{*path}}"), get(source::show))
}

async fn removed() -> ErrorResponse {
    refuse(StatusCode::GONE, "This API was removed. See CHANGE-2770.")
}

async fn guard(State(forge): State<Arc<Forge>>, mut request: Request, next: Next) -> Response {
    match admit(&forge, request.headers()) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            in_form(next.run(request).await, refuse)
        }
        Err(error) => error.into_response(),
    }
}

fn admit(forge: &Forge, headers: &HeaderMap) -> Result<Caller, ErrorResponse> {
    let check = match credentials(headers) {
        Credentials::Nothing => return Ok(Caller::default()),
        Credentials::Bearer(token) => forge.check_token(&token),
        Credentials::Basic(_, password) => forge.check_token(&password),
    };
    let message = match check {
        TokenCheck::Good(identity) => return Ok(Caller(Some(identity))),
        TokenCheck::Expired => {
            "Access token expired. Use your refresh token to obtain a new access token."
        }
        TokenCheck::Unknown => "Token is invalid, expired, or not supported for this endpoint.",
    };
    Err(refuse(StatusCode::UNAUTHORIZED, message))
}
