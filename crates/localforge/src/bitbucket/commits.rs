//! Branches, commits and what changed (`VCS` §4.4).

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, Query, State},
    http::{StatusCode, Uri},
};
use roundel_model::forge::Role;
use serde_json::{Value, json};

use super::{answers::refuse, rights::repository, shape};
use crate::{
    answer::{Outcome, Refusal, ok},
    caller::Caller,
    git::FileChange,
    page::{Paging, paginated},
    side::Side,
};

const READ: (Role, &str) = (Role::Read, "repository");
/// Commits that a list goes back.
const COMMITS: usize = 250;

fn no_commit(revision: &str) -> Refusal {
    refuse(StatusCode::NOT_FOUND, &format!("Commit not found: {revision}"))
}

/// `GET …/refs/branches`
pub(super) async fn branches(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name)): Path<(String, String)>,
    Query(paging): Query<Paging>,
    uri: Uri,
) -> Outcome {
    let found = repository(&side, &caller, (&workspace, &name), READ)?;
    let git = side.git(found.id);
    let mut all = Vec::new();
    for (full, sha) in git.refs().await? {
        if let Some(branch) = full.strip_prefix("refs/heads/") {
            all.push(shape::branch(&side, &found, branch, &git.commit(&sha).await?));
        }
    }
    Ok(paginated(&side, &uri, &paging, all))
}

/// `GET …/refs/branches/{name}`
pub(super) async fn branch(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name, branch)): Path<(String, String, String)>,
) -> Outcome {
    let found = repository(&side, &caller, (&workspace, &name), READ)?;
    let git = side.git(found.id);
    let Some(sha) = git.resolve(&format!("refs/heads/{branch}")).await else {
        return Err(refuse(StatusCode::NOT_FOUND, &format!("Branch \"{branch}\" not found")));
    };
    let tip = git.commit(&sha).await?;
    ok(StatusCode::OK, shape::branch(&side, &found, &branch, &tip))
}

/// `GET …/commits`
pub(super) async fn list(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name)): Path<(String, String)>,
    Query(paging): Query<Paging>,
    uri: Uri,
) -> Outcome {
    let found = repository(&side, &caller, (&workspace, &name), READ)?;
    let start = found.default_branch.clone();
    log(&side, &found, &start, (&paging, &uri)).await
}

/// `GET …/commits/{revision}`
pub(super) async fn list_from(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name, revision)): Path<(String, String, String)>,
    Query(paging): Query<Paging>,
    uri: Uri,
) -> Outcome {
    let found = repository(&side, &caller, (&workspace, &name), READ)?;
    log(&side, &found, &revision, (&paging, &uri)).await
}

async fn log(
    side: &Side,
    found: &crate::model::Repository,
    start: &str,
    (paging, uri): (&Paging, &Uri),
) -> Outcome {
    let git = side.git(found.id);
    let commits = match git.resolve(start).await {
        Some(sha) => git.log(&[&sha], COMMITS).await?,
        None if git.is_empty().await => Vec::new(),
        None => return Err(no_commit(start)),
    };
    let all = commits.iter().map(|one| shape::commit(side, found, one)).collect();
    Ok(paginated(side, uri, paging, all))
}

/// `GET …/commit/{revision}`
pub(super) async fn show(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name, revision)): Path<(String, String, String)>,
) -> Outcome {
    let found = repository(&side, &caller, (&workspace, &name), READ)?;
    let git = side.git(found.id);
    let sha = git.resolve(&revision).await.ok_or_else(|| no_commit(&revision))?;
    let commit = git.commit(&sha).await?;
    ok(StatusCode::OK, shape::commit(&side, &found, &commit))
}

/// `GET …/diffstat/{new}..{old}`: the new one comes first.
pub(super) async fn diffstat(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name, range)): Path<(String, String, String)>,
    Query(paging): Query<Paging>,
    uri: Uri,
) -> Outcome {
    let found = repository(&side, &caller, (&workspace, &name), READ)?;
    let git = side.git(found.id);
    let (new, old) =
        range.split_once("..").map_or((range.as_str(), None), |(new, old)| (new, Some(old)));
    let new = git.resolve(new).await.ok_or_else(|| no_commit(new))?;
    let changes = match old {
        Some(old) => {
            let old = git.resolve(old).await.ok_or_else(|| no_commit(old))?;
            git.difference(&old, &new).await?
        }
        None => git.changes(&new).await?,
    };
    Ok(paginated(&side, &uri, &paging, changes.iter().map(shown).collect()))
}

fn shown(change: &FileChange) -> Value {
    let file = json!({ "type": "commit_file", "path": change.path });
    let (status, old, new) = match change.letter {
        'A' => ("added", Value::Null, file),
        'D' => ("removed", file, Value::Null),
        _ => ("modified", file.clone(), file),
    };
    json!({
        "type": "diffstat", "status": status, "old": old, "new": new,
        "lines_added": change.added, "lines_removed": change.removed,
    })
}
