//! Webhooks of a repository.

use async_trait::async_trait;
use roundel_model::secret::Secret;

use super::{repositories::RepositoryRef, sign_in::AccessToken};
use crate::error::ForgeError;

/// A webhook at the forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgeHook {
    /// What the forge calls it in addresses.
    pub id: String,
    /// Where it delivers to.
    pub url: String,
    /// Whether it delivers at all.
    pub active: bool,
    /// What it delivers, in the forge's words.
    pub events: Vec<String>,
    /// The newest answer that the forge got, where it shows it.
    pub last_response: Option<String>,
}

/// How a webhook of ours has to be. Which events it delivers is each forge's own matter.
#[derive(Clone, Debug)]
pub struct HookSpec {
    /// Where to deliver. Never holds the secret: addresses end in logs.
    pub url: String,
    /// What to sign with.
    pub secret: Secret<String>,
}

/// Listing, adding, changing and deleting webhooks.
#[async_trait]
pub trait Hooks: Send + Sync {
    /// Lists the repository's webhooks, ours and others'. An entry that cannot be read is an error:
    /// a hook that is there and not listed would be added again, and each push come twice.
    async fn hooks(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
    ) -> Result<Vec<ForgeHook>, ForgeError>;
    /// Adds a webhook. [`crate::ErrorClass::Invalid`] may mean that it is there already: look for
    /// its address in the list and update it.
    async fn create_hook(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        hook: &HookSpec,
    ) -> Result<ForgeHook, ForgeError>;
    /// Brings an existing hook to the spec: address, secret, events.
    async fn update_hook(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        id: &str,
        hook: &HookSpec,
    ) -> Result<ForgeHook, ForgeError>;
    /// Deletes a hook. One that is gone already is fine.
    async fn delete_hook(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        id: &str,
    ) -> Result<(), ForgeError>;
}
