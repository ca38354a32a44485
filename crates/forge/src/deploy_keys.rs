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

/// How one forge writes deploy keys.
pub(crate) trait KeyFormat: Rest {
    /// A key as the forge answers it.
    type Key: DeserializeOwned + Into<ForgeKey> + Send;
    /// The part of the address below the repository.
    const FOLDER: &'static str;
    /// The calls, in words for people: list, add, delete.
    const CALLS: [&'static str; 3];

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
        let [list, ..] = Self::CALLS;
        let call = Call::get(list, self.of(repository, &[Self::FOLDER])?).by(token);
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
        let [_, add, _] = Self::CALLS;
        let url = self.of(repository, &[Self::FOLDER])?;
        let call = Call::new(Method::POST, add, url).json(F::new_key(title, public)).by(token);
        Ok(self.client().ask::<F::Key>(&call).await?.into())
    }

    async fn delete_deploy_key(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        id: &str,
    ) -> Result<(), ForgeError> {
        let [.., delete] = Self::CALLS;
        let url = self.of(repository, &[Self::FOLDER, id])?;
        self.client().delete(delete, url, token).await
    }
}
