//! Commit statuses (`VCS` §2.10).

use axum::{body::Bytes, extract::Path, http::StatusCode};
use roundel_model::{
    forge::{ForgeKind, Role},
    limits::STATUS_DESCRIPTION_CHARS,
};
use serde_json::{Value, json};

use super::{
    answers::{body, invalid, not_found, refuse},
    rights::{RequiredRight, signed_in, writable},
};
use crate::{
    answer::{ErrorResponse, Outcome, is_http, ok, text, text_or_empty},
    call::Call,
    commit_state::CommitState,
    model::Repository,
    page::Listing,
    shape::github as shape,
    statuses::{self, ContextIsFull, NewStatus},
};

const WRITE: RequiredRight = RequiredRight::Role(Role::Write, &["repo:status"]);

/// `POST /repos/{owner}/{repo}/statuses/{sha}`
pub(super) async fn add(
    call: Call,
    Path((.., sha)): Path<(String, String, String)>,
    bytes: Bytes,
) -> Outcome {
    let found = call.repository(WRITE)?;
    writable(&found)?;
    let fields = body(&bytes)?;
    let state = check(&fields)?;
    let full = sha.len() >= 40;
    let Some(sha) = call.forge.git(found.id).resolve(&sha).await.filter(|_| full) else {
        let message = format!("No commit found for SHA: {sha}");
        return Err(refuse(StatusCode::UNPROCESSABLE_ENTITY, &message));
    };
    let context = text(&fields, "context").unwrap_or("default").to_owned();
    let new = NewStatus {
        name: context.clone(),
        context,
        state,
        description: text_or_empty(&fields, "description"),
        target_url: text_or_empty(&fields, "target_url"),
        refname: None,
        creator: signed_in(&call.caller)?.login.clone(),
    };
    let status = statuses::append(&call.forge, &found, &sha, new).map_err(|ContextIsFull| {
        let message = "This SHA and context has reached the maximum number of statuses.";
        invalid("Status", "base", "custom", message)
    })?;
    ok(StatusCode::CREATED, shape::status(&call.forge, &found, &sha, &status))
}

/// Checks the fields of a status, and returns its state.
fn check(fields: &Value) -> Result<CommitState, ErrorResponse> {
    let state = text(fields, "state").unwrap_or_default();
    let Some(state) = CommitState::parse(ForgeKind::GitHub, state) else {
        let message = "state is not included in the list";
        return Err(invalid("Status", "state", "custom", message));
    };
    let description = text(fields, "description").unwrap_or_default();
    if description.chars().count() > STATUS_DESCRIPTION_CHARS {
        let message = "description is too long (maximum is 140 characters)";
        return Err(invalid("Status", "description", "custom", message));
    }
    if description.chars().any(|char| char > '\u{ffff}') {
        let message = "description doesn't accept 4-byte Unicode";
        return Err(invalid("Status", "description", "custom", message));
    }
    let target = text(fields, "target_url").unwrap_or_default();
    if !target.is_empty() && !is_http(target) {
        let message = "target_url must use http(s) scheme";
        return Err(invalid("Status", "target_url", "custom", message));
    }
    Ok(state)
}

/// Finds repository and commit, to read.
async fn commit_of(call: &Call, revision: &str) -> Result<(Repository, String), ErrorResponse> {
    let found = call.repository(RequiredRight::Read)?;
    let sha = call.forge.git(found.id).resolve(revision).await;
    Ok((found, sha.ok_or_else(not_found)?))
}

/// `GET /repos/{owner}/{repo}/commits/{ref}/status`: the newest of each context.
pub(super) async fn combined(
    call: Call,
    Path((.., revision)): Path<(String, String, String)>,
) -> Outcome {
    let (found, sha) = commit_of(&call, &revision).await?;
    let newest = call.forge.read(|state| state.newest_statuses(found.id, &sha));
    let any = |state: CommitState| newest.iter().any(|one| one.state == state);
    let state = if any(CommitState::Error) || any(CommitState::Failure) {
        CommitState::Failure
    } else if newest.is_empty() || any(CommitState::Pending) {
        CommitState::Pending
    } else {
        CommitState::Success
    };
    let shown: Vec<_> =
        newest.iter().map(|one| shape::simple_status(&call.forge, &found, &sha, one)).collect();
    let base = call.forge.api(&format!("repos/{}/commits/{sha}", found.full_name()));
    ok(
        StatusCode::OK,
        json!({
            "state": state,
            "statuses": shown,
            "sha": sha,
            "total_count": newest.len(),
            "repository": shape::repository(&call.forge, &found),
            "commit_url": base,
            "url": format!("{base}/status"),
        }),
    )
}

/// `GET /repos/{owner}/{repo}/commits/{ref}/statuses`: all, newest first.
pub(super) async fn list(
    call: Call,
    Path((.., revision)): Path<(String, String, String)>,
    listing: Listing,
) -> Outcome {
    let (found, sha) = commit_of(&call, &revision).await?;
    let all = call.forge.read(|state| state.statuses_of(found.id, &sha).to_vec());
    let shown = all.iter().rev().map(|one| shape::status(&call.forge, &found, &sha, one)).collect();
    Ok(listing.linked(&call.forge, shown))
}
