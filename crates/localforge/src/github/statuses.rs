//! Marks on commits (`VCS` §2.10).

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, Query, State},
    http::{StatusCode, Uri},
};
use roundel_model::{forge::Role, limits::STATUS_DESCRIPTION_CHARS, time::Timestamp};
use serde_json::{Value, json};

use super::{
    answers::{body, invalid, not_found, refuse},
    rights::{Need, repository, signed_in, writable},
    shape,
};
use crate::{
    answer::{Outcome, Refusal, ok, text},
    caller::Caller,
    model::{Repository, STATUSES_PER_CONTEXT, Status},
    page::{Paging, linked},
    side::Side,
};

const WRITE: Need = Need::Role(Role::Write, &["repo:status"]);

/// `POST /repos/{owner}/{repo}/statuses/{sha}`
pub(super) async fn add(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((owner, name, sha)): Path<(String, String, String)>,
    bytes: Bytes,
) -> Outcome {
    let found = repository(&side, &caller, (&owner, &name), WRITE)?;
    writable(&found)?;
    let wanted = body(&bytes)?;
    check(&wanted)?;
    let full = sha.len() >= 40;
    let Some(sha) = side.git(found.id).resolve(&sha).await.filter(|_| full) else {
        let message = format!("No commit found for SHA: {sha}");
        return Err(refuse(StatusCode::UNPROCESSABLE_ENTITY, &message));
    };
    let status = keep(&side, &found, &sha, &signed_in(&caller)?.login, &wanted)?;
    ok(StatusCode::CREATED, shape::status(&side, &found, &sha, &status))
}

fn check(wanted: &Value) -> Result<(), Refusal> {
    let state = text(wanted, "state").unwrap_or_default();
    if !["error", "failure", "pending", "success"].contains(&state) {
        let message = "state is not included in the list";
        return Err(invalid("Status", "state", "custom", message));
    }
    let description = text(wanted, "description").unwrap_or_default();
    if description.chars().count() > STATUS_DESCRIPTION_CHARS {
        let message = "description is too long (maximum is 140 characters)";
        return Err(invalid("Status", "description", "custom", message));
    }
    if description.chars().any(|char| char > '\u{ffff}') {
        let message = "description doesn't accept 4-byte Unicode";
        return Err(invalid("Status", "description", "custom", message));
    }
    let target = text(wanted, "target_url").unwrap_or_default();
    let good = target.is_empty()
        || url::Url::parse(target).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !good {
        let message = "target_url must use http(s) scheme";
        return Err(invalid("Status", "target_url", "custom", message));
    }
    Ok(())
}

fn keep(
    side: &Side,
    repository: &Repository,
    sha: &str,
    creator: &str,
    wanted: &Value,
) -> Result<Status, Refusal> {
    let field = |name: &str| text(wanted, name).unwrap_or_default().to_owned();
    let context = text(wanted, "context").unwrap_or("default").to_owned();
    let now = Timestamp::now();
    side.write(|state| {
        let id = state.fresh_id();
        let all = state.statuses.entry(format!("{}:{sha}", repository.id)).or_default();
        if all.iter().filter(|one| one.context == context).count() >= STATUSES_PER_CONTEXT {
            let message = "This SHA and context has reached the maximum number of statuses.";
            return Err(invalid("Status", "base", "custom", message));
        }
        let status = Status {
            id,
            uuid: uuid::Uuid::new_v4(),
            name: context.clone(),
            context,
            state: field("state"),
            description: field("description"),
            target_url: field("target_url"),
            refname: None,
            creator: creator.to_owned(),
            created_at: now,
            updated_at: now,
        };
        all.push(status.clone());
        Ok(status)
    })
}

async fn resolve(
    side: &Side,
    caller: &Caller,
    names: (&str, &str),
    revision: &str,
) -> Result<(Repository, String), Refusal> {
    let found = repository(side, caller, names, Need::Read)?;
    let sha = side.git(found.id).resolve(revision).await;
    let sha = sha.ok_or_else(not_found)?;
    Ok((found, sha))
}

/// `GET /repos/{owner}/{repo}/commits/{ref}/status`: the newest of each context.
pub(super) async fn combined(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((owner, name, revision)): Path<(String, String, String)>,
) -> Outcome {
    let (found, sha) = resolve(&side, &caller, (&owner, &name), &revision).await?;
    let newest = side.read(|state| state.newest_statuses(found.id, &sha));
    let any = |state: &str| newest.iter().any(|one| one.state == state);
    let word = if any("error") || any("failure") {
        "failure"
    } else if newest.is_empty() || any("pending") {
        "pending"
    } else {
        "success"
    };
    let shown: Vec<_> =
        newest.iter().map(|one| shape::simple_status(&side, &found, &sha, one)).collect();
    let base = side.api(&format!("repos/{}/commits/{sha}", found.full_name()));
    ok(
        StatusCode::OK,
        json!({
            "state": word,
            "statuses": shown,
            "sha": sha,
            "total_count": newest.len(),
            "repository": shape::repository(&side, &found),
            "commit_url": base,
            "url": format!("{base}/status"),
        }),
    )
}

/// `GET /repos/{owner}/{repo}/commits/{ref}/statuses`: all, newest first.
pub(super) async fn list(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((owner, name, revision)): Path<(String, String, String)>,
    Query(paging): Query<Paging>,
    uri: Uri,
) -> Outcome {
    let (found, sha) = resolve(&side, &caller, (&owner, &name), &revision).await?;
    let all = side.read(|state| state.statuses_of(found.id, &sha).to_vec());
    let shown = all.iter().rev().map(|one| shape::status(&side, &found, &sha, one)).collect();
    Ok(linked(&side, &uri, &paging, shown))
}
