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
};
use crate::{
    answer::{ErrorResponse, Outcome, nothing, ok},
    caller::Caller,
    forge::Forge,
    model::{Organization, User},
    page::Listing,
    shape::{github as shape, merge},
    stamp,
};

/// `GET /meta`
pub(super) async fn meta(State(_): State<Arc<Forge>>) -> Outcome {
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

fn caller_user(forge: &Forge, caller: &Caller) -> Result<User, ErrorResponse> {
    let login = &signed_in(caller)?.login;
    forge.read(|state| state.user(login).cloned()).ok_or_else(not_found)
}

/// `GET /user`
pub(super) async fn me(
    State(forge): State<Arc<Forge>>,
    Extension(caller): Extension<Caller>,
) -> Outcome {
    let user = caller_user(&forge, &caller)?;
    ok(StatusCode::OK, shape::private_user(&forge, &user))
}

/// `GET /user/emails`: 404 without the scope.
pub(super) async fn emails(
    State(forge): State<Arc<Forge>>,
    Extension(caller): Extension<Caller>,
) -> Outcome {
    let user = caller_user(&forge, &caller)?;
    if !caller.has_any(&["user:email", "user"]) {
        return Err(not_found());
    }
    let email = json!({
        "email": user.email, "primary": true, "verified": true, "visibility": "public",
    });
    ok(StatusCode::OK, json!([email]))
}

/// `GET /users/{login}`
pub(super) async fn show(State(forge): State<Arc<Forge>>, Path(login): Path<String>) -> Outcome {
    let user = forge.read(|state| state.user(&login).cloned()).ok_or_else(not_found)?;
    ok(StatusCode::OK, shape::user(&forge, &user))
}

fn needs_organization_scope(caller: &Caller) -> Result<&str, ErrorResponse> {
    let identity = signed_in(caller)?;
    if identity.has_any(&["read:org", "write:org", "admin:org", "user"]) {
        return Ok(&identity.login);
    }
    let message = "You need at least read:org scope or user scope to list your organizations.";
    Err(refuse(StatusCode::FORBIDDEN, message))
}

fn organizations_of(forge: &Forge, login: &str) -> Vec<Organization> {
    forge.read(|state| state.organizations_of(login).cloned().collect())
}

/// `GET /user/orgs`
pub(super) async fn my_organizations(
    State(forge): State<Arc<Forge>>,
    Extension(caller): Extension<Caller>,
    listing: Listing,
) -> Outcome {
    let login = needs_organization_scope(&caller)?;
    let all: Vec<_> = organizations_of(&forge, login)
        .iter()
        .map(|one| shape::organization(&forge, &one.login, one.id))
        .collect();
    Ok(listing.linked(&forge, all))
}

fn membership_of(forge: &Forge, organization: &Organization, login: &str) -> Option<Value> {
    let owner = *organization.members.get(login)?;
    let path = format!("orgs/{}/memberships/{login}", organization.login);
    Some(json!({
        "url": forge.api(&path),
        "state": "active",
        "role": if owner { "admin" } else { "member" },
        "organization_url": forge.api(&format!("orgs/{}", organization.login)),
        "organization": shape::organization(forge, &organization.login, organization.id),
        "user": shape::user(forge, &forge.person(login)),
    }))
}

/// `GET /user/memberships/orgs`
pub(super) async fn my_memberships(
    State(forge): State<Arc<Forge>>,
    Extension(caller): Extension<Caller>,
    listing: Listing,
) -> Outcome {
    let login = needs_organization_scope(&caller)?;
    let all: Vec<_> = organizations_of(&forge, login)
        .iter()
        .filter_map(|one| membership_of(&forge, one, login))
        .collect();
    Ok(listing.linked(&forge, all))
}

fn find_organization(forge: &Forge, login: &str) -> Result<Organization, ErrorResponse> {
    forge.read(|state| state.organization(login).cloned()).ok_or_else(not_found)
}

/// `GET /user/memberships/orgs/{org}`
pub(super) async fn my_membership(
    State(forge): State<Arc<Forge>>,
    Extension(caller): Extension<Caller>,
    Path(organization): Path<String>,
) -> Outcome {
    let login = needs_organization_scope(&caller)?;
    let found = find_organization(&forge, &organization)?;
    ok(StatusCode::OK, membership_of(&forge, &found, login).ok_or_else(not_found)?)
}

/// `GET /orgs/{org}`
pub(super) async fn organization(
    State(forge): State<Arc<Forge>>,
    Path(login): Path<String>,
) -> Outcome {
    let one = find_organization(&forge, &login)?;
    let mut value = shape::organization(&forge, &one.login, one.id);
    merge(
        &mut value,
        json!({
            "html_url": forge.page(&one.login), "name": one.login,
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
    State(forge): State<Arc<Forge>>,
    Path((organization, login)): Path<(String, String)>,
) -> Outcome {
    let found = find_organization(&forge, &organization)?;
    if found.members.contains_key(&login) {
        nothing(StatusCode::NO_CONTENT)
    } else {
        Err(not_found())
    }
}

/// `GET /orgs/{org}/memberships/{login}`: members see it.
pub(super) async fn membership(
    State(forge): State<Arc<Forge>>,
    Extension(caller): Extension<Caller>,
    Path((organization, login)): Path<(String, String)>,
) -> Outcome {
    let me = needs_organization_scope(&caller)?;
    let found = find_organization(&forge, &organization)?;
    if !found.members.contains_key(me) {
        let message = "You must be a member of this organization to see membership information.";
        return Err(refuse(StatusCode::FORBIDDEN, message));
    }
    ok(StatusCode::OK, membership_of(&forge, &found, &login).ok_or_else(not_found)?)
}
