//! From refs that moved to events: what happens after every push, however it came.
//!
//! Pushes are seen by comparing the refs with what they were when webhooks last fired, so that SSH,
//! HTTP and commits made by the forge itself are handled alike.

use std::sync::Arc;

use roundel_model::{forge::ForgeKind, time::Timestamp};

use crate::{
    change::{PullChange, RefChange},
    deliver::{self, Event},
    forge::Forge,
    git::{GitError, Refs},
    model::{Pull, Repository},
    payload,
};

/// GitHub sends nothing when more tags than this are pushed at once (`VCS` §3.3).
const GITHUB_TAGS: usize = 3;

/// Reads a repository's refs and fires webhooks for what moved.
///
/// # Errors
///
/// When git cannot read the repository. The refs then count as not read.
pub(crate) async fn notice(
    forge: &Arc<Forge>,
    repository: u64,
    actor: &str,
) -> Result<Vec<RefChange>, GitError> {
    let changes = {
        let mut known = forge.known_refs.lock().await;
        let now = forge.git(repository).refs().await?;
        let before = known.insert(repository, now.clone()).unwrap_or_default();
        differences(&before, &now)
    };
    if changes.is_empty() {
        return Ok(changes);
    }
    let time = Timestamp::now();
    let found = forge.write(|state| {
        let one = state.repositories.get_mut(&repository)?;
        one.pushed_at = Some(time);
        Some(one.clone())
    });
    if let Some(mut found) = found {
        choose_default_branch(forge, &mut found, &changes).await;
        announce(forge, &found, actor, &changes).await?;
        announce_pulls(forge, &found, actor, &changes).await?;
    }
    Ok(changes)
}

/// The first branch that comes becomes the default one, if the chosen one is not there.
async fn choose_default_branch(forge: &Forge, repository: &mut Repository, changes: &[RefChange]) {
    let git = forge.git(repository.id);
    if git.resolve(&format!("refs/heads/{}", repository.default_branch)).await.is_some() {
        return;
    }
    let first = changes.iter().find(|change| change.after.is_some() && change.branch().is_some());
    let Some(branch) = first.and_then(RefChange::branch) else { return };
    if let Err(error) = git.set_head(branch).await {
        tracing::warn!(repository.id, %error, "the default branch cannot be set");
    }
    branch.clone_into(&mut repository.default_branch);
    forge.write(|state| {
        if let Some(one) = state.repositories.get_mut(&repository.id) {
            branch.clone_into(&mut one.default_branch);
        }
    });
}

fn differences(before: &Refs, after: &Refs) -> Vec<RefChange> {
    let gone = before.iter().filter(|(name, _)| !after.contains_key(*name));
    let gone = gone.map(|(name, sha)| RefChange {
        name: name.clone(),
        before: Some(sha.clone()),
        after: None,
    });
    let moved = after.iter().filter(|(name, sha)| before.get(*name) != Some(sha));
    let moved = moved.map(|(name, sha)| RefChange {
        name: name.clone(),
        before: before.get(name).cloned(),
        after: Some(sha.clone()),
    });
    gone.chain(moved).collect()
}

async fn announce(
    forge: &Arc<Forge>,
    repository: &Repository,
    actor: &str,
    changes: &[RefChange],
) -> Result<(), GitError> {
    if forge.kind == ForgeKind::Bitbucket {
        let payload = payload::bitbucket::push(forge, repository, actor, changes).await?;
        deliver::fire(forge, &Event::new(repository, "repo:push", None, &payload));
        return Ok(());
    }
    let tags = changes.iter().filter(|change| change.branch().is_none()).count();
    for change in changes {
        if change.branch().is_none() && tags > GITHUB_TAGS {
            continue;
        }
        let payload = payload::github::push(forge, repository, actor, change).await?;
        deliver::fire(forge, &Event::new(repository, "push", None, &payload));
        if change.before.is_none() || change.after.is_none() {
            let name = if change.after.is_some() { "create" } else { "delete" };
            let payload = payload::github::created_or_deleted(forge, repository, actor, change);
            deliver::fire(forge, &Event::new(repository, name, None, &payload));
        }
    }
    Ok(())
}

async fn announce_pulls(
    forge: &Arc<Forge>,
    repository: &Repository,
    actor: &str,
    changes: &[RefChange],
) -> Result<(), GitError> {
    for change in changes {
        let (Some(branch), Some(after)) = (change.branch(), &change.after) else { continue };
        let moved = forge.write(|state| {
            let ours = state.pulls.iter_mut().filter(|pull| {
                pull.repository == repository.id && pull.open && pull.head == branch
            });
            ours.map(|pull| {
                let before = std::mem::replace(&mut pull.head_sha, after.clone());
                pull.updated_at = Timestamp::now();
                (pull.clone(), before)
            })
            .collect::<Vec<_>>()
        });
        for (pull, before) in moved {
            let change = PullChange::Moved { before };
            announce_pull(forge, repository, actor, &pull, &change).await?;
        }
    }
    Ok(())
}

/// Notifies webhooks of a pull request, and keeps `refs/pull/N/head` where GitHub has it.
pub(crate) async fn announce_pull(
    forge: &Arc<Forge>,
    repository: &Repository,
    actor: &str,
    pull: &Pull,
    change: &PullChange,
) -> Result<(), GitError> {
    if forge.kind == ForgeKind::GitHub {
        let name = format!("refs/pull/{}/head", pull.number);
        forge.git(repository.id).update_ref(&name, Some(&pull.head_sha)).await?;
        let payload = payload::github::pull_request(forge, repository, actor, pull, change).await?;
        let action = match change {
            PullChange::Opened => "opened",
            PullChange::Moved { .. } => "synchronize",
            PullChange::Closed => "closed",
        };
        deliver::fire(forge, &Event::new(repository, "pull_request", Some(action), &payload));
        return Ok(());
    }
    let name = match change {
        PullChange::Opened => "pullrequest:created",
        PullChange::Moved { .. } => "pullrequest:updated",
        PullChange::Closed => "pullrequest:rejected",
    };
    let payload = payload::bitbucket::pull_request(forge, repository, actor, pull);
    deliver::fire(forge, &Event::new(repository, name, None, &payload));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn created_moved_and_deleted_refs_are_all_seen() {
        let refs = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, sha)| ((*name).into(), (*sha).into())).collect::<Refs>()
        };
        let before = refs(&[("refs/heads/a", "1"), ("refs/heads/b", "1"), ("refs/heads/c", "1")]);
        let after = refs(&[("refs/heads/a", "1"), ("refs/heads/b", "2"), ("refs/tags/d", "3")]);
        let seen: Vec<_> = differences(&before, &after)
            .into_iter()
            .map(|change| (change.name, change.before.is_some(), change.after.is_some()))
            .collect();
        assert_eq!(
            seen,
            [
                ("refs/heads/c".to_owned(), true, false),
                ("refs/heads/b".to_owned(), true, true),
                ("refs/tags/d".to_owned(), false, true),
            ]
        );
    }
}
