//! Branches, refs, commits and comparisons (`VCS` §2.6, §2.12).

use axum::{
    extract::{Path, Query},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answers::{not_found, refuse},
    rights::RequiredRight,
};
use crate::{
    answer::{ErrorResponse, Outcome, ok},
    call::Call,
    forge::Forge,
    git::FileChange,
    model::Repository,
    page::Listing,
    shape::{github as shape, merge},
};

/// Commits that one page of a list or a comparison has.
const COMMITS: usize = 250;

/// `GET /repos/{owner}/{repo}/branches`
pub(super) async fn branches(call: Call, listing: Listing) -> Outcome {
    let found = call.repository(RequiredRight::Read)?;
    let refs = call.forge.git(found.id).refs().await?;
    let base = call.forge.api(&format!("repos/{}/commits", found.full_name()));
    let all = refs.iter().filter_map(|(name, sha)| {
        let branch = name.strip_prefix("refs/heads/")?;
        Some(json!({
            "name": branch,
            "commit": { "sha": sha, "url": format!("{base}/{sha}") },
            "protected": false,
        }))
    });
    Ok(listing.linked(&call.forge, all.collect()))
}

/// `GET /repos/{owner}/{repo}/branches/{branch}`
pub(super) async fn branch(
    call: Call,
    Path((.., branch)): Path<(String, String, String)>,
) -> Outcome {
    let found = call.repository(RequiredRight::Read)?;
    let git = call.forge.git(found.id);
    let Some(sha) = git.resolve(&format!("refs/heads/{branch}")).await else {
        return Err(refuse(StatusCode::NOT_FOUND, "Branch not found"));
    };
    let commit = git.commit(&sha).await?;
    let url = call.forge.api(&format!("repos/{}/branches/{branch}", found.full_name()));
    ok(
        StatusCode::OK,
        json!({
            "name": branch,
            "commit": shape::commit(&call.forge, &found, &commit),
            "_links": {
                "self": url, "html": call.forge.page(&format!("{}/tree/{branch}", found.full_name())),
            },
            "protected": false,
            "protection": {
                "enabled": false,
                "required_status_checks": {
                    "enforcement_level": "off", "contexts": [], "checks": [],
                },
            },
            "protection_url": format!("{url}/protection"),
        }),
    )
}

async fn shown_ref(forge: &Forge, repository: &Repository, name: &str, sha: &str) -> Value {
    let base = forge.api(&format!("repos/{}/git", repository.full_name()));
    let kind = forge.git(repository.id).kind_of(sha).await.unwrap_or_else(|| "commit".to_owned());
    json!({
        "ref": name,
        "node_id": shape::node_id("Ref", repository.id),
        "url": format!("{base}/{name}"),
        "object": { "sha": sha, "type": kind, "url": format!("{base}/{kind}s/{sha}") },
    })
}

async fn not_empty(forge: &Forge, repository: &Repository) -> Result<(), ErrorResponse> {
    if forge.git(repository.id).is_empty().await {
        return Err(refuse(StatusCode::CONFLICT, "Git Repository is empty."));
    }
    Ok(())
}

/// `GET /repos/{owner}/{repo}/git/ref/{ref}`
pub(super) async fn git_ref(
    call: Call,
    Path((.., wanted)): Path<(String, String, String)>,
) -> Outcome {
    let found = call.repository(RequiredRight::Read)?;
    not_empty(&call.forge, &found).await?;
    let full = format!("refs/{wanted}");
    let refs = call.forge.git(found.id).refs().await?;
    let sha = refs.get(&full).ok_or_else(not_found)?;
    ok(StatusCode::OK, shown_ref(&call.forge, &found, &full, sha).await)
}

/// `GET /repos/{owner}/{repo}/git/matching-refs/{ref}`
pub(super) async fn matching_refs(
    call: Call,
    Path((.., wanted)): Path<(String, String, String)>,
    listing: Listing,
) -> Outcome {
    let found = call.repository(RequiredRight::Read)?;
    let start = format!("refs/{wanted}");
    let mut all = Vec::new();
    for (name, sha) in call.forge.git(found.id).refs().await? {
        if name.starts_with(&start) {
            all.push(shown_ref(&call.forge, &found, &name, &sha).await);
        }
    }
    Ok(listing.linked(&call.forge, all))
}

/// Where a list of commits starts.
#[derive(Debug, Deserialize)]
pub(super) struct From {
    sha: Option<String>,
}

/// `GET /repos/{owner}/{repo}/commits`
pub(super) async fn list(call: Call, Query(from): Query<From>, listing: Listing) -> Outcome {
    let found = call.repository(RequiredRight::Read)?;
    not_empty(&call.forge, &found).await?;
    let git = call.forge.git(found.id);
    let start = from.sha.as_deref().unwrap_or(&found.default_branch);
    let sha = git.resolve(start).await.ok_or_else(not_found)?;
    let commits = git.log(&[&sha], COMMITS).await?;
    let all = commits.iter().map(|one| shape::commit(&call.forge, &found, one)).collect();
    Ok(listing.linked(&call.forge, all))
}

/// `GET /repos/{owner}/{repo}/commits/{ref}`
pub(super) async fn show(
    call: Call,
    Path((.., revision)): Path<(String, String, String)>,
) -> Outcome {
    let found = call.repository(RequiredRight::Read)?;
    not_empty(&call.forge, &found).await?;
    let git = call.forge.git(found.id);
    let Some(sha) = git.resolve(&revision).await else {
        let message = format!("No commit found for SHA: {revision}");
        return Err(refuse(StatusCode::UNPROCESSABLE_ENTITY, &message));
    };
    let commit = git.commit(&sha).await?;
    let changes = git.changes(&sha).await?;
    let mut value = shape::commit(&call.forge, &found, &commit);
    let added: u64 = changes.iter().map(|one| one.added).sum();
    let removed: u64 = changes.iter().map(|one| one.removed).sum();
    merge(
        &mut value,
        json!({
            "stats": { "additions": added, "deletions": removed, "total": added + removed },
            "files": shown_files(&call.forge, &found, &sha, &changes),
        }),
    );
    ok(StatusCode::OK, value)
}

/// Returns changed files.
pub(super) fn shown_files(
    forge: &Forge,
    repository: &Repository,
    sha: &str,
    changes: &[FileChange],
) -> Vec<Value> {
    let page = forge.page(&repository.full_name());
    let api = forge.api(&format!("repos/{}/contents", repository.full_name()));
    let one = |change: &FileChange| {
        let status = match change.letter {
            'A' => "added",
            'D' => "removed",
            _ => "modified",
        };
        let path: String = url::form_urlencoded::byte_serialize(change.path.as_bytes()).collect();
        json!({
            "sha": null,
            "filename": change.path,
            "status": status,
            "additions": change.added,
            "deletions": change.removed,
            "changes": change.added + change.removed,
            "blob_url": format!("{page}/blob/{sha}/{path}"),
            "raw_url": format!("{page}/raw/{sha}/{path}"),
            "contents_url": format!("{api}/{path}?ref={sha}"),
        })
    };
    changes.iter().map(one).collect()
}

/// `GET /repos/{owner}/{repo}/compare/{base}...{head}`
pub(super) async fn compare(
    call: Call,
    Path((.., range)): Path<(String, String, String)>,
) -> Outcome {
    let found = call.repository(RequiredRight::Read)?;
    let git = call.forge.git(found.id);
    let (base, head) = range.split_once("...").ok_or_else(not_found)?;
    let base = git.resolve(base).await.ok_or_else(not_found)?;
    let head = git.resolve(head).await.ok_or_else(not_found)?;
    let Some(common) = git.merge_base(&base, &head).await else {
        return Err(refuse(StatusCode::NOT_FOUND, "No common ancestor"));
    };
    let (ahead, behind) = git.ahead_behind(&base, &head).await?;
    let status = match (ahead, behind) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        (_, _) => "diverged",
    };
    let mut commits = git.log(&[&head, &format!("^{base}")], COMMITS).await?;
    commits.reverse();
    let changes = git.difference(&common, &head).await?;
    let url = call.forge.api(&format!("repos/{}/compare/{range}", found.full_name()));
    let page = call.forge.page(&format!("{}/compare/{range}", found.full_name()));
    let commits: Vec<_> =
        commits.iter().map(|one| shape::commit(&call.forge, &found, one)).collect();
    ok(
        StatusCode::OK,
        json!({
            "url": url, "html_url": page, "permalink_url": page,
            "diff_url": format!("{page}.diff"), "patch_url": format!("{page}.patch"),
            "base_commit": shape::commit(&call.forge, &found, &git.commit(&base).await?),
            "merge_base_commit": shape::commit(&call.forge, &found, &git.commit(&common).await?),
            "status": status, "ahead_by": ahead, "behind_by": behind,
            "total_commits": ahead, "commits": commits,
            "files": shown_files(&call.forge, &found, &head, &changes),
        }),
    )
}
