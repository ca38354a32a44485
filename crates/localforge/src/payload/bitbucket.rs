//! Bitbucket's webhook payloads (`VCS` §4.8, §4.9): one for each push, with every ref in it.

use serde_json::{Value, json};

use crate::{
    change::RefChange,
    forge::Forge,
    git::{Git, GitError},
    model::{Pull, Repository},
    shape::{bitbucket as shape, merge},
};

/// Commits that one change lists, newest first.
const COMMITS: usize = 5;

/// Returns the payload of `repo:push`.
pub(crate) async fn push(
    forge: &Forge,
    repository: &Repository,
    actor: &str,
    changes: &[RefChange],
) -> Result<Value, GitError> {
    let git = forge.git(repository.id);
    let mut listed = Vec::new();
    for change in changes {
        listed.push(one_change(forge, repository, &git, change).await?);
    }
    Ok(json!({
        "actor": shape::user(forge, &forge.person(actor)),
        "repository": without_branch(forge, repository),
        "push": { "changes": listed },
    }))
}

/// Returns the repository as webhooks have it: without the default branch.
fn without_branch(forge: &Forge, repository: &Repository) -> Value {
    let mut value = shape::repository(forge, repository);
    if let Value::Object(fields) = &mut value {
        fields.remove("mainbranch");
    }
    value
}

async fn one_change(
    forge: &Forge,
    repository: &Repository,
    git: &Git,
    change: &RefChange,
) -> Result<Value, GitError> {
    let new = end(forge, repository, git, change, change.after.as_deref()).await?;
    let old = end(forge, repository, git, change, change.before.as_deref()).await?;
    let (commits, truncated) = match &change.after {
        Some(after) if change.branch().is_some() => {
            let mut range = vec![after.clone()];
            match &change.before {
                Some(before) => range.push(format!("^{before}")),
                None => range.extend(others(git, &change.name).await?),
            }
            let range: Vec<&str> = range.iter().map(String::as_str).collect();
            let found = git.log(&range, COMMITS + 1).await?;
            (found.iter().take(COMMITS).cloned().collect(), found.len() > COMMITS)
        }
        Some(_) | None => (Vec::new(), false),
    };
    let forced = match (&change.before, &change.after) {
        (Some(before), Some(after)) => {
            git.merge_base(before, after).await.as_deref() != Some(before.as_str())
        }
        (None, _) | (_, None) => false,
    };
    let commits: Vec<_> = commits.iter().map(|one| shape::commit(forge, repository, one)).collect();
    Ok(json!({
        "new": new,
        "old": old,
        "created": change.before.is_none(),
        "closed": change.after.is_none(),
        "forced": forced,
        "truncated": truncated,
        "commits": commits,
        "links": {},
    }))
}

/// Returns the other branches as exclusions: a new branch lists only commits that no other branch has.
async fn others(git: &Git, name: &str) -> Result<Vec<String>, GitError> {
    let refs = git.refs().await?;
    let branches = refs.into_iter().filter(|(one, _)| one.starts_with("refs/heads/"));
    Ok(branches.filter(|(one, _)| one != name).map(|(_, sha)| format!("^{sha}")).collect())
}

async fn end(
    forge: &Forge,
    repository: &Repository,
    git: &Git,
    change: &RefChange,
    sha: Option<&str>,
) -> Result<Value, GitError> {
    let Some(sha) = sha else { return Ok(Value::Null) };
    let Some(commit) = git.resolve(sha).await else { return Ok(Value::Null) };
    let commit = git.commit(&commit).await?;
    let name = change.branch().or_else(|| change.name.strip_prefix("refs/tags/"));
    let name = name.unwrap_or(&change.name);
    let mut value = shape::branch(forge, repository, name, &commit);
    if change.branch().is_none() {
        let kind = match git.kind_of(sha).await.as_deref() {
            Some("tag") => "annotated_tag",
            Some(_) | None => "tag",
        };
        merge(&mut value, json!({ "type": kind }));
    }
    Ok(value)
}

/// Returns the payload of `pullrequest:*`.
pub(crate) fn pull_request(
    forge: &Forge,
    repository: &Repository,
    actor: &str,
    pull: &Pull,
) -> Value {
    json!({
        "actor": shape::user(forge, &forge.person(actor)),
        "repository": without_branch(forge, repository),
        "pullrequest": shape::pull(forge, repository, pull),
    })
}
