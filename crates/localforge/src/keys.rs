//! Public keys: what is accepted, how they are compared, and who has them.
//!
//! Which keys a forge refuses, and in what words, is its own rule.

use roundel_model::time::Timestamp;
use russh::keys::{HashAlg, PublicKey};
use uuid::Uuid;

use crate::{
    caller::Identity,
    forge::Forge,
    model::{DeployKey, UserKey},
};

/// A public key that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReadKey {
    /// Algorithm and base64: what two keys are compared by.
    pub(crate) key: String,
    pub(crate) comment: String,
}

/// Reads a line of an OpenSSH public key.
pub(crate) fn read(line: &str) -> Option<ReadKey> {
    let key = PublicKey::from_openssh(line.trim()).ok()?;
    let comment = line.split_whitespace().skip(2).collect::<Vec<_>>().join(" ");
    Some(ReadKey { key: canonical(&key)?, comment })
}

/// Returns algorithm and base64 of a key.
pub(crate) fn canonical(key: &PublicKey) -> Option<String> {
    let line = key.to_openssh().ok()?;
    let mut words = line.split_whitespace();
    Some(format!("{} {}", words.next()?, words.next()?))
}

/// Returns `SHA256:` and base64.
pub(crate) fn fingerprint(line: &str) -> String {
    PublicKey::from_openssh(line)
        .map(|key| key.fingerprint(HashAlg::Sha256).to_string())
        .unwrap_or_default()
}

/// A key to be kept: as it was read, under a title, added by a caller.
pub(crate) struct NewKey<'a> {
    pub(crate) read: ReadKey,
    /// Its title; the comment of the key where there is none.
    pub(crate) title: Option<&'a str>,
    pub(crate) by: &'a Identity,
}

/// What a deploy key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyAccess {
    ReadOnly,
    ReadWrite,
}

/// Returns whether a user or a repository has this key already.
pub(crate) fn is_taken(forge: &Forge, key: &str) -> bool {
    forge.read(|state| state.user_key(key).is_some() || !state.deploy_keys_like(key).is_empty())
}

/// Returns the deploy keys of a repository, oldest first.
pub(crate) fn deploy_keys(forge: &Forge, repository: u64) -> Vec<DeployKey> {
    forge.read(|state| state.deploy_keys_of(repository).cloned().collect())
}

/// Finds a deploy key of a repository.
pub(crate) fn deploy_key(forge: &Forge, repository: u64, id: u64) -> Option<DeployKey> {
    forge.read(|state| state.deploy_keys_of(repository).find(|key| key.id == id).cloned())
}

/// Adds a deploy key to a repository.
pub(crate) fn add_deploy_key(
    forge: &Forge,
    repository: u64,
    new: NewKey<'_>,
    access: KeyAccess,
) -> DeployKey {
    forge.write(|state| {
        let key = DeployKey {
            id: state.fresh_id(),
            repository,
            title: new.title.unwrap_or(&new.read.comment).to_owned(),
            key: new.read.key,
            comment: new.read.comment,
            read_only: access == KeyAccess::ReadOnly,
            added_by: new.by.login.clone(),
            application: new.by.client_id.clone(),
            created_at: Timestamp::now(),
            last_used: None,
        };
        state.deploy_keys.push(key.clone());
        key
    })
}

/// Deletes a deploy key of a repository. Returns whether there was one.
pub(crate) fn delete_deploy_key(forge: &Forge, repository: u64, id: u64) -> bool {
    forge.write(|state| {
        let before = state.deploy_keys.len();
        state.deploy_keys.retain(|key| !(key.id == id && key.repository == repository));
        state.deploy_keys.len() < before
    })
}

/// Returns the keys of a user, oldest first.
pub(crate) fn user_keys(forge: &Forge, login: &str) -> Vec<UserKey> {
    forge.read(|state| state.user_keys.iter().filter(|key| key.login == login).cloned().collect())
}

/// Finds a key of a user.
pub(crate) fn user_key(
    forge: &Forge,
    login: &str,
    is_it: impl Fn(&UserKey) -> bool,
) -> Option<UserKey> {
    let mine = |key: &&UserKey| key.login == login && is_it(key);
    forge.read(|state| state.user_keys.iter().find(mine).cloned())
}

/// Adds a key to the user who calls.
pub(crate) fn add_user_key(forge: &Forge, new: NewKey<'_>) -> UserKey {
    forge.write(|state| {
        let key = UserKey {
            id: state.fresh_id(),
            uuid: Uuid::new_v4(),
            login: new.by.login.clone(),
            title: new.title.unwrap_or(&new.read.comment).to_owned(),
            key: new.read.key,
            comment: new.read.comment,
            application: new.by.client_id.clone(),
            created_at: Timestamp::now(),
            last_used: None,
        };
        state.user_keys.push(key.clone());
        key
    })
}

/// Deletes a key of a user. Returns whether there was one.
pub(crate) fn delete_user_key(
    forge: &Forge,
    login: &str,
    is_it: impl Fn(&UserKey) -> bool,
) -> bool {
    forge.write(|state| {
        let before = state.user_keys.len();
        state.user_keys.retain(|key| !(key.login == login && is_it(key)));
        state.user_keys.len() < before
    })
}
