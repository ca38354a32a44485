//! Deploy keys: SSH keys that open one repository.

use async_trait::async_trait;

use super::{repositories::RepositoryRef, sign_in::AccessToken};
use crate::error::ForgeError;

/// A deploy key at the forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgeKey {
    /// Its id in URLs.
    pub id: String,
    /// `ssh-ed25519 AAAA…`, without comment where the forge drops it. Compare with
    /// [`crate::keys::is_same_key`].
    pub public: String,
    /// Its title in the forge's list.
    pub title: String,
    /// Whether it cannot push. Always so on Bitbucket.
    pub read_only: bool,
}

/// Listing, adding and deleting deploy keys.
#[async_trait]
pub trait DeployKeys: Send + Sync {
    /// Lists the repository's deploy keys, ours and others'. An entry that cannot be read is an
    /// error: a key that is there and not listed would be added again.
    async fn deploy_keys(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
    ) -> Result<Vec<ForgeKey>, ForgeError>;
    /// Adds a read-only key. [`crate::ErrorClass::Invalid`] may mean that it is there already: look
    /// for it in the list, never take the error for success (`VCS` §2.7).
    async fn create_deploy_key(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        title: &str,
        public: &str,
    ) -> Result<ForgeKey, ForgeError>;
    /// Deletes a key. One that is gone already is fine.
    async fn delete_deploy_key(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        id: &str,
    ) -> Result<(), ForgeError>;
}
