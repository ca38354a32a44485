//! The roles that a forge reported, kept in memory: for each person and project, with the time.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use roundel_model::{
    forge::Role,
    id::{AccountId, ProjectId},
    time::Timestamp,
};

/// Answers that are kept. Beyond it all are forgotten, which only costs calls.
const MAX_ROLES: usize = 20_000;

/// Roles that the forge reported, and when.
#[derive(Default)]
pub(crate) struct RoleCache(Mutex<HashMap<RoleKey, CachedRole>>);

/// Whose role, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RoleKey {
    pub(crate) account: AccountId,
    pub(crate) project: ProjectId,
}

#[derive(Clone, Copy)]
pub(crate) struct CachedRole {
    pub(crate) role: Option<Role>,
    pub(crate) at: Timestamp,
}

impl RoleCache {
    pub(crate) fn get(&self, key: RoleKey) -> Option<CachedRole> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied()
    }

    pub(crate) fn put(&self, key: RoleKey, known: CachedRole) {
        let mut roles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if roles.len() >= MAX_ROLES {
            roles.clear();
        }
        roles.insert(key, known);
    }

    /// Forgets what is known of a project: its visibility or owner changed.
    pub(crate) fn forget_project(&self, project: ProjectId) {
        let mut roles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        roles.retain(|key, _| key.project != project);
    }

    /// Forgets what is known of a person: they signed in again.
    pub(crate) fn forget_account(&self, account: AccountId) {
        let mut roles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        roles.retain(|key, _| key.account != account);
    }

    /// Makes every answer older, as if time had passed.
    #[cfg(test)]
    pub(crate) fn age(&self, by: std::time::Duration) {
        let mut roles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for known in roles.values_mut() {
            known.at = known.at.minus(by);
        }
    }
}
