//! Repositories and what people may do with them (`VCS` §2.6).

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use roundel_model::forge::Role;
use serde_json::{Value, json};

use super::{
    answers::{body, invalid, not_found},
    rights::{RequiredRight, allowed, signed_in},
};
use crate::{
    answer::{Outcome, ok, text},
    call::Call,
    caller::Caller,
    deliver::{self, Event},
    forge::Forge,
    model::Repository,
    page::Listing,
    shape::{github as shape, merge},
};

fn shown(forge: &Forge, caller: &Caller, one: &Repository) -> Value {
    let role = caller.login().and_then(|login| forge.read(|state| state.role(login, one)));
    shape::full_repository(forge, one, role)
}

/// `GET /user/repos`
pub(super) async fn mine(
    State(forge): State<Arc<Forge>>,
    Extension(caller): Extension<Caller>,
    listing: Listing,
) -> Outcome {
    let login = &signed_in(&caller)?.login;
    let found: Vec<Repository> =
        forge.read(|state| state.repositories_of(login).into_iter().cloned().collect());
    let seen =
        found.iter().filter(|one| allowed(&forge, &caller, one, RequiredRight::Read).is_ok());
    let all = seen.map(|one| shown(&forge, &caller, one)).collect();
    Ok(listing.linked(&forge, all))
}

/// `GET /orgs/{org}/repos`
pub(super) async fn of_organization(
    State(forge): State<Arc<Forge>>,
    Extension(caller): Extension<Caller>,
    Path(organization): Path<String>,
    listing: Listing,
) -> Outcome {
    let found: Vec<Repository> = forge.read(|state| {
        let theirs = state.repositories.values();
        theirs.filter(|one| one.owner.eq_ignore_ascii_case(&organization)).cloned().collect()
    });
    let seen =
        found.iter().filter(|one| allowed(&forge, &caller, one, RequiredRight::Read).is_ok());
    let all = seen.map(|one| shown(&forge, &caller, one)).collect();
    Ok(listing.linked(&forge, all))
}

/// `GET /repos/{owner}/{repo}`
pub(super) async fn show(call: Call) -> Outcome {
    let found = call.repository(RequiredRight::Read)?;
    ok(StatusCode::OK, shown(&call.forge, &call.caller, &found))
}

/// `GET /repositories/{id}`: follows renames (`VCS` §2.6).
pub(super) async fn show_by_id(
    State(forge): State<Arc<Forge>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Outcome {
    let found = forge.read(|state| state.repositories.get(&id).cloned()).ok_or_else(not_found)?;
    allowed(&forge, &caller, &found, RequiredRight::Read)?;
    ok(StatusCode::OK, shown(&forge, &caller, &found))
}

/// `PATCH /repos/{owner}/{repo}`: name, visibility, default branch, archived.
pub(super) async fn change(call: Call, bytes: Bytes) -> Outcome {
    let found = call.repository(RequiredRight::Role(Role::Admin, &[]))?;
    let fields = body(&bytes)?;
    if let Some(branch) = text(&fields, "default_branch") {
        let git = call.forge.git(found.id);
        if git.resolve(&format!("refs/heads/{branch}")).await.is_none() {
            let message = "The branch was not found. Please push that ref first.";
            return Err(invalid("Repository", "default_branch", "invalid", message));
        }
        git.set_head(branch).await?;
    }
    let changed = call.forge.write(|state| {
        let one = state.repositories.get_mut(&found.id)?;
        if let Some(new) = text(&fields, "name").filter(|new| *new != one.name) {
            one.former_names.push(one.full_name());
            new.clone_into(&mut one.name);
        }
        if let Some(branch) = text(&fields, "default_branch") {
            branch.clone_into(&mut one.default_branch);
        }
        if let Some(private) = fields.get("private").and_then(Value::as_bool) {
            one.private = private;
        }
        if let Some(archived) = fields.get("archived").and_then(Value::as_bool) {
            one.archived = archived;
        }
        Some(one.clone())
    });
    let changed = changed.ok_or_else(not_found)?;
    notify(&call.forge, &call.caller, &found, &changed);
    ok(StatusCode::OK, shown(&call.forge, &call.caller, &changed))
}

/// Fires the `repository` events of a change.
fn notify(forge: &Arc<Forge>, caller: &Caller, before: &Repository, after: &Repository) {
    let mut events = Vec::new();
    if before.name != after.name {
        events.push(("renamed", json!({ "repository": { "name": { "from": before.name } } })));
    }
    if before.default_branch != after.default_branch {
        events.push(("edited", json!({ "default_branch": { "from": before.default_branch } })));
    }
    if before.private != after.private {
        events.push((if after.private { "privatized" } else { "publicized" }, Value::Null));
    }
    if before.archived != after.archived {
        events.push((if after.archived { "archived" } else { "unarchived" }, Value::Null));
    }
    let sender = forge.person(caller.login().unwrap_or_default());
    for (action, changes) in events {
        let mut payload = json!({
            "action": action,
            "repository": shape::repository(forge, after),
            "sender": shape::user(forge, &sender),
        });
        if !changes.is_null() {
            merge(&mut payload, json!({ "changes": changes }));
        }
        deliver::fire(forge, &Event::new(after, "repository", Some(action), &payload));
    }
}

/// `GET /repos/{owner}/{repo}/collaborators/{login}/permission`
pub(super) async fn permission(
    call: Call,
    Path((.., login)): Path<(String, String, String)>,
) -> Outcome {
    let found = call.repository(RequiredRight::Role(Role::Read, &[]))?;
    let user = call.forge.read(|state| state.user(&login).cloned()).ok_or_else(not_found)?;
    let role = call.forge.read(|state| state.role(&user.login, &found));
    let word = role.map_or("none", shape::role_name);
    let mut shown = shape::user(&call.forge, &user);
    merge(&mut shown, json!({ "role_name": word }));
    let body = json!({ "permission": word, "role_name": word, "user": shown });
    ok(StatusCode::OK, body)
}
