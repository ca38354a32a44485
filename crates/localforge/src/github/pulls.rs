//! Pull requests between branches of one repository (`VCS` §2.12, §3.4).

use axum::{
    body::Bytes,
    extract::{Path, Query},
    http::StatusCode,
};
use roundel_model::forge::Role;
use serde::Deserialize;
use serde_json::Value;

use super::{
    answers::{body, invalid, not_found},
    commits,
    rights::{RequiredRight, signed_in},
};
use crate::{
    answer::{ErrorResponse, Outcome, flag, ok, text, text_or_empty},
    call::Call,
    forge::Forge,
    model::{Pull, Repository},
    page::Listing,
    payload::github::pull_size,
    pulls::{self, NewPull, PullError},
    shape::github as shape,
};

/// What a list is narrowed by.
#[derive(Debug, Deserialize)]
pub(super) struct Filter {
    state: Option<String>,
    head: Option<String>,
    base: Option<String>,
}

/// `GET /repos/{owner}/{repo}/pulls`
pub(super) async fn list(call: Call, Query(filter): Query<Filter>, listing: Listing) -> Outcome {
    let found = call.repository(RequiredRight::Read)?;
    let fits = |one: &Pull| {
        let state = match filter.state.as_deref() {
            Some("all") => true,
            Some("closed") => !one.open,
            Some(_) | None => one.open,
        };
        let head = filter.head.as_deref().is_none_or(|head| {
            head.split_once(':').is_some_and(|(owner, branch)| {
                owner.eq_ignore_ascii_case(&found.owner) && branch == one.head
            })
        });
        let base = filter.base.as_deref().is_none_or(|base| base == one.base);
        state && head && base
    };
    let all = pulls::select(&call.forge, &found, fits);
    let all = all.iter().map(|one| shape::pull(&call.forge, &found, one)).collect();
    Ok(listing.linked(&call.forge, all))
}

/// `POST /repos/{owner}/{repo}/pulls`
pub(super) async fn open(call: Call, bytes: Bytes) -> Outcome {
    let found = call.repository(RequiredRight::Role(Role::Read, &[]))?;
    let fields = body(&bytes)?;
    let head = text(&fields, "head").unwrap_or_default();
    let new = NewPull {
        title: text_or_empty(&fields, "title"),
        body: text_or_empty(&fields, "body"),
        head: head.split_once(':').map_or(head, |(_, branch)| branch).to_owned(),
        base: text_or_empty(&fields, "base"),
        draft: flag(&fields, "draft").unwrap_or(false),
        author: signed_in(&call.caller)?.login.clone(),
    };
    let opened = pulls::open(&call.forge, &found, new).await;
    let pull = opened.map_err(|error| match error {
        PullError::NoBranch(field) => invalid("PullRequest", field, "invalid", ""),
        PullError::NothingNew => {
            let message = "No commits between base and head";
            invalid("PullRequest", "head", "custom", message)
        }
        PullError::Exists => {
            let message = "A pull request already exists for this branch.";
            invalid("PullRequest", "base", "custom", message)
        }
        PullError::Git(error) => ErrorResponse::from(error),
    })?;
    ok(StatusCode::CREATED, shown(&call.forge, &found, &pull).await?)
}

async fn shown(
    forge: &Forge,
    repository: &Repository,
    pull: &Pull,
) -> Result<Value, ErrorResponse> {
    let extent = pull_size(&forge.git(repository.id), pull).await?;
    Ok(shape::full_pull(forge, repository, pull, extent))
}

fn find(forge: &Forge, repository: &Repository, number: u64) -> Result<Pull, ErrorResponse> {
    pulls::find(forge, repository, number).ok_or_else(not_found)
}

/// `GET /repos/{owner}/{repo}/pulls/{number}`
pub(super) async fn show(call: Call, Path((.., number)): Path<(String, String, u64)>) -> Outcome {
    let found = call.repository(RequiredRight::Read)?;
    let pull = find(&call.forge, &found, number)?;
    ok(StatusCode::OK, shown(&call.forge, &found, &pull).await?)
}

/// `PATCH /repos/{owner}/{repo}/pulls/{number}`: title, body, closing.
pub(super) async fn change(
    call: Call,
    Path((.., number)): Path<(String, String, u64)>,
    bytes: Bytes,
) -> Outcome {
    let found = call.repository(RequiredRight::Role(Role::Write, &[]))?;
    let fields = body(&bytes)?;
    find(&call.forge, &found, number)?;
    if text(&fields, "state") == Some("closed") {
        pulls::close(&call.forge, &found, number, &signed_in(&call.caller)?.login).await?;
    }
    call.forge.write(|state| {
        let same = |one: &&mut Pull| one.repository == found.id && one.number == number;
        if let Some(pull) = state.pulls.iter_mut().find(same) {
            if let Some(title) = text(&fields, "title") {
                title.clone_into(&mut pull.title);
            }
            if let Some(body) = text(&fields, "body") {
                body.clone_into(&mut pull.body);
            }
        }
    });
    let pull = find(&call.forge, &found, number)?;
    ok(StatusCode::OK, shown(&call.forge, &found, &pull).await?)
}

/// `GET /repos/{owner}/{repo}/pulls/{number}/files`
pub(super) async fn files(
    call: Call,
    Path((.., number)): Path<(String, String, u64)>,
    listing: Listing,
) -> Outcome {
    let found = call.repository(RequiredRight::Read)?;
    let pull = find(&call.forge, &found, number)?;
    let git = call.forge.git(found.id);
    let base = git.merge_base(&pull.base_sha, &pull.head_sha).await.ok_or_else(not_found)?;
    let changes = git.difference(&base, &pull.head_sha).await?;
    let all = commits::shown_files(&call.forge, &found, &pull.head_sha, &changes);
    Ok(listing.linked(&call.forge, all))
}

/// `GET /repos/{owner}/{repo}/commits/{sha}/pulls`
pub(super) async fn of_commit(
    call: Call,
    Path((.., revision)): Path<(String, String, String)>,
    listing: Listing,
) -> Outcome {
    let found = call.repository(RequiredRight::Read)?;
    let git = call.forge.git(found.id);
    let sha = git.resolve(&revision).await.ok_or_else(not_found)?;
    let mut open = pulls::select(&call.forge, &found, |one| one.open);
    open.reverse();
    let mut all = Vec::new();
    for pull in &open {
        if git.merge_base(&sha, &pull.head_sha).await.as_deref() == Some(sha.as_str())
            && git.merge_base(&sha, &pull.base_sha).await.as_deref() != Some(sha.as_str())
        {
            all.push(shape::pull(&call.forge, &found, pull));
        }
    }
    Ok(listing.linked(&call.forge, all))
}
