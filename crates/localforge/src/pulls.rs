//! Opening and closing pull requests, for both forges.

use std::sync::Arc;

use roundel_model::time::Timestamp;

use crate::{
    change::PullChange,
    forge::Forge,
    git::GitError,
    model::{Pull, Repository},
    push::announce_pull,
};

/// A pull request to open.
pub(crate) struct NewPull {
    pub(crate) title: String,
    pub(crate) body: String,
    /// The branch that is to be merged.
    pub(crate) head: String,
    /// The branch that it is to be merged into.
    pub(crate) base: String,
    pub(crate) draft: bool,
    pub(crate) author: String,
}

/// Why a pull request was not opened.
pub(crate) enum PullError {
    /// There is no such branch; the name of the field.
    NoBranch(&'static str),
    /// The head has no commit that the base lacks.
    NothingNew,
    /// One for these branches is open already.
    Exists,
    /// Git failed.
    Git(GitError),
}

impl From<GitError> for PullError {
    fn from(error: GitError) -> Self {
        Self::Git(error)
    }
}

/// Finds a pull request of a repository.
pub(crate) fn find(forge: &Forge, repository: &Repository, number: u64) -> Option<Pull> {
    forge.read(|state| {
        let same = |one: &&Pull| one.repository == repository.id && one.number == number;
        state.pulls.iter().find(same).cloned()
    })
}

/// Returns pull requests of a repository, newest first.
pub(crate) fn select(
    forge: &Forge,
    repository: &Repository,
    is_wanted: impl Fn(&Pull) -> bool,
) -> Vec<Pull> {
    let fits = |one: &&Pull| one.repository == repository.id && is_wanted(one);
    forge.read(|state| state.pulls.iter().rev().filter(fits).cloned().collect())
}

/// Opens a pull request and notifies webhooks.
pub(crate) async fn open(
    forge: &Arc<Forge>,
    repository: &Repository,
    new: NewPull,
) -> Result<Pull, PullError> {
    let git = forge.git(repository.id);
    let head = git.resolve(&format!("refs/heads/{}", new.head)).await;
    let head_sha = head.ok_or(PullError::NoBranch("head"))?;
    let base = git.resolve(&format!("refs/heads/{}", new.base)).await;
    let base_sha = base.ok_or(PullError::NoBranch("base"))?;
    let (ahead, _) = git.ahead_behind(&base_sha, &head_sha).await?;
    if ahead == 0 {
        return Err(PullError::NothingNew);
    }
    let now = Timestamp::now();
    let pull = forge.write(|state| {
        let here = |one: &&Pull| one.repository == repository.id;
        let twin = |one: &Pull| one.open && one.head == new.head && one.base == new.base;
        if state.pulls.iter().filter(here).any(twin) {
            return Err(PullError::Exists);
        }
        let number = state.pulls.iter().filter(here).map(|one| one.number).max().unwrap_or(0) + 1;
        let pull = Pull {
            id: state.fresh_id(),
            repository: repository.id,
            number,
            title: new.title,
            body: new.body,
            head: new.head,
            base: new.base,
            head_sha,
            base_sha,
            draft: new.draft,
            open: true,
            author: new.author,
            created_at: now,
            updated_at: now,
        };
        state.pulls.push(pull.clone());
        Ok(pull)
    })?;
    announce_pull(forge, repository, &pull.author, &pull, &PullChange::Opened).await?;
    Ok(pull)
}

/// Closes a pull request without merging, and notifies webhooks.
pub(crate) async fn close(
    forge: &Arc<Forge>,
    repository: &Repository,
    number: u64,
    actor: &str,
) -> Result<(), GitError> {
    let closed = forge.write(|state| {
        let same =
            |one: &&mut Pull| one.repository == repository.id && one.number == number && one.open;
        let pull = state.pulls.iter_mut().find(same)?;
        pull.open = false;
        pull.updated_at = Timestamp::now();
        Some(pull.clone())
    });
    match closed {
        Some(pull) => announce_pull(forge, repository, actor, &pull, &PullChange::Closed).await,
        None => Ok(()),
    }
}
