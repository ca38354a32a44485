//! Branches, commits and what changed (`VCS` §4.4).

use axum::{extract::Path, http::StatusCode};
use serde_json::{Value, json};

use super::{
    answers::{no_commit, refuse},
    rights::RequiredRight,
};
use crate::{
    answer::{Outcome, ok},
    call::Call,
    forge::Forge,
    git::FileChange,
    model::Repository,
    page::Listing,
    shape::bitbucket as shape,
};

/// Commits that a list goes back.
const COMMITS: usize = 250;

/// `GET …/refs/branches`
pub(super) async fn branches(call: Call, listing: Listing) -> Outcome {
    let found = call.repository(RequiredRight::READ)?;
    let git = call.forge.git(found.id);
    let mut all = Vec::new();
    for (full, sha) in git.refs().await? {
        if let Some(branch) = full.strip_prefix("refs/heads/") {
            all.push(shape::branch(&call.forge, &found, branch, &git.commit(&sha).await?));
        }
    }
    Ok(listing.paginated(&call.forge, all))
}

/// `GET …/refs/branches/{name}`
pub(super) async fn branch(
    call: Call,
    Path((.., branch)): Path<(String, String, String)>,
) -> Outcome {
    let found = call.repository(RequiredRight::READ)?;
    let git = call.forge.git(found.id);
    let Some(sha) = git.resolve(&format!("refs/heads/{branch}")).await else {
        return Err(refuse(StatusCode::NOT_FOUND, &format!("Branch \"{branch}\" not found")));
    };
    let tip = git.commit(&sha).await?;
    ok(StatusCode::OK, shape::branch(&call.forge, &found, &branch, &tip))
}

/// `GET …/commits`
pub(super) async fn list(call: Call, listing: Listing) -> Outcome {
    let found = call.repository(RequiredRight::READ)?;
    let start = found.default_branch.clone();
    log(&call.forge, &found, &start, &listing).await
}

/// `GET …/commits/{revision}`
pub(super) async fn list_from(
    call: Call,
    Path((.., revision)): Path<(String, String, String)>,
    listing: Listing,
) -> Outcome {
    let found = call.repository(RequiredRight::READ)?;
    log(&call.forge, &found, &revision, &listing).await
}

async fn log(forge: &Forge, found: &Repository, start: &str, listing: &Listing) -> Outcome {
    let git = forge.git(found.id);
    let commits = match git.resolve(start).await {
        Some(sha) => git.log(&[&sha], COMMITS).await?,
        None if git.is_empty().await => Vec::new(),
        None => return Err(no_commit(start)),
    };
    let all = commits.iter().map(|one| shape::commit(forge, found, one)).collect();
    Ok(listing.paginated(forge, all))
}

/// `GET …/commit/{revision}`
pub(super) async fn show(
    call: Call,
    Path((.., revision)): Path<(String, String, String)>,
) -> Outcome {
    let found = call.repository(RequiredRight::READ)?;
    let git = call.forge.git(found.id);
    let sha = git.resolve(&revision).await.ok_or_else(|| no_commit(&revision))?;
    let commit = git.commit(&sha).await?;
    ok(StatusCode::OK, shape::commit(&call.forge, &found, &commit))
}

/// `GET …/diffstat/{new}..{old}`: the new one comes first.
pub(super) async fn diffstat(
    call: Call,
    Path((.., range)): Path<(String, String, String)>,
    listing: Listing,
) -> Outcome {
    let found = call.repository(RequiredRight::READ)?;
    let git = call.forge.git(found.id);
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
    Ok(listing.paginated(&call.forge, changes.iter().map(shown).collect()))
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
