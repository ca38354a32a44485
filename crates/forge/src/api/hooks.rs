//! Webhooks of a repository.

use async_trait::async_trait;
use roundel_model::secret::Secret;

use super::{repositories::RepositoryRef, sign_in::AccessToken};
use crate::error::ForgeError;

/// A webhook at the forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgeHook {
    /// Its id in URLs.
    pub id: String,
    /// The URL that receives deliveries.
    pub url: String,
    /// Whether it is switched on.
    pub active: bool,
    /// The events that it delivers, as the forge names them.
    pub events: Vec<String>,
    /// The receiver's last response, if the forge reports it.
    pub last_response: Option<String>,
}

/// The webhook that a project needs. Which events it delivers differs between the forges.
#[derive(Clone, Debug)]
pub struct HookSpec {
    /// The URL that receives deliveries. It never holds the secret: URLs end up in logs.
    pub url: String,
    /// Signs deliveries.
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
