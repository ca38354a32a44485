//! Commit statuses: GitHub keeps every one of a context, Bitbucket one for each key.

use std::sync::Arc;

use roundel_model::time::Timestamp;
use uuid::Uuid;

use crate::{
    commit_state::CommitState,
    forge::Forge,
    model::{Repository, STATUSES_PER_CONTEXT, Status},
};

/// A commit status that was reported.
pub(crate) struct NewStatus {
    /// Context on GitHub, key on Bitbucket.
    pub(crate) context: String,
    pub(crate) name: String,
    pub(crate) state: CommitState,
    pub(crate) description: String,
    pub(crate) target_url: String,
    pub(crate) refname: Option<String>,
    pub(crate) creator: String,
}

/// The context has as many statuses on this commit as it may have.
pub(crate) struct ContextIsFull;

/// A status that was stored, and whether it replaced one.
pub(crate) struct StoredStatus {
    pub(crate) status: Status,
    pub(crate) replaced: bool,
}

/// Adds a status after those that its context has.
pub(crate) fn append(
    forge: &Forge,
    repository: &Repository,
    sha: &str,
    new: NewStatus,
) -> Result<Status, ContextIsFull> {
    forge.write(|state| {
        let id = state.fresh_id();
        let all = state.statuses.entry(format!("{}:{sha}", repository.id)).or_default();
        if all.iter().filter(|one| one.context == new.context).count() >= STATUSES_PER_CONTEXT {
            return Err(ContextIsFull);
        }
        let status = new.stored(id, None);
        all.push(status.clone());
        Ok(status)
    })
}

/// Puts a status in the place of the one with the same key.
pub(crate) fn replace(
    forge: &Arc<Forge>,
    repository: &Repository,
    sha: &str,
    new: NewStatus,
) -> StoredStatus {
    forge.write(|state| {
        let id = state.fresh_id();
        let all = state.statuses.entry(format!("{}:{sha}", repository.id)).or_default();
        let old = all.iter().position(|one| one.context == new.context);
        let old = old.map(|index| all.remove(index));
        let status = new.stored(id, old.as_ref());
        all.push(status.clone());
        StoredStatus { status, replaced: old.is_some() }
    })
}

impl NewStatus {
    /// Returns it as it is kept: with the identity of the one that it replaces, if there is one.
    fn stored(self, id: u64, old: Option<&Status>) -> Status {
        let now = Timestamp::now();
        Status {
            id: old.map_or(id, |old| old.id),
            uuid: old.map_or_else(Uuid::new_v4, |old| old.uuid),
            context: self.context,
            name: self.name,
            state: self.state,
            description: self.description,
            target_url: self.target_url,
            refname: self.refname,
            creator: self.creator,
            created_at: old.map_or(now, |old| old.created_at),
            updated_at: now,
        }
    }
}
