//! Access keys and keys of people (`VCS` §4.5, §4.6).

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, Query, State},
    http::{StatusCode, Uri},
};
use roundel_model::{forge::Role, time::Timestamp};
use uuid::Uuid;

use super::{
    answers::{body, invalid, refuse},
    rights::{repository, scoped, signed_in, uuid_of},
    shape,
};
use crate::{
    answer::{Outcome, Refusal, nothing, ok, text},
    caller::{Caller, Identity},
    keys,
    model::{DeployKey, UserKey},
    page::{Paging, paginated},
    side::Side,
};

const ADMIN: (Role, &str) = (Role::Admin, "repository:admin");

fn gone() -> Refusal {
    refuse(StatusCode::NOT_FOUND, "Access key not found")
}

/// `GET …/deploy-keys`
pub(super) async fn list(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name)): Path<(String, String)>,
    Query(paging): Query<Paging>,
    uri: Uri,
) -> Outcome {
    let found = repository(&side, &caller, (&workspace, &name), ADMIN)?;
    let keys: Vec<_> = side.read(|state| state.deploy_keys_of(found.id).cloned().collect());
    let all = keys.iter().map(|key| shape::deploy_key(&side, &found, key)).collect();
    Ok(paginated(&side, &uri, &paging, all))
}

/// `POST …/deploy-keys`: answers 200, and the key is read-only whatever is asked.
pub(super) async fn add(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name)): Path<(String, String)>,
    bytes: Bytes,
) -> Outcome {
    let found = repository(&side, &caller, (&workspace, &name), ADMIN)?;
    let wanted = body(&bytes)?;
    let Some(read) = keys::read(text(&wanted, "key").unwrap_or_default()) else {
        return Err(invalid("key", "Invalid SSH key."));
    };
    let (here, somebody) = side.read(|state| {
        let here = state.deploy_keys_of(found.id).any(|one| one.key == read.key);
        (here, state.user_key(&read.key).is_some())
    });
    if here {
        let message = "Someone has already added that access key to this repository.";
        return Err(invalid("key", message));
    }
    if somebody {
        return Err(invalid("key", "Someone has already registered that SSH key."));
    }
    let identity = signed_in(&caller)?;
    let key = side.write(|state| {
        let key = DeployKey {
            id: state.fresh_id(),
            repository: found.id,
            title: text(&wanted, "label").unwrap_or(&read.comment).to_owned(),
            key: read.key,
            comment: read.comment,
            read_only: true,
            added_by: identity.login.clone(),
            application: identity.client_id.clone(),
            created_at: Timestamp::now(),
            last_used: None,
        };
        state.deploy_keys.push(key.clone());
        key
    });
    ok(StatusCode::OK, shape::deploy_key(&side, &found, &key))
}

/// `GET …/deploy-keys/{id}`
pub(super) async fn show(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name, id)): Path<(String, String, u64)>,
) -> Outcome {
    let found = repository(&side, &caller, (&workspace, &name), ADMIN)?;
    let key = side.read(|state| state.deploy_keys_of(found.id).find(|key| key.id == id).cloned());
    ok(StatusCode::OK, shape::deploy_key(&side, &found, &key.ok_or_else(gone)?))
}

/// `PUT …/deploy-keys/{id}`: the label only.
pub(super) async fn relabel(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name, id)): Path<(String, String, u64)>,
    bytes: Bytes,
) -> Outcome {
    let found = repository(&side, &caller, (&workspace, &name), ADMIN)?;
    let wanted = body(&bytes)?;
    let key = side.write(|state| {
        let same = |key: &&mut DeployKey| key.id == id && key.repository == found.id;
        let key = state.deploy_keys.iter_mut().find(same)?;
        if let Some(label) = text(&wanted, "label") {
            label.clone_into(&mut key.title);
        }
        Some(key.clone())
    });
    ok(StatusCode::OK, shape::deploy_key(&side, &found, &key.ok_or_else(gone)?))
}

/// `DELETE …/deploy-keys/{id}`
pub(super) async fn remove(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name, id)): Path<(String, String, u64)>,
) -> Outcome {
    let found = repository(&side, &caller, (&workspace, &name), ADMIN)?;
    let removed = side.write(|state| {
        let before = state.deploy_keys.len();
        state.deploy_keys.retain(|key| !(key.id == id && key.repository == found.id));
        state.deploy_keys.len() < before
    });
    if removed { nothing(StatusCode::NO_CONTENT) } else { Err(gone()) }
}

/// Only one's own keys are seen and changed.
fn myself<'a>(
    side: &Side,
    caller: &'a Caller,
    user: &str,
    scope: &str,
) -> Result<&'a Identity, Refusal> {
    let identity = scoped(caller, scope)?;
    let me = side.person(&identity.login);
    if uuid_of(user) == Some(me.uuid) || user == format!("557058:{}", me.uuid) {
        return Ok(identity);
    }
    Err(refuse(StatusCode::FORBIDDEN, "Access denied."))
}

/// `GET /users/{user}/ssh-keys`
pub(super) async fn list_mine(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path(user): Path<String>,
    Query(paging): Query<Paging>,
    uri: Uri,
) -> Outcome {
    let login = &myself(&side, &caller, &user, "account")?.login;
    let keys: Vec<UserKey> = side
        .read(|state| state.user_keys.iter().filter(|key| key.login == *login).cloned().collect());
    let all = keys.iter().map(|key| shown(&side, key)).collect();
    Ok(paginated(&side, &uri, &paging, all))
}

fn shown(side: &Side, key: &UserKey) -> serde_json::Value {
    shape::user_key(side, key, &keys::fingerprint(&key.key))
}

/// `POST /users/{user}/ssh-keys`
pub(super) async fn add_mine(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path(user): Path<String>,
    bytes: Bytes,
) -> Outcome {
    let identity = myself(&side, &caller, &user, "account:write")?;
    let wanted = body(&bytes)?;
    let Some(read) = keys::read(text(&wanted, "key").unwrap_or_default()) else {
        return Err(invalid("key", "Invalid SSH key."));
    };
    let taken = side.read(|state| {
        state.user_key(&read.key).is_some() || !state.deploy_keys_like(&read.key).is_empty()
    });
    if taken {
        return Err(invalid("key", "Someone has already registered that SSH key."));
    }
    let key = side.write(|state| {
        let key = UserKey {
            id: state.fresh_id(),
            uuid: Uuid::new_v4(),
            login: identity.login.clone(),
            title: text(&wanted, "label").unwrap_or(&read.comment).to_owned(),
            key: read.key,
            comment: read.comment,
            application: identity.client_id.clone(),
            created_at: Timestamp::now(),
            last_used: None,
        };
        state.user_keys.push(key.clone());
        key
    });
    ok(StatusCode::CREATED, shown(&side, &key))
}

/// `GET /users/{user}/ssh-keys/{id}`
pub(super) async fn show_mine(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((user, id)): Path<(String, String)>,
) -> Outcome {
    let login = &myself(&side, &caller, &user, "account")?.login;
    let key = side.read(|state| {
        let mine = |key: &&UserKey| Some(key.uuid) == uuid_of(&id) && key.login == *login;
        state.user_keys.iter().find(mine).cloned()
    });
    ok(StatusCode::OK, shown(&side, &key.ok_or_else(gone)?))
}

/// `DELETE /users/{user}/ssh-keys/{id}`
pub(super) async fn remove_mine(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((user, id)): Path<(String, String)>,
) -> Outcome {
    let login = &myself(&side, &caller, &user, "account:write")?.login;
    let removed = side.write(|state| {
        let before = state.user_keys.len();
        state.user_keys.retain(|key| !(Some(key.uuid) == uuid_of(&id) && key.login == *login));
        state.user_keys.len() < before
    });
    if removed { nothing(StatusCode::NO_CONTENT) } else { Err(gone()) }
}
