//! Turns at the tokens of users: two refreshes of one at once would invalidate each other's (`VCS` §4.2), and one
//! that hangs holds up only its own account.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use roundel_model::{forge::ForgeKind, id::AccountId};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// Whose token.
type Key = (AccountId, ForgeKind);

/// Who has a turn, and who waits for one. A token that is not being renewed has no entry.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<Key, Weak<AsyncMutex<()>>>>);

/// The right to renew a token, until it is dropped.
pub(super) struct Turn(
    #[expect(dead_code, reason = "held until it is dropped")] OwnedMutexGuard<()>,
);

impl Turns {
    /// Waits for the turn at a user's token.
    pub(super) async fn take(&self, account: AccountId, kind: ForgeKind) -> Turn {
        let lock = self.lock_of((account, kind));
        Turn(lock.lock_owned().await)
    }

    fn lock_of(&self, key: Key) -> Arc<AsyncMutex<()>> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // As many as there are calls under way: those that no call holds go here.
        locks.retain(|_, lock| lock.strong_count() > 0);
        if let Some(lock) = locks.get(&key).and_then(Weak::upgrade) {
            return lock;
        }
        let lock = Arc::new(AsyncMutex::new(()));
        locks.insert(key, Arc::downgrade(&lock));
        lock
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn only_the_same_account_at_the_same_forge_waits() {
        let turns = Turns::default();
        let (ada, grace) = (AccountId::fresh(), AccountId::fresh());
        let held = turns.take(ada, ForgeKind::GitHub).await;
        let mut next = Box::pin(turns.take(ada, ForgeKind::GitHub));
        assert!(next.as_mut().now_or_never().is_none());
        assert!(turns.take(ada, ForgeKind::Bitbucket).now_or_never().is_some());
        assert!(turns.take(grace, ForgeKind::GitHub).now_or_never().is_some());
        drop(held);
        let next = next.now_or_never().unwrap();
        assert!(turns.take(ada, ForgeKind::GitHub).now_or_never().is_none());
        drop(next);
        assert!(turns.take(ada, ForgeKind::GitHub).now_or_never().is_some());
    }

    #[tokio::test]
    async fn turns_that_ended_are_forgotten() {
        let turns = Turns::default();
        for _ in 0..100 {
            drop(turns.take(AccountId::fresh(), ForgeKind::GitHub).await);
        }
        assert_eq!(turns.0.lock().unwrap().len(), 1);
    }
}
