//! Deploy keys and keys of people (`VCS` §2.7, §2.8).

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, Query, State},
    http::{StatusCode, Uri},
};
use roundel_model::{forge::Role, time::Timestamp};
use serde_json::Value;

use super::{
    answers::{body, invalid, not_found},
    rights::{Need, repository, signed_in},
    shape,
};
use crate::{
    answer::{Outcome, Refusal, nothing, ok, text},
    caller::{Caller, Identity},
    keys::{self, ReadKey},
    model::{DeployKey, Repository, UserKey},
    page::{Paging, linked},
    side::Side,
};

const ADMIN: Need = Need::Role(Role::Admin, &[]);

/// `GET /repos/{owner}/{repo}/keys`
pub(super) async fn list(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((owner, name)): Path<(String, String)>,
    Query(paging): Query<Paging>,
    uri: Uri,
) -> Outcome {
    let found = repository(&side, &caller, (&owner, &name), ADMIN)?;
    let keys: Vec<_> = side.read(|state| state.deploy_keys_of(found.id).cloned().collect());
    let all = keys.iter().map(|key| shape::deploy_key(&side, &found, key)).collect();
    Ok(linked(&side, &uri, &paging, all))
}

/// Reads the key of a body and refuses what is none, or taken: a key is known once on all GitHub.
fn fresh_key(side: &Side, wanted: &Value) -> Result<ReadKey, Refusal> {
    let line = text(wanted, "key").unwrap_or_default();
    let Some(read) = keys::read(line) else {
        let message = "key is invalid. You must supply a key in OpenSSH public key format";
        return Err(invalid("PublicKey", "key", "custom", message));
    };
    let taken = side.read(|state| {
        state.user_key(&read.key).is_some() || !state.deploy_keys_like(&read.key).is_empty()
    });
    if taken {
        return Err(invalid("PublicKey", "key", "custom", "key is already in use"));
    }
    Ok(read)
}

/// `POST /repos/{owner}/{repo}/keys`
pub(super) async fn add(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((owner, name)): Path<(String, String)>,
    bytes: Bytes,
) -> Outcome {
    let found = repository(&side, &caller, (&owner, &name), ADMIN)?;
    let wanted = body(&bytes)?;
    let read = fresh_key(&side, &wanted)?;
    if !found.deploy_keys_enabled {
        let message = "Deploy keys are disabled for this repository";
        return Err(invalid("PublicKey", "key", "custom", message));
    }
    let identity = signed_in(&caller)?;
    let key = keep(&side, &found, identity, &wanted, read);
    ok(StatusCode::CREATED, shape::deploy_key(&side, &found, &key))
}

fn keep(
    side: &Side,
    repository: &Repository,
    identity: &Identity,
    wanted: &Value,
    read: ReadKey,
) -> DeployKey {
    let title = text(wanted, "title").unwrap_or(&read.comment).to_owned();
    side.write(|state| {
        let key = DeployKey {
            id: state.fresh_id(),
            repository: repository.id,
            title,
            key: read.key,
            comment: read.comment,
            read_only: wanted.get("read_only").and_then(Value::as_bool).unwrap_or(false),
            added_by: identity.login.clone(),
            application: identity.client_id.clone(),
            created_at: Timestamp::now(),
            last_used: None,
        };
        state.deploy_keys.push(key.clone());
        key
    })
}

/// `GET /repos/{owner}/{repo}/keys/{id}`
pub(super) async fn show(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((owner, name, id)): Path<(String, String, u64)>,
) -> Outcome {
    let found = repository(&side, &caller, (&owner, &name), ADMIN)?;
    let key = side.read(|state| state.deploy_keys_of(found.id).find(|key| key.id == id).cloned());
    ok(StatusCode::OK, shape::deploy_key(&side, &found, &key.ok_or_else(not_found)?))
}

/// `DELETE /repos/{owner}/{repo}/keys/{id}`
pub(super) async fn remove(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((owner, name, id)): Path<(String, String, u64)>,
) -> Outcome {
    let found = repository(&side, &caller, (&owner, &name), ADMIN)?;
    let gone = side.write(|state| {
        let before = state.deploy_keys.len();
        state.deploy_keys.retain(|key| !(key.id == id && key.repository == found.id));
        state.deploy_keys.len() < before
    });
    if gone { nothing(StatusCode::NO_CONTENT) } else { Err(not_found()) }
}

const READ_KEYS: &[&str] = &["read:public_key", "write:public_key", "admin:public_key"];
const WRITE_KEYS: &[&str] = &["write:public_key", "admin:public_key"];
const DELETE_KEYS: &[&str] = &["admin:public_key"];

fn with_scope<'a>(caller: &'a Caller, scopes: &[&str]) -> Result<&'a Identity, Refusal> {
    let identity = signed_in(caller)?;
    if identity.has_any(scopes) { Ok(identity) } else { Err(not_found()) }
}

/// `GET /user/keys`
pub(super) async fn list_mine(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Query(paging): Query<Paging>,
    uri: Uri,
) -> Outcome {
    let login = &with_scope(&caller, READ_KEYS)?.login;
    let keys: Vec<UserKey> = side
        .read(|state| state.user_keys.iter().filter(|key| key.login == *login).cloned().collect());
    let all = keys.iter().map(|key| shape::user_key(&side, key)).collect();
    Ok(linked(&side, &uri, &paging, all))
}

/// `POST /user/keys`
pub(super) async fn add_mine(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    bytes: Bytes,
) -> Outcome {
    let identity = with_scope(&caller, WRITE_KEYS)?;
    let wanted = body(&bytes)?;
    let read = fresh_key(&side, &wanted)?;
    let key = side.write(|state| {
        let key = UserKey {
            id: state.fresh_id(),
            uuid: uuid::Uuid::new_v4(),
            login: identity.login.clone(),
            title: text(&wanted, "title").unwrap_or(&read.comment).to_owned(),
            key: read.key,
            comment: read.comment,
            application: identity.client_id.clone(),
            created_at: Timestamp::now(),
            last_used: None,
        };
        state.user_keys.push(key.clone());
        key
    });
    ok(StatusCode::CREATED, shape::user_key(&side, &key))
}

/// `GET /user/keys/{id}`
pub(super) async fn show_mine(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Outcome {
    let login = &with_scope(&caller, READ_KEYS)?.login;
    let key = side.read(|state| {
        state.user_keys.iter().find(|key| key.id == id && key.login == *login).cloned()
    });
    ok(StatusCode::OK, shape::user_key(&side, &key.ok_or_else(not_found)?))
}

/// `DELETE /user/keys/{id}`
pub(super) async fn remove_mine(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Outcome {
    let login = &with_scope(&caller, DELETE_KEYS)?.login;
    let gone = side.write(|state| {
        let before = state.user_keys.len();
        state.user_keys.retain(|key| !(key.id == id && key.login == *login));
        state.user_keys.len() < before
    });
    if gone { nothing(StatusCode::NO_CONTENT) } else { Err(not_found()) }
}
