//! GitHub's webhook payloads (`VCS` §3.3, §3.4), valid against its published schemas.

use serde_json::{Value, json};

use crate::{
    change::{PullChange, RefChange},
    forge::Forge,
    git::{CommitInfo, FileChange, Git, GitError},
    model::{Hook, Pull, Repository, User},
    shape::{github as shape, merge},
    stamp,
};

const ZERO: &str = "0000000000000000000000000000000000000000";
/// Most commits that one push lists.
const COMMITS: usize = 2_048;
/// Most commits whose files are looked up; beyond, the lists are empty, as GitHub allows.
const COMMITS_WITH_FILES: usize = 20;

/// Returns the payload of `push` for one ref.
pub(crate) async fn push(
    forge: &Forge,
    repository: &Repository,
    actor: &str,
    change: &RefChange,
) -> Result<Value, GitError> {
    let git = forge.git(repository.id);
    let before = change.before.as_deref().unwrap_or(ZERO);
    let after = change.after.as_deref().unwrap_or(ZERO);
    let commits = pushed(&git, repository, change).await?;
    let mut listed = Vec::new();
    for (index, commit) in commits.iter().enumerate() {
        let changes =
            if index < COMMITS_WITH_FILES { git.changes(&commit.sha).await? } else { vec![] };
        listed.push(in_push(forge, repository, commit, &changes));
    }
    // The commit itself, also where the ref points at an annotated tag.
    let head = match &change.after {
        Some(after) => match git.resolve(after).await {
            Some(sha) => {
                let commit = git.commit(&sha).await?;
                in_push(forge, repository, &commit, &git.changes(&commit.sha).await?)
            }
            None => Value::Null,
        },
        None => Value::Null,
    };
    let person = forge.person(actor);
    let page = forge.page(&repository.full_name());
    Ok(json!({
        "ref": change.name,
        "before": before,
        "after": after,
        "created": change.before.is_none(),
        "deleted": change.after.is_none(),
        "forced": forced(&git, change).await,
        "base_ref": base_ref(&git, change).await,
        "compare": format!("{page}/compare/{}...{}", short(before), short(after)),
        "commits": listed,
        "head_commit": head,
        "repository": in_push_repository(forge, repository),
        "pusher": { "name": person.login, "email": person.email },
        "sender": shape::user(forge, &person),
    }))
}

fn short(sha: &str) -> &str {
    sha.get(..12).unwrap_or(sha)
}

/// Returns the commits of the push, oldest first.
async fn pushed(
    git: &Git,
    repository: &Repository,
    change: &RefChange,
) -> Result<Vec<CommitInfo>, GitError> {
    let (Some(after), Some(branch)) = (&change.after, change.branch()) else {
        return Ok(Vec::new());
    };
    let mut commits = match &change.before {
        Some(before) => git.log(&[after, &format!("^{before}")], COMMITS).await?,
        // A branch's first push lists what the default branch has not; the default branch's own
        // first push lists all.
        None if branch == repository.default_branch => git.log(&[after], COMMITS).await?,
        None => {
            let default = format!("refs/heads/{}", repository.default_branch);
            match git.resolve(&default).await {
                Some(base) => git.log(&[after, &format!("^{base}")], COMMITS).await?,
                None => git.log(&[after], COMMITS).await?,
            }
        }
    };
    commits.reverse();
    Ok(commits)
}

/// A push is forced when the old commit is not an ancestor of the new one.
async fn forced(git: &Git, change: &RefChange) -> bool {
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => match git.resolve(before).await {
            Some(before) => {
                git.merge_base(&before, after).await.as_deref() != Some(before.as_str())
            }
            None => true,
        },
        (None, _) | (_, None) => false,
    }
}

/// The branch that a fresh ref points at, if another one does.
async fn base_ref(git: &Git, change: &RefChange) -> Option<String> {
    let (None, Some(after)) = (&change.before, &change.after) else { return None };
    let refs = git.refs().await.ok()?;
    let same = |(name, sha): &(String, String)| {
        sha == after && *name != change.name && name.starts_with("refs/heads/")
    };
    refs.into_iter().find(same).map(|(name, _)| name)
}

fn in_push(
    forge: &Forge,
    repository: &Repository,
    commit: &CommitInfo,
    changes: &[FileChange],
) -> Value {
    let paths = |wanted: &[char]| {
        let some = changes.iter().filter(|change| wanted.contains(&change.letter));
        some.map(|change| change.path.clone()).collect::<Vec<_>>()
    };
    json!({
        "id": commit.sha,
        "tree_id": commit.tree,
        "distinct": true,
        "message": commit.message,
        "timestamp": commit.committer_date,
        "url": forge.page(&format!("{}/commit/{}", repository.full_name(), commit.sha)),
        "author": signature(forge, &commit.author_name, &commit.author_email),
        "committer": signature(forge, &commit.committer_name, &commit.committer_email),
        "added": paths(&['A']),
        "removed": paths(&['D']),
        "modified": paths(&['M', 'T']),
    })
}

fn signature(forge: &Forge, name: &str, email: &str) -> Value {
    let mut value = json!({ "name": name, "email": email });
    let login = forge.read(|state| {
        let same = |one: &&User| one.email.eq_ignore_ascii_case(email);
        state.users.iter().find(same).map(|one| one.login.clone())
    });
    if let Some(login) = login {
        merge(&mut value, json!({ "username": login }));
    }
    value
}

/// Returns the repository as `push` has it: with whole seconds, and an owner with a name.
fn in_push_repository(forge: &Forge, repository: &Repository) -> Value {
    let mut value = shape::repository(forge, repository);
    let mut owner = shape::owner(forge, repository);
    let email = forge.read(|state| state.user(&repository.owner).map(|one| one.email.clone()));
    merge(&mut owner, json!({ "name": repository.owner, "email": email }));
    merge(
        &mut value,
        json!({
            "owner": owner,
            "url": forge.page(&repository.full_name()),
            "created_at": stamp::epoch(repository.created_at),
            "pushed_at": stamp::epoch(repository.pushed_at.unwrap_or(repository.created_at)),
            "stargazers": 0,
            "master_branch": repository.default_branch,
        }),
    );
    value
}

/// Returns the payload of `create` or `delete`.
pub(crate) fn created_or_deleted(
    forge: &Forge,
    repository: &Repository,
    actor: &str,
    change: &RefChange,
) -> Value {
    let kind = if change.branch().is_some() { "branch" } else { "tag" };
    let name = change.branch().or_else(|| change.name.strip_prefix("refs/tags/"));
    let mut value = json!({
        "ref": name.unwrap_or(&change.name),
        "ref_type": kind,
        "pusher_type": "user",
        "repository": shape::repository(forge, repository),
        "sender": shape::user(forge, &forge.person(actor)),
    });
    if change.after.is_some() {
        let more = json!({ "master_branch": repository.default_branch, "description": null });
        merge(&mut value, more);
    }
    value
}

/// Returns the payload of `ping`.
pub(crate) fn ping(forge: &Forge, repository: &Repository, actor: &str, hook: &Hook) -> Value {
    let mut shown = shape::hook(forge, repository, hook);
    // The schema knows a ping only as the first thing that a hook ever sends.
    let unused = json!({ "code": null, "status": "unused", "message": null });
    merge(&mut shown, json!({ "last_response": unused }));
    json!({
        "zen": "Keep it logically awesome.",
        "hook_id": hook.id,
        "hook": shown,
        "repository": shape::repository(forge, repository),
        "sender": shape::user(forge, &forge.person(actor)),
    })
}

/// Returns the payload of `pull_request`.
pub(crate) async fn pull_request(
    forge: &Forge,
    repository: &Repository,
    actor: &str,
    pull: &Pull,
    change: &PullChange,
) -> Result<Value, GitError> {
    let extent = pull_size(&forge.git(repository.id), pull).await?;
    let action = match change {
        PullChange::Opened => "opened",
        PullChange::Moved { .. } => "synchronize",
        PullChange::Closed => "closed",
    };
    let mut value = json!({
        "action": action,
        "number": pull.number,
        "pull_request": shape::full_pull(forge, repository, pull, extent),
        "repository": shape::repository(forge, repository),
        "sender": shape::user(forge, &forge.person(actor)),
    });
    if let PullChange::Moved { before } = change {
        merge(&mut value, json!({ "before": before, "after": pull.head_sha }));
    }
    Ok(value)
}

/// Returns how much a pull request changes.
pub(crate) async fn pull_size(git: &Git, pull: &Pull) -> Result<shape::PullSize, GitError> {
    let (commits, _) = git.ahead_behind(&pull.base_sha, &pull.head_sha).await?;
    let base = git.merge_base(&pull.base_sha, &pull.head_sha).await;
    let changes = match base {
        Some(base) => git.difference(&base, &pull.head_sha).await?,
        None => Vec::new(),
    };
    Ok(shape::PullSize {
        commits,
        additions: changes.iter().map(|change| change.added).sum(),
        deletions: changes.iter().map(|change| change.removed).sum(),
        files: changes.len(),
    })
}
