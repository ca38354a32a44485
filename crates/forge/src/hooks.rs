//! Webhooks: the calls that both forges have, over how each of them writes a hook.

use async_trait::async_trait;
use reqwest::Method;
use serde::de::DeserializeOwned;

use crate::{
    api::{AccessToken, ForgeHook, HookSpec, Hooks, RepositoryRef},
    error::ForgeError,
    http::Call,
    rest::Rest,
};

/// How one forge writes webhooks.
#[async_trait]
pub(crate) trait HookFormat: Rest {
    /// A hook as the forge answers it.
    type Hook: DeserializeOwned + Into<ForgeHook> + Send;
    /// The method that changes a hook.
    const CHANGE: Method;

    /// Returns a hook's id as addresses have it.
    fn in_address(id: &str) -> String;

    /// Completes the call that adds a hook and sends it.
    async fn send_new(&self, call: Call, hook: &HookSpec) -> Result<Self::Hook, ForgeError>;

    /// Completes the call that changes a hook and sends it.
    async fn send_changed(&self, call: Call, hook: &HookSpec) -> Result<Self::Hook, ForgeError>;
}

#[async_trait]
impl<F: HookFormat> Hooks for F {
    async fn hooks(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
    ) -> Result<Vec<ForgeHook>, ForgeError> {
        let call = Call::get("list the webhooks", self.of(repository, &["hooks"])?).by(token);
        let hooks: Vec<F::Hook> = self.client().list(call).await?;
        Ok(hooks.into_iter().map(Into::into).collect())
    }

    async fn create_hook(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        hook: &HookSpec,
    ) -> Result<ForgeHook, ForgeError> {
        let url = self.of(repository, &["hooks"])?;
        let call = Call::new(Method::POST, "add a webhook", url).by(token);
        self.send_new(call, hook).await.map(Into::into)
    }

    async fn update_hook(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        id: &str,
        hook: &HookSpec,
    ) -> Result<ForgeHook, ForgeError> {
        let url = self.of(repository, &["hooks", &F::in_address(id)])?;
        let call = Call::new(F::CHANGE, "change a webhook", url).by(token).repeatable();
        self.send_changed(call, hook).await.map(Into::into)
    }

    async fn delete_hook(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        id: &str,
    ) -> Result<(), ForgeError> {
        let url = self.of(repository, &["hooks", &F::in_address(id)])?;
        self.client().delete("delete a webhook", url, token).await
    }
}
