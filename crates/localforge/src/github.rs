//! GitHub's REST API, version 2022-11-28, below `/api/v3` as on an Enterprise Server.
//!
//! A module for each kind of object; here are the routes and what applies to every call:
//! `User-Agent`, API version, token, headers about scopes and limits, `ETag`.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use sha2::{Digest, Sha256};

use self::answers::{not_found, refuse};
use crate::{
    answer::{ErrorResponse, in_form},
    caller::{Caller, Credentials, TokenCheck, credentials},
    forge::Forge,
};

mod answers;
mod applications;
mod commits;
mod contents;
mod hooks;
mod keys;
mod people;
mod pulls;
mod repos;
mod rights;
mod statuses;

/// Calls that one user has in an hour. They are not counted; rate limits are injected.
const LIMIT: &str = "5000";
/// Bytes of the largest answer: GitHub hands out files of up to 100 MB.
const ANSWER_BYTES: usize = 101 << 20;

/// Routes of the API of GitHub.
pub(crate) fn router(forge: &Arc<Forge>) -> Router<Arc<Forge>> {
    let guard = axum::middleware::from_fn_with_state(Arc::clone(forge), guard);
    people_routes()
        .merge(repository_routes())
        .merge(commit_routes())
        .fallback(|| async { not_found() })
        .method_not_allowed_fallback(|| async { not_found() })
        .layer(guard)
}

fn people_routes() -> Router<Arc<Forge>> {
    Router::new()
        .route("/meta", get(people::meta))
        .route("/rate_limit", get(people::rate_limit))
        .route("/user", get(people::me))
        .route("/user/emails", get(people::emails))
        .route("/user/repos", get(repos::mine))
        .route("/user/orgs", get(people::my_organizations))
        .route("/user/memberships/orgs", get(people::my_memberships))
        .route("/user/memberships/orgs/{org}", get(people::my_membership))
        .route("/user/keys", get(keys::list_mine).post(keys::add_mine))
        .route("/user/keys/{id}", get(keys::show_mine).delete(keys::remove_mine))
        .route("/users/{login}", get(people::show))
        .route("/orgs/{org}", get(people::organization))
        .route("/orgs/{org}/repos", get(repos::of_organization))
        .route("/orgs/{org}/members/{login}", get(people::is_member))
        .route("/orgs/{org}/memberships/{login}", get(people::membership))
        .route(
            "/applications/{client_id}/token",
            post(applications::check).patch(applications::reset).delete(applications::delete),
        )
        .route("/applications/{client_id}/grant", delete(applications::revoke))
}

fn repository_routes() -> Router<Arc<Forge>> {
    Router::new()
        .route("/repositories/{id}", get(repos::show_by_id))
        .route("/repos/{owner}/{repo}", get(repos::show).patch(repos::change))
        .route("/repos/{owner}/{repo}/collaborators/{login}/permission", get(repos::permission))
        .route("/repos/{owner}/{repo}/keys", get(keys::list).post(keys::add))
        .route("/repos/{owner}/{repo}/keys/{id}", get(keys::show).delete(keys::remove))
        .route("/repos/{owner}/{repo}/hooks", get(hooks::list).post(hooks::add))
        .route(
            "/repos/{owner}/{repo}/hooks/{id}",
            get(hooks::show).patch(hooks::change).delete(hooks::remove),
        )
        .route("/repos/{owner}/{repo}/hooks/{id}/pings", post(hooks::ping))
        .route("/repos/{owner}/{repo}/hooks/{id}/deliveries", get(hooks::deliveries))
        .route("/repos/{owner}/{repo}/hooks/{id}/deliveries/{delivery}", get(hooks::delivery))
        .route(
            "/repos/{owner}/{repo}/hooks/{id}/deliveries/{delivery}/attempts",
            post(hooks::redeliver),
        )
        .route("/repos/{owner}/{repo}/pulls", get(pulls::list).post(pulls::open))
        .route("/repos/{owner}/{repo}/pulls/{number}", get(pulls::show).patch(pulls::change))
        .route("/repos/{owner}/{repo}/pulls/{number}/files", get(pulls::files))
}

fn commit_routes() -> Router<Arc<Forge>> {
    Router::new()
        .route("/repos/{owner}/{repo}/branches", get(commits::branches))
        .route("/repos/{owner}/{repo}/branches/{*branch}", get(commits::branch))
        .route("/repos/{owner}/{repo}/git/ref/{*name}", get(commits::git_ref))
        .route("/repos/{owner}/{repo}/git/matching-refs/{*name}", get(commits::matching_refs))
        .route("/repos/{owner}/{repo}/commits", get(commits::list))
        .route("/repos/{owner}/{repo}/commits/{revision}", get(commits::show))
        .route("/repos/{owner}/{repo}/commits/{revision}/pulls", get(pulls::of_commit))
        .route("/repos/{owner}/{repo}/commits/{revision}/status", get(statuses::combined))
        .route("/repos/{owner}/{repo}/commits/{revision}/statuses", get(statuses::list))
        .route("/repos/{owner}/{repo}/statuses/{sha}", post(statuses::add))
        .route("/repos/{owner}/{repo}/compare/{*range}", get(commits::compare))
        .route("/repos/{owner}/{repo}/contents", get(contents::root))
        .route("/repos/{owner}/{repo}/contents/", get(contents::root))
        .route("/repos/{owner}/{repo}/contents/{*path}", get(contents::show))
}

async fn guard(State(forge): State<Arc<Forge>>, mut request: Request, next: Next) -> Response {
    let caller = match admit(&forge, request.headers(), request.uri().path()) {
        Ok(caller) => caller,
        Err(error) => return dress(error.into_response(), &Caller::default()),
    };
    let get = request.method() == axum::http::Method::GET;
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    request.extensions_mut().insert(caller.clone());
    let response = dress(next.run(request).await, &caller);
    if get && response.status() == StatusCode::OK { tag(response, known).await } else { response }
}

/// Checks what every call needs (`VCS` §2.2) and identifies the caller.
fn admit(forge: &Forge, headers: &HeaderMap, path: &str) -> Result<Caller, ErrorResponse> {
    if headers.get(header::USER_AGENT).is_none_or(HeaderValue::is_empty) {
        let message = "Request forbidden by administrative rules. Please make sure your request \
                       has a User-Agent header.";
        return Err(refuse(StatusCode::FORBIDDEN, message));
    }
    let version = headers.get("x-github-api-version").and_then(|value| value.to_str().ok());
    if version.is_some_and(|version| !["2022-11-28", "2026-03-10"].contains(&version)) {
        return Err(refuse(StatusCode::BAD_REQUEST, "The version is not supported."));
    }
    // Applications authenticate with their own id and secret; their routes check them.
    if path.contains("/applications/") {
        return Ok(Caller::default());
    }
    let check = match credentials(headers) {
        Credentials::Nothing => return Ok(Caller::default()),
        Credentials::Bearer(token) => forge.check_token(&token),
        Credentials::Basic(name, password) => match forge.check_token(&password) {
            TokenCheck::Unknown => forge.check_token(&name),
            check @ (TokenCheck::Good(_) | TokenCheck::Expired) => check,
        },
    };
    match check {
        TokenCheck::Good(identity) => Ok(Caller(Some(identity))),
        TokenCheck::Expired | TokenCheck::Unknown => {
            Err(refuse(StatusCode::UNAUTHORIZED, "Bad credentials"))
        }
    }
}

/// Makes the id that GitHub gives each request.
pub(crate) fn request_id() -> String {
    crate::random::text(24).to_uppercase()
}

/// Adds the headers that every answer has.
fn dress(response: Response, caller: &Caller) -> Response {
    let mut response = in_form(response, refuse);
    let headers = response.headers_mut();
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    put("server", "github.com");
    put("x-github-request-id", &request_id());
    put("x-github-media-type", "github.v3; format=json");
    put("x-ratelimit-limit", LIMIT);
    put("x-ratelimit-remaining", LIMIT);
    put("x-ratelimit-used", "0");
    put("x-ratelimit-resource", "core");
    let reset = crate::stamp::epoch(roundel_model::time::Timestamp::now()) + 3_600;
    put("x-ratelimit-reset", &reset.to_string());
    if let Some(identity) = &caller.0 {
        put("x-oauth-scopes", &identity.scopes.join(", "));
        put("x-accepted-oauth-scopes", "repo");
    }
    response
}

/// Adds an `ETag`, and answers 304 to a caller that has the body already.
async fn tag(response: Response, known: Option<HeaderValue>) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, ANSWER_BYTES).await else {
        return refuse(StatusCode::INTERNAL_SERVER_ERROR, "Server Error").into_response();
    };
    let etag = format!("W/\"{}\"", hex::encode(Sha256::digest(&bytes)));
    let same = known.is_some_and(|known| known.as_bytes() == etag.as_bytes());
    if let Ok(value) = HeaderValue::from_str(&etag) {
        parts.headers.insert(header::ETAG, value);
    }
    if same {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}
