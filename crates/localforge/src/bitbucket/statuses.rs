//! Build statuses (`VCS` §4.10).

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, Query, State},
    http::{StatusCode, Uri},
};
use roundel_model::{forge::Role, limits::BITBUCKET_KEY_CHARS, time::Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    answers::{body, invalid, refuse},
    rights::{repository, signed_in},
    shape,
};
use crate::{
    answer::{Outcome, Refusal, ok, text},
    caller::Caller,
    hooks::{self, Event},
    model::{Repository, Status},
    page::{Paging, paginated},
    shape::merge,
    side::Side,
};

const READ: (Role, &str) = (Role::Read, "repository");

/// Finds repository and commit.
async fn at(
    side: &Side,
    caller: &Caller,
    (workspace, name): (&str, &str),
    revision: &str,
    need: (Role, &str),
) -> Result<(Repository, String), Refusal> {
    let found = repository(side, caller, (workspace, name), need)?;
    let sha = side.git(found.id).resolve(revision).await;
    let message = format!("Commit not found: {revision}");
    Ok((found, sha.ok_or_else(|| refuse(StatusCode::NOT_FOUND, &message))?))
}

fn check(wanted: &Value) -> Result<(), Refusal> {
    let state = text(wanted, "state").unwrap_or_default();
    if !["INPROGRESS", "SUCCESSFUL", "FAILED", "STOPPED"].contains(&state) {
        return Err(invalid("state", "Value is not a valid choice."));
    }
    let key = text(wanted, "key").unwrap_or_default();
    if key.is_empty() {
        return Err(invalid("key", "This field is required."));
    }
    let count = key.chars().count();
    if count > BITBUCKET_KEY_CHARS {
        let message = format!(
            "Ensure this value has at most {BITBUCKET_KEY_CHARS} characters (it has {count})."
        );
        return Err(invalid("key", &message));
    }
    let address = text(wanted, "url").unwrap_or_default();
    if url::Url::parse(address).is_err() {
        return Err(invalid("url", "Enter a valid URL."));
    }
    Ok(())
}

/// Puts a status in the place of the one with the same key.
fn upsert(
    side: &Arc<Side>,
    repository: &Repository,
    sha: &str,
    creator: &str,
    wanted: &Value,
) -> Status {
    let field = |name: &str| text(wanted, name).unwrap_or_default().to_owned();
    let now = Timestamp::now();
    let (status, event) = side.write(|state| {
        let id = state.fresh_id();
        let all = state.statuses.entry(format!("{}:{sha}", repository.id)).or_default();
        let old = all.iter().position(|one| one.context == field("key"));
        let old = old.map(|index| all.remove(index));
        let event = if old.is_some() { "updated" } else { "created" };
        let status = Status {
            id: old.as_ref().map_or(id, |old| old.id),
            uuid: old.as_ref().map_or_else(Uuid::new_v4, |old| old.uuid),
            context: field("key"),
            name: text(wanted, "name").unwrap_or_else(|| text(wanted, "key").unwrap_or("")).into(),
            state: field("state"),
            description: field("description"),
            target_url: field("url"),
            refname: text(wanted, "refname").map(str::to_owned),
            creator: creator.to_owned(),
            created_at: old.as_ref().map_or(now, |old| old.created_at),
            updated_at: now,
        };
        all.push(status.clone());
        (status, event)
    });
    let payload = json!({
        "actor": shape::user(side, &side.person(creator)),
        "repository": shape::repository(side, repository),
        "commit_status": shape::status(side, repository, sha, &status),
    });
    let event = Event {
        repository: repository.id,
        name: format!("repo:commit_status_{event}"),
        action: None,
        payload: payload.to_string(),
    };
    hooks::fire(side, &event);
    status
}

/// `POST …/statuses/build`: the scope is `repository`, the right is to write.
pub(super) async fn add(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name, revision)): Path<(String, String, String)>,
    bytes: Bytes,
) -> Outcome {
    let need = (Role::Write, "repository");
    let (found, sha) = at(&side, &caller, (&workspace, &name), &revision, need).await?;
    let wanted = body(&bytes)?;
    check(&wanted)?;
    let status = upsert(&side, &found, &sha, &signed_in(&caller)?.login, &wanted);
    ok(StatusCode::CREATED, shape::status(&side, &found, &sha, &status))
}

/// `GET …/statuses`
pub(super) async fn list(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name, revision)): Path<(String, String, String)>,
    Query(paging): Query<Paging>,
    uri: Uri,
) -> Outcome {
    let (found, sha) = at(&side, &caller, (&workspace, &name), &revision, READ).await?;
    let all = side.read(|state| state.newest_statuses(found.id, &sha));
    let shown = all.iter().map(|one| shape::status(&side, &found, &sha, one)).collect();
    Ok(paginated(&side, &uri, &paging, shown))
}

fn find(side: &Side, repository: &Repository, sha: &str, key: &str) -> Result<Status, Refusal> {
    let all = side.read(|state| state.newest_statuses(repository.id, sha));
    let found = all.into_iter().find(|one| one.context == key);
    found.ok_or_else(|| refuse(StatusCode::NOT_FOUND, "The build status does not exist."))
}

/// `GET …/statuses/build/{key}`
pub(super) async fn show(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name, revision, key)): Path<(String, String, String, String)>,
) -> Outcome {
    let (found, sha) = at(&side, &caller, (&workspace, &name), &revision, READ).await?;
    let status = find(&side, &found, &sha, &key)?;
    ok(StatusCode::OK, shape::status(&side, &found, &sha, &status))
}

/// `PUT …/statuses/build/{key}`: what is left out stays.
pub(super) async fn change(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name, revision, key)): Path<(String, String, String, String)>,
    bytes: Bytes,
) -> Outcome {
    let need = (Role::Write, "repository");
    let (found, sha) = at(&side, &caller, (&workspace, &name), &revision, need).await?;
    let old = find(&side, &found, &sha, &key)?;
    let mut merged = json!({
        "key": old.context, "name": old.name, "state": old.state, "url": old.target_url,
        "description": old.description, "refname": old.refname,
    });
    merge(&mut merged, body(&bytes)?);
    merge(&mut merged, json!({ "key": old.context }));
    check(&merged)?;
    let status = upsert(&side, &found, &sha, &signed_in(&caller)?.login, &merged);
    ok(StatusCode::OK, shape::status(&side, &found, &sha, &status))
}
