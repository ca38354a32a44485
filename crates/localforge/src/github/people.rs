//! Users, organizations and memberships (`VCS` §2.6).

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::{Value, json};

use super::{
    answers::{not_found, refuse},
    rights::signed_in,
    shape,
};
use crate::{
    answer::{ErrorResponse, Outcome, nothing, ok},
    caller::Caller,
    model::{Organization, User},
    page::Listing,
    shape::merge,
    side::Side,
    stamp,
};

/// `GET /meta`
pub(super) async fn meta(State(_): State<Arc<Side>>) -> Outcome {
    ok(
        StatusCode::OK,
        json!({ "verifiable_password_authentication": false, "hooks": ["127.0.0.0/8", "::1/128"] }),
    )
}

/// `GET /rate_limit`
pub(super) async fn rate_limit() -> Outcome {
    let reset = stamp::epoch(roundel_model::time::Timestamp::now()) + 3_600;
    let counter = json!({ "limit": 5000, "remaining": 5000, "reset": reset, "used": 0 });
    ok(
        StatusCode::OK,
        json!({ "resources": { "core": counter, "search": counter }, "rate": counter }),
    )
}

fn caller_user(side: &Side, caller: &Caller) -> Result<User, ErrorResponse> {
    let login = &signed_in(caller)?.login;
    side.read(|state| state.user(login).cloned()).ok_or_else(not_found)
}

/// `GET /user`
pub(super) async fn me(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
) -> Outcome {
    let user = caller_user(&side, &caller)?;
    ok(StatusCode::OK, shape::private_user(&side, &user))
}

/// `GET /user/emails`: 404 without the scope.
pub(super) async fn emails(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
) -> Outcome {
    let user = caller_user(&side, &caller)?;
    if !caller.has_any(&["user:email", "user"]) {
        return Err(not_found());
    }
    let mail = json!({
        "email": user.email, "primary": true, "verified": true, "visibility": "public",
    });
    ok(StatusCode::OK, json!([mail]))
}

/// `GET /users/{login}`
pub(super) async fn show(State(side): State<Arc<Side>>, Path(login): Path<String>) -> Outcome {
    let user = side.read(|state| state.user(&login).cloned()).ok_or_else(not_found)?;
    ok(StatusCode::OK, shape::user(&side, &user))
}

fn needs_organization_scope(caller: &Caller) -> Result<&str, ErrorResponse> {
    let identity = signed_in(caller)?;
    if identity.has_any(&["read:org", "write:org", "admin:org", "user"]) {
        return Ok(&identity.login);
    }
    let message = "You need at least read:org scope or user scope to list your organizations.";
    Err(refuse(StatusCode::FORBIDDEN, message))
}

fn organizations_of(side: &Side, login: &str) -> Vec<Organization> {
    side.read(|state| state.organizations_of(login).cloned().collect())
}

/// `GET /user/orgs`
pub(super) async fn my_organizations(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    listing: Listing,
) -> Outcome {
    let login = needs_organization_scope(&caller)?;
    let all: Vec<_> = organizations_of(&side, login)
        .iter()
        .map(|one| shape::organization(&side, &one.login, one.id))
        .collect();
    Ok(listing.linked(&side, all))
}

fn membership_of(side: &Side, organization: &Organization, login: &str) -> Option<Value> {
    let owner = *organization.members.get(login)?;
    let path = format!("orgs/{}/memberships/{login}", organization.login);
    Some(json!({
        "url": side.api(&path),
        "state": "active",
        "role": if owner { "admin" } else { "member" },
        "organization_url": side.api(&format!("orgs/{}", organization.login)),
        "organization": shape::organization(side, &organization.login, organization.id),
        "user": shape::user(side, &side.person(login)),
    }))
}

/// `GET /user/memberships/orgs`
pub(super) async fn my_memberships(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    listing: Listing,
) -> Outcome {
    let login = needs_organization_scope(&caller)?;
    let all: Vec<_> = organizations_of(&side, login)
        .iter()
        .filter_map(|one| membership_of(&side, one, login))
        .collect();
    Ok(listing.linked(&side, all))
}

fn find_organization(side: &Side, login: &str) -> Result<Organization, ErrorResponse> {
    side.read(|state| state.organization(login).cloned()).ok_or_else(not_found)
}

/// `GET /user/memberships/orgs/{org}`
pub(super) async fn my_membership(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path(organization): Path<String>,
) -> Outcome {
    let login = needs_organization_scope(&caller)?;
    let found = find_organization(&side, &organization)?;
    ok(StatusCode::OK, membership_of(&side, &found, login).ok_or_else(not_found)?)
}

/// `GET /orgs/{org}`
pub(super) async fn organization(
    State(side): State<Arc<Side>>,
    Path(login): Path<String>,
) -> Outcome {
    let one = find_organization(&side, &login)?;
    let mut value = shape::organization(&side, &one.login, one.id);
    merge(
        &mut value,
        json!({
            "html_url": side.page(&one.login), "name": one.login,
            "has_organization_projects": false, "has_repository_projects": false,
            "public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
            "type": "Organization", "created_at": stamp::seconds(one.created_at),
            "updated_at": stamp::seconds(one.created_at), "archived_at": null,
            "deploy_keys_enabled_for_repositories": true,
        }),
    );
    ok(StatusCode::OK, value)
}

/// `GET /orgs/{org}/members/{login}`
pub(super) async fn is_member(
    State(side): State<Arc<Side>>,
    Path((organization, login)): Path<(String, String)>,
) -> Outcome {
    let found = find_organization(&side, &organization)?;
    if found.members.contains_key(&login) {
        nothing(StatusCode::NO_CONTENT)
    } else {
        Err(not_found())
    }
}

/// `GET /orgs/{org}/memberships/{login}`: members see it.
pub(super) async fn membership(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((organization, login)): Path<(String, String)>,
) -> Outcome {
    let me = needs_organization_scope(&caller)?;
    let found = find_organization(&side, &organization)?;
    if !found.members.contains_key(me) {
        let message = "You must be a member of this organization to see membership information.";
        return Err(refuse(StatusCode::FORBIDDEN, message));
    }
    ok(StatusCode::OK, membership_of(&side, &found, &login).ok_or_else(not_found)?)
}
