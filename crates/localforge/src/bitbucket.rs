//! Bitbucket Cloud's REST API 2.0, below `/2.0`.
//!
//! A module for each kind of thing; here are the routes and what every call goes through. The end
//! points that Bitbucket removed (`VCS` §4.4) answer 410, so that nobody comes to lean on them.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use roundel_model::forge::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    answer::Refusal,
    caller::{Caller, Credentials, Identity, Verdict, credentials},
    model::Repository,
    side::Side,
};

mod commits;
mod hooks;
mod keys;
mod people;
mod pulls;
mod repos;
pub(crate) mod shape;
mod source;
mod statuses;

/// Returns the routes.
pub(crate) fn router(side: &Arc<Side>) -> Router<Arc<Side>> {
    let guard = axum::middleware::from_fn_with_state(Arc::clone(side), guard);
    people_routes()
        .merge(repository_routes())
        .merge(commit_routes())
        .fallback(|| async { refuse(StatusCode::NOT_FOUND, "Resource not found") })
        .layer(guard)
}

fn people_routes() -> Router<Arc<Side>> {
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

fn repository_routes() -> Router<Arc<Side>> {
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

fn commit_routes() -> Router<Arc<Side>> {
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

/// Says no as Bitbucket does.
pub(crate) fn refuse(status: StatusCode, message: &str) -> Refusal {
    Refusal::json(status, json!({ "type": "error", "error": { "message": message } }))
}

/// Says which field of a body is wrong.
pub(crate) fn invalid(field: &str, message: &str) -> Refusal {
    Refusal::json(
        StatusCode::BAD_REQUEST,
        json!({
            "type": "error",
            "error": {
                "message": format!("{field}: {message}"), "fields": { field: [message] },
            },
        }),
    )
}

async fn removed() -> Refusal {
    refuse(StatusCode::GONE, "This API was removed. See CHANGE-2770.")
}

/// Says that there is no such repository, or not for this caller.
pub(crate) fn hidden() -> Refusal {
    let message = "You may not have access to this repository or it no longer exists in this \
                   workspace. If you think this repository exists and you have access, make sure \
                   you are authenticated.";
    refuse(StatusCode::NOT_FOUND, message)
}

/// Refuses whoever is nobody.
pub(crate) fn signed_in(caller: &Caller) -> Result<&Identity, Refusal> {
    let message = "Token is invalid, expired, or not supported for this endpoint.";
    caller.0.as_ref().ok_or_else(|| refuse(StatusCode::UNAUTHORIZED, message))
}

/// Refuses a token without the scope. A wider scope holds the narrower ones.
pub(crate) fn scoped<'a>(caller: &'a Caller, scope: &str) -> Result<&'a Identity, Refusal> {
    let identity = signed_in(caller)?;
    let wider: &[&str] = match scope {
        "account" => &["account", "account:write"],
        "email" => &["email", "account", "account:write"],
        "repository" => &["repository", "repository:write"],
        "repository:write" => &["repository:write"],
        "repository:admin" => &["repository:admin"],
        "pullrequest" => &["pullrequest", "pullrequest:write"],
        "pullrequest:write" => &["pullrequest:write"],
        "account:write" => &["account:write"],
        _ => &["webhook"],
    };
    if identity.has_any(wider) {
        return Ok(identity);
    }
    Err(Refusal::json(
        StatusCode::FORBIDDEN,
        json!({
            "type": "error",
            "error": {
                "message": "Your credentials lack one or more required privilege scopes.",
                "detail": { "required": [scope], "granted": identity.scopes },
            },
        }),
    ))
}

/// Reads a body.
pub(crate) fn body(bytes: &Bytes) -> Result<Value, Refusal> {
    let value: Option<Value> = serde_json::from_slice(bytes).ok();
    value
        .filter(Value::is_object)
        .ok_or_else(|| refuse(StatusCode::BAD_REQUEST, "Request body is not valid JSON"))
}

/// Reads a `{uuid}`, with or without braces.
pub(crate) fn uuid_of(text: &str) -> Option<Uuid> {
    Uuid::parse_str(text.trim_start_matches('{').trim_end_matches('}')).ok()
}

/// Finds a repository by slugs or ids. With an id of its own the workspace does not matter.
fn find(side: &Side, workspace: &str, name: &str) -> Option<Repository> {
    if let Some(uuid) = uuid_of(name) {
        return side
            .read(|state| state.repositories.values().find(|one| one.uuid == uuid).cloned());
    }
    let owner = login_of(side, workspace)?;
    side.find(&owner, name)
}

/// Returns the login of a workspace that is named by slug or id.
pub(crate) fn login_of(side: &Side, workspace: &str) -> Option<String> {
    side.read(|state| {
        if let Some(uuid) = uuid_of(workspace) {
            let organization = state.organizations.iter().find(|one| one.uuid == uuid);
            let user = state.users.iter().find(|one| one.uuid == uuid);
            return organization
                .map(|one| one.login.clone())
                .or_else(|| user.map(|one| one.login.clone()));
        }
        state.owner(workspace).map(|owner| owner.login().to_owned())
    })
}

/// Finds a repository that the caller may use so.
pub(crate) fn repository(
    side: &Side,
    caller: &Caller,
    (workspace, name): (&str, &str),
    (wanted, scope): (Role, &str),
) -> Result<Repository, Refusal> {
    let Some(found) = find(side, workspace, name) else {
        signed_in(caller)?;
        let message = format!("Repository {workspace}/{name} not found");
        return Err(refuse(StatusCode::NOT_FOUND, &message));
    };
    let role = caller.login().and_then(|login| side.read(|state| state.role(login, &found)));
    if wanted == Role::Read && !found.private && scope == "repository" {
        return Ok(found);
    }
    if role.is_none() {
        signed_in(caller)?;
        return Err(hidden());
    }
    scoped(caller, scope)?;
    if role < Some(wanted) {
        let message = "Access denied. You must have write or admin access.";
        return Err(refuse(StatusCode::FORBIDDEN, message));
    }
    Ok(found)
}

async fn guard(State(side): State<Arc<Side>>, mut request: Request, next: Next) -> Response {
    match admit(&side, request.headers()) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    }
}

fn admit(side: &Side, headers: &HeaderMap) -> Result<Caller, Refusal> {
    let verdict = match credentials(headers) {
        Credentials::Nothing => return Ok(Caller::default()),
        Credentials::Bearer(token) => side.judge(&token),
        Credentials::Basic(_, password) => side.judge(&password),
    };
    let message = match verdict {
        Verdict::Good(identity) => return Ok(Caller(Some(identity))),
        Verdict::Expired => {
            "Access token expired. Use your refresh token to obtain a new access token."
        }
        Verdict::Unknown => "Token is invalid, expired, or not supported for this endpoint.",
    };
    Err(refuse(StatusCode::UNAUTHORIZED, message))
}
