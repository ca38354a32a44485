//! Deploy keys: the calls that both forges have, over what each of them calls a key.

use async_trait::async_trait;
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    api::{AccessToken, DeployKeys, ForgeKey, RepositoryRef},
    error::ForgeError,
    http::Call,
    rest::Rest,
};

/// The calls that concern deploy keys, as errors name them in a forge's own words.
pub(crate) struct KeyCalls {
    pub(crate) list: &'static str,
    pub(crate) add: &'static str,
    pub(crate) delete: &'static str,
}

/// How one forge writes deploy keys.
pub(crate) trait KeyFormat: Rest {
    /// A key as the forge answers it.
    type Key: DeserializeOwned + Into<ForgeKey> + Send;
    /// The part of the address below the repository.
    const FOLDER: &'static str;
    const CALLS: KeyCalls;

    /// Returns the body that adds a key which cannot push.
    fn new_key(title: &str, public: &str) -> Value;
}

#[async_trait]
impl<F: KeyFormat> DeployKeys for F {
    async fn deploy_keys(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
    ) -> Result<Vec<ForgeKey>, ForgeError> {
        let call = Call::get(Self::CALLS.list, self.of(repository, &[Self::FOLDER])?).by(token);
        let keys: Vec<F::Key> = self.client().list(call).await?;
        Ok(keys.into_iter().map(Into::into).collect())
    }

    async fn create_deploy_key(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        title: &str,
        public: &str,
    ) -> Result<ForgeKey, ForgeError> {
        let url = self.of(repository, &[Self::FOLDER])?;
        let call =
            Call::new(Method::POST, Self::CALLS.add, url).json(F::new_key(title, public)).by(token);
        Ok(self.client().ask::<F::Key>(&call).await?.into())
    }

    async fn delete_deploy_key(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        id: &str,
    ) -> Result<(), ForgeError> {
        let url = self.of(repository, &[Self::FOLDER, id])?;
        self.client().delete(Self::CALLS.delete, url, token).await
    }
}
