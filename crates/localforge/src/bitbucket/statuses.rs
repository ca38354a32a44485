//! Build statuses (`VCS` §4.10).

use axum::{body::Bytes, extract::Path, http::StatusCode};
use roundel_model::{
    forge::{ForgeKind, Role},
    limits::BITBUCKET_KEY_CHARS,
};
use serde_json::{Value, json};

use super::{
    answers::{body, invalid, no_commit, refuse},
    rights::{RequiredRight, signed_in},
};
use crate::{
    answer::{ErrorResponse, Outcome, ok, text, text_or_empty},
    call::Call,
    commit_state::CommitState,
    deliver::{self, Event},
    forge::Forge,
    model::{Repository, Status},
    page::Listing,
    shape::{bitbucket as shape, merge},
    statuses::{self, NewStatus, StoredStatus},
};

/// Finds repository and commit.
async fn commit_of(
    call: &Call,
    revision: &str,
    need: RequiredRight,
) -> Result<(Repository, String), ErrorResponse> {
    let found = call.repository(need)?;
    let sha = call.forge.git(found.id).resolve(revision).await;
    Ok((found, sha.ok_or_else(|| no_commit(revision))?))
}

/// Checks the fields of a status, and returns its state.
fn check(fields: &Value) -> Result<CommitState, ErrorResponse> {
    let state = text(fields, "state").unwrap_or_default();
    let Some(state) = CommitState::parse(ForgeKind::Bitbucket, state) else {
        return Err(invalid("state", "Value is not a valid choice."));
    };
    let key = text(fields, "key").unwrap_or_default();
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
    let address = text(fields, "url").unwrap_or_default();
    if url::Url::parse(address).is_err() {
        return Err(invalid("url", "Enter a valid URL."));
    }
    Ok(state)
}

/// Checks a status, puts it in the place of the one with the same key, and notifies webhooks.
fn store(
    call: &Call,
    repository: &Repository,
    sha: &str,
    fields: &Value,
) -> Result<Status, ErrorResponse> {
    let state = check(fields)?;
    let forge = &call.forge;
    let creator = signed_in(&call.caller)?.login.clone();
    let new = NewStatus {
        context: text_or_empty(fields, "key"),
        name: text(fields, "name").or(text(fields, "key")).unwrap_or_default().to_owned(),
        state,
        description: text_or_empty(fields, "description"),
        target_url: text_or_empty(fields, "url"),
        refname: text(fields, "refname").map(str::to_owned),
        creator,
    };
    let StoredStatus { status, replaced } = statuses::replace(forge, repository, sha, new);
    let payload = json!({
        "actor": shape::user(forge, &forge.person(&status.creator)),
        "repository": shape::repository(forge, repository),
        "commit_status": shape::status(forge, repository, sha, &status),
    });
    let name = if replaced { "repo:commit_status_updated" } else { "repo:commit_status_created" };
    deliver::fire(forge, &Event::new(repository, name, None, &payload));
    Ok(status)
}

/// `POST …/statuses/build`: the scope is `repository`, the right is to write.
pub(super) async fn add(
    call: Call,
    Path((.., revision)): Path<(String, String, String)>,
    bytes: Bytes,
) -> Outcome {
    let need = RequiredRight::new(Role::Write, "repository");
    let (found, sha) = commit_of(&call, &revision, need).await?;
    let status = store(&call, &found, &sha, &body(&bytes)?)?;
    ok(StatusCode::CREATED, shape::status(&call.forge, &found, &sha, &status))
}

/// `GET …/statuses`
pub(super) async fn list(
    call: Call,
    Path((.., revision)): Path<(String, String, String)>,
    listing: Listing,
) -> Outcome {
    let (found, sha) = commit_of(&call, &revision, RequiredRight::READ).await?;
    let all = call.forge.read(|state| state.newest_statuses(found.id, &sha));
    let shown = all.iter().map(|one| shape::status(&call.forge, &found, &sha, one)).collect();
    Ok(listing.paginated(&call.forge, shown))
}

fn find(
    forge: &Forge,
    repository: &Repository,
    sha: &str,
    key: &str,
) -> Result<Status, ErrorResponse> {
    let all = forge.read(|state| state.newest_statuses(repository.id, sha));
    let found = all.into_iter().find(|one| one.context == key);
    found.ok_or_else(|| refuse(StatusCode::NOT_FOUND, "The build status does not exist."))
}

/// `GET …/statuses/build/{key}`
pub(super) async fn show(
    call: Call,
    Path((.., revision, key)): Path<(String, String, String, String)>,
) -> Outcome {
    let (found, sha) = commit_of(&call, &revision, RequiredRight::READ).await?;
    let status = find(&call.forge, &found, &sha, &key)?;
    ok(StatusCode::OK, shape::status(&call.forge, &found, &sha, &status))
}

/// `PUT …/statuses/build/{key}`: what is left out stays.
pub(super) async fn change(
    call: Call,
    Path((.., revision, key)): Path<(String, String, String, String)>,
    bytes: Bytes,
) -> Outcome {
    let need = RequiredRight::new(Role::Write, "repository");
    let (found, sha) = commit_of(&call, &revision, need).await?;
    let old = find(&call.forge, &found, &sha, &key)?;
    let mut merged = json!({
        "key": old.context, "name": old.name, "state": old.state, "url": old.target_url,
        "description": old.description, "refname": old.refname,
    });
    merge(&mut merged, body(&bytes)?);
    merge(&mut merged, json!({ "key": old.context }));
    let status = store(&call, &found, &sha, &merged)?;
    ok(StatusCode::OK, shape::status(&call.forge, &found, &sha, &status))
}
