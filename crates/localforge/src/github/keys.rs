//! Deploy keys and keys of people (`VCS` §2.7, §2.8).

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
    rights::{RequiredRight, signed_in},
};
use crate::{
    answer::{ErrorResponse, Outcome, flag, nothing, ok, text},
    call::Call,
    caller::{Caller, Identity},
    deliver::{self, Event},
    forge::Forge,
    keys::{self, KeyAccess, NewKey, ReadKey},
    page::Listing,
    shape::github as shape,
};

const ADMIN: RequiredRight = RequiredRight::Role(Role::Admin, &[]);

/// `GET /repos/{owner}/{repo}/keys`
pub(super) async fn list(call: Call, listing: Listing) -> Outcome {
    let found = call.repository(ADMIN)?;
    let all = keys::deploy_keys(&call.forge, found.id);
    let all = all.iter().map(|key| shape::deploy_key(&call.forge, &found, key)).collect();
    Ok(listing.linked(&call.forge, all))
}

/// Reads the key of a body; a key may be used once on all of GitHub.
fn fresh_key(forge: &Forge, fields: &Value) -> Result<ReadKey, ErrorResponse> {
    let line = text(fields, "key").unwrap_or_default();
    let Some(read) = keys::read(line) else {
        let message = "key is invalid. You must supply a key in OpenSSH public key format";
        return Err(invalid("PublicKey", "key", "custom", message));
    };
    if keys::is_taken(forge, &read.key) {
        return Err(invalid("PublicKey", "key", "custom", "key is already in use"));
    }
    Ok(read)
}

/// `POST /repos/{owner}/{repo}/keys`
pub(super) async fn add(call: Call, bytes: Bytes) -> Outcome {
    let found = call.repository(ADMIN)?;
    let fields = body(&bytes)?;
    let read = fresh_key(&call.forge, &fields)?;
    if !found.deploy_keys_enabled {
        let message = "Deploy keys are disabled for this repository";
        return Err(invalid("PublicKey", "key", "custom", message));
    }
    let by = signed_in(&call.caller)?;
    let new = NewKey { read, title: text(&fields, "title"), by };
    let access = match flag(&fields, "read_only") {
        Some(true) => KeyAccess::ReadOnly,
        Some(false) | None => KeyAccess::ReadWrite,
    };
    let key = keys::add_deploy_key(&call.forge, found.id, new, access);
    ok(StatusCode::CREATED, shape::deploy_key(&call.forge, &found, &key))
}

/// `GET /repos/{owner}/{repo}/keys/{id}`
pub(super) async fn show(call: Call, Path((.., id)): Path<(String, String, u64)>) -> Outcome {
    let found = call.repository(ADMIN)?;
    let key = keys::deploy_key(&call.forge, found.id, id).ok_or_else(not_found)?;
    ok(StatusCode::OK, shape::deploy_key(&call.forge, &found, &key))
}

/// `DELETE /repos/{owner}/{repo}/keys/{id}`
pub(super) async fn remove(call: Call, Path((.., id)): Path<(String, String, u64)>) -> Outcome {
    let found = call.repository(ADMIN)?;
    let key = keys::deploy_key(&call.forge, found.id, id).ok_or_else(not_found)?;
    if !keys::delete_deploy_key(&call.forge, found.id, id) {
        return Err(not_found());
    }
    let sender = call.forge.person(call.caller.login().unwrap_or_default());
    let payload = json!({
        "action": "deleted",
        "key": shape::deploy_key(&call.forge, &found, &key),
        "repository": shape::repository(&call.forge, &found),
        "sender": shape::user(&call.forge, &sender),
    });
    deliver::fire(&call.forge, &Event::new(&found, "deploy_key", Some("deleted"), &payload));
    nothing(StatusCode::NO_CONTENT)
}

const READ_KEYS: &[&str] = &["read:public_key", "write:public_key", "admin:public_key"];
const WRITE_KEYS: &[&str] = &["write:public_key", "admin:public_key"];
const DELETE_KEYS: &[&str] = &["admin:public_key"];

fn with_scope<'a>(caller: &'a Caller, scopes: &[&str]) -> Result<&'a Identity, ErrorResponse> {
    let identity = signed_in(caller)?;
    if identity.has_any(scopes) { Ok(identity) } else { Err(not_found()) }
}

/// `GET /user/keys`
pub(super) async fn list_mine(
    State(forge): State<Arc<Forge>>,
    Extension(caller): Extension<Caller>,
    listing: Listing,
) -> Outcome {
    let login = &with_scope(&caller, READ_KEYS)?.login;
    let all = keys::user_keys(&forge, login);
    let all = all.iter().map(|key| shape::user_key(&forge, key)).collect();
    Ok(listing.linked(&forge, all))
}

/// `POST /user/keys`
pub(super) async fn add_mine(
    State(forge): State<Arc<Forge>>,
    Extension(caller): Extension<Caller>,
    bytes: Bytes,
) -> Outcome {
    let by = with_scope(&caller, WRITE_KEYS)?;
    let fields = body(&bytes)?;
    let read = fresh_key(&forge, &fields)?;
    let new = NewKey { read, title: text(&fields, "title"), by };
    let key = keys::add_user_key(&forge, new);
    ok(StatusCode::CREATED, shape::user_key(&forge, &key))
}

/// `GET /user/keys/{id}`
pub(super) async fn show_mine(
    State(forge): State<Arc<Forge>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Outcome {
    let login = &with_scope(&caller, READ_KEYS)?.login;
    let key = keys::user_key(&forge, login, |key| key.id == id).ok_or_else(not_found)?;
    ok(StatusCode::OK, shape::user_key(&forge, &key))
}

/// `DELETE /user/keys/{id}`
pub(super) async fn remove_mine(
    State(forge): State<Arc<Forge>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Outcome {
    let login = &with_scope(&caller, DELETE_KEYS)?.login;
    let deleted = keys::delete_user_key(&forge, login, |key| key.id == id);
    if deleted { nothing(StatusCode::NO_CONTENT) } else { Err(not_found()) }
}
