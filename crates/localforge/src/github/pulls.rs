//! Pull requests between branches of one repository (`VCS` §2.12, §3.4).

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, Query, State},
    http::{StatusCode, Uri},
};
use roundel_model::forge::Role;
use serde::Deserialize;
use serde_json::Value;

use super::{
    answers::{body, invalid, not_found},
    commits,
    rights::{Need, repository, signed_in},
    shape,
};
use crate::{
    answer::{Outcome, Refusal, ok, text},
    caller::Caller,
    model::{Pull, Repository},
    page::{Paging, linked},
    payload::github::pull_size,
    pulls::{self, NewPull, PullRefusal},
    side::Side,
};

/// What a list is narrowed by.
#[derive(Debug, Deserialize)]
pub(super) struct Filter {
    state: Option<String>,
    head: Option<String>,
    base: Option<String>,
}

/// `GET /repos/{owner}/{repo}/pulls`
pub(super) async fn list(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((owner, name)): Path<(String, String)>,
    Query(filter): Query<Filter>,
    uri: Uri,
) -> Outcome {
    let found = repository(&side, &caller, (&owner, &name), Need::Read)?;
    let fits = |one: &&Pull| {
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
        one.repository == found.id && state && head && base
    };
    let pulls: Vec<Pull> =
        side.read(|state| state.pulls.iter().rev().filter(fits).cloned().collect());
    let all = pulls.iter().map(|one| shape::pull(&side, &found, one)).collect();
    Ok(linked(&side, &uri, &Paging::default(), all))
}

/// `POST /repos/{owner}/{repo}/pulls`
pub(super) async fn open(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((owner, name)): Path<(String, String)>,
    bytes: Bytes,
) -> Outcome {
    let found = repository(&side, &caller, (&owner, &name), Need::Role(Role::Read, &[]))?;
    let wanted = body(&bytes)?;
    let head = text(&wanted, "head").unwrap_or_default();
    let new = NewPull {
        title: text(&wanted, "title").unwrap_or_default().to_owned(),
        body: text(&wanted, "body").unwrap_or_default().to_owned(),
        head: head.split_once(':').map_or(head, |(_, branch)| branch).to_owned(),
        base: text(&wanted, "base").unwrap_or_default().to_owned(),
        draft: wanted.get("draft").and_then(Value::as_bool).unwrap_or(false),
        author: signed_in(&caller)?.login.clone(),
    };
    let opened = pulls::open(&side, &found, new).await;
    let pull = opened.map_err(|refusal| match refusal {
        PullRefusal::NoBranch(field) => invalid("PullRequest", field, "invalid", ""),
        PullRefusal::NothingNew => {
            let message = "No commits between base and head";
            invalid("PullRequest", "head", "custom", message)
        }
        PullRefusal::Exists => {
            let message = "A pull request already exists for this branch.";
            invalid("PullRequest", "base", "custom", message)
        }
        PullRefusal::Git(error) => Refusal::from(error),
    })?;
    ok(StatusCode::CREATED, shown(&side, &found, &pull).await?)
}

async fn shown(side: &Side, repository: &Repository, pull: &Pull) -> Result<Value, Refusal> {
    let extent = pull_size(&side.git(repository.id), pull).await?;
    Ok(shape::full_pull(side, repository, pull, extent))
}

fn find(side: &Side, repository: &Repository, number: u64) -> Result<Pull, Refusal> {
    let pull = side.read(|state| {
        let same = |one: &&Pull| one.repository == repository.id && one.number == number;
        state.pulls.iter().find(same).cloned()
    });
    pull.ok_or_else(not_found)
}

/// `GET /repos/{owner}/{repo}/pulls/{number}`
pub(super) async fn show(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((owner, name, number)): Path<(String, String, u64)>,
) -> Outcome {
    let found = repository(&side, &caller, (&owner, &name), Need::Read)?;
    let pull = find(&side, &found, number)?;
    ok(StatusCode::OK, shown(&side, &found, &pull).await?)
}

/// `PATCH /repos/{owner}/{repo}/pulls/{number}`: title, body, closing.
pub(super) async fn change(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((owner, name, number)): Path<(String, String, u64)>,
    bytes: Bytes,
) -> Outcome {
    let found = repository(&side, &caller, (&owner, &name), Need::Role(Role::Write, &[]))?;
    let wanted = body(&bytes)?;
    find(&side, &found, number)?;
    if text(&wanted, "state") == Some("closed") {
        pulls::close(&side, &found, number, &signed_in(&caller)?.login).await?;
    }
    side.write(|state| {
        let same = |one: &&mut Pull| one.repository == found.id && one.number == number;
        if let Some(pull) = state.pulls.iter_mut().find(same) {
            if let Some(title) = text(&wanted, "title") {
                title.clone_into(&mut pull.title);
            }
            if let Some(body) = text(&wanted, "body") {
                body.clone_into(&mut pull.body);
            }
        }
    });
    let pull = find(&side, &found, number)?;
    ok(StatusCode::OK, shown(&side, &found, &pull).await?)
}

/// `GET /repos/{owner}/{repo}/pulls/{number}/files`
pub(super) async fn files(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((owner, name, number)): Path<(String, String, u64)>,
    Query(paging): Query<Paging>,
    uri: Uri,
) -> Outcome {
    let found = repository(&side, &caller, (&owner, &name), Need::Read)?;
    let pull = find(&side, &found, number)?;
    let git = side.git(found.id);
    let base = git.merge_base(&pull.base_sha, &pull.head_sha).await.ok_or_else(not_found)?;
    let changes = git.difference(&base, &pull.head_sha).await?;
    let all = commits::shown_files(&side, &found, &pull.head_sha, &changes);
    Ok(linked(&side, &uri, &paging, all))
}

/// `GET /repos/{owner}/{repo}/commits/{sha}/pulls`
pub(super) async fn of_commit(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((owner, name, revision)): Path<(String, String, String)>,
    Query(paging): Query<Paging>,
    uri: Uri,
) -> Outcome {
    let found = repository(&side, &caller, (&owner, &name), Need::Read)?;
    let git = side.git(found.id);
    let sha = git.resolve(&revision).await.ok_or_else(not_found)?;
    let open: Vec<Pull> = side.read(|state| {
        let ours = state.pulls.iter().filter(|one| one.repository == found.id && one.open);
        ours.cloned().collect()
    });
    let mut all = Vec::new();
    for pull in &open {
        if git.merge_base(&sha, &pull.head_sha).await.as_deref() == Some(sha.as_str())
            && git.merge_base(&sha, &pull.base_sha).await.as_deref() != Some(sha.as_str())
        {
            all.push(shape::pull(&side, &found, pull));
        }
    }
    Ok(linked(&side, &uri, &paging, all))
}
