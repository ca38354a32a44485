//! Access keys and keys of people (`VCS` §4.5, §4.6).

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use roundel_model::forge::Role;
use serde_json::Value;

use super::{
    answers::{body, invalid, refuse},
    rights::{RequiredRight, scoped, signed_in, uuid_of},
};
use crate::{
    answer::{ErrorResponse, Outcome, nothing, ok, text},
    call::Call,
    caller::{Caller, Identity},
    forge::Forge,
    keys::{self, KeyAccess, NewKey, ReadKey},
    model::{DeployKey, UserKey},
    page::Listing,
    shape::bitbucket as shape,
};

const ADMIN: RequiredRight = RequiredRight::new(Role::Admin, "repository:admin");

fn no_such_key() -> ErrorResponse {
    refuse(StatusCode::NOT_FOUND, "Access key not found")
}

/// `GET …/deploy-keys`
pub(super) async fn list(call: Call, listing: Listing) -> Outcome {
    let found = call.repository(ADMIN)?;
    let all = keys::deploy_keys(&call.forge, found.id);
    let all = all.iter().map(|key| shape::deploy_key(&call.forge, &found, key)).collect();
    Ok(listing.paginated(&call.forge, all))
}

/// Reads the key of a body.
fn read_key(fields: &Value) -> Result<ReadKey, ErrorResponse> {
    let read = keys::read(text(fields, "key").unwrap_or_default());
    read.ok_or_else(|| invalid("key", "Invalid SSH key."))
}

/// `POST …/deploy-keys`: answers 200, and the key is read-only whatever is asked.
pub(super) async fn add(call: Call, bytes: Bytes) -> Outcome {
    let found = call.repository(ADMIN)?;
    let fields = body(&bytes)?;
    let read = read_key(&fields)?;
    let (is_here, is_of_user) = call.forge.read(|state| {
        let is_here = state.deploy_keys_of(found.id).any(|one| one.key == read.key);
        (is_here, state.user_key(&read.key).is_some())
    });
    if is_here {
        let message = "Someone has already added that access key to this repository.";
        return Err(invalid("key", message));
    }
    if is_of_user {
        return Err(invalid("key", "Someone has already registered that SSH key."));
    }
    let by = signed_in(&call.caller)?;
    let new = NewKey { read, title: text(&fields, "label"), by };
    // Access keys of Bitbucket never write.
    let key = keys::add_deploy_key(&call.forge, found.id, new, KeyAccess::ReadOnly);
    ok(StatusCode::OK, shape::deploy_key(&call.forge, &found, &key))
}

/// `GET …/deploy-keys/{id}`
pub(super) async fn show(call: Call, Path((.., id)): Path<(String, String, u64)>) -> Outcome {
    let found = call.repository(ADMIN)?;
    let key = keys::deploy_key(&call.forge, found.id, id).ok_or_else(no_such_key)?;
    ok(StatusCode::OK, shape::deploy_key(&call.forge, &found, &key))
}

/// `PUT …/deploy-keys/{id}`: the label only.
pub(super) async fn relabel(
    call: Call,
    Path((.., id)): Path<(String, String, u64)>,
    bytes: Bytes,
) -> Outcome {
    let found = call.repository(ADMIN)?;
    let fields = body(&bytes)?;
    let key = call.forge.write(|state| {
        let same = |key: &&mut DeployKey| key.id == id && key.repository == found.id;
        let key = state.deploy_keys.iter_mut().find(same)?;
        if let Some(label) = text(&fields, "label") {
            label.clone_into(&mut key.title);
        }
        Some(key.clone())
    });
    ok(StatusCode::OK, shape::deploy_key(&call.forge, &found, &key.ok_or_else(no_such_key)?))
}

/// `DELETE …/deploy-keys/{id}`
pub(super) async fn remove(call: Call, Path((.., id)): Path<(String, String, u64)>) -> Outcome {
    let found = call.repository(ADMIN)?;
    let deleted = keys::delete_deploy_key(&call.forge, found.id, id);
    if deleted { nothing(StatusCode::NO_CONTENT) } else { Err(no_such_key()) }
}

/// Only one's own keys are seen and changed.
fn myself<'a>(
    forge: &Forge,
    caller: &'a Caller,
    user: &str,
    scope: &str,
) -> Result<&'a Identity, ErrorResponse> {
    let identity = scoped(caller, scope)?;
    let me = forge.person(&identity.login);
    if uuid_of(user) == Some(me.uuid) || user == format!("557058:{}", me.uuid) {
        return Ok(identity);
    }
    Err(refuse(StatusCode::FORBIDDEN, "Access denied."))
}

/// `GET /users/{user}/ssh-keys`
pub(super) async fn list_mine(
    State(forge): State<Arc<Forge>>,
    Extension(caller): Extension<Caller>,
    Path(user): Path<String>,
    listing: Listing,
) -> Outcome {
    let login = &myself(&forge, &caller, &user, "account")?.login;
    let all = keys::user_keys(&forge, login);
    let all = all.iter().map(|key| shown(&forge, key)).collect();
    Ok(listing.paginated(&forge, all))
}

fn shown(forge: &Forge, key: &UserKey) -> Value {
    shape::user_key(forge, key, &keys::fingerprint(&key.key))
}

/// `POST /users/{user}/ssh-keys`
pub(super) async fn add_mine(
    State(forge): State<Arc<Forge>>,
    Extension(caller): Extension<Caller>,
    Path(user): Path<String>,
    bytes: Bytes,
) -> Outcome {
    let by = myself(&forge, &caller, &user, "account:write")?;
    let fields = body(&bytes)?;
    let read = read_key(&fields)?;
    if keys::is_taken(&forge, &read.key) {
        return Err(invalid("key", "Someone has already registered that SSH key."));
    }
    let key = keys::add_user_key(&forge, NewKey { read, title: text(&fields, "label"), by });
    ok(StatusCode::CREATED, shown(&forge, &key))
}

/// `GET /users/{user}/ssh-keys/{id}`
pub(super) async fn show_mine(
    State(forge): State<Arc<Forge>>,
    Extension(caller): Extension<Caller>,
    Path((user, id)): Path<(String, String)>,
) -> Outcome {
    let login = &myself(&forge, &caller, &user, "account")?.login;
    let uuid = uuid_of(&id);
    let key =
        keys::user_key(&forge, login, |key| Some(key.uuid) == uuid).ok_or_else(no_such_key)?;
    ok(StatusCode::OK, shown(&forge, &key))
}

/// `DELETE /users/{user}/ssh-keys/{id}`
pub(super) async fn remove_mine(
    State(forge): State<Arc<Forge>>,
    Extension(caller): Extension<Caller>,
    Path((user, id)): Path<(String, String)>,
) -> Outcome {
    let login = &myself(&forge, &caller, &user, "account:write")?.login;
    let uuid = uuid_of(&id);
    let deleted = keys::delete_user_key(&forge, login, |key| Some(key.uuid) == uuid);
    if deleted { nothing(StatusCode::NO_CONTENT) } else { Err(no_such_key()) }
}
