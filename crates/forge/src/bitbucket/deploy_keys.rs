//! Access keys, Bitbucket's deploy keys (`VCS` §4.5).

use async_trait::async_trait;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::Bitbucket;
use crate::{
    api::{AccessToken, DeployKeys, ForgeKey, RepositoryRef},
    error::ForgeError,
    http::Call,
    lenient::{AnyId, maybe},
};

#[derive(Deserialize)]
struct Key {
    id: AnyId,
    #[serde(rename = "key")]
    public: String,
    #[serde(default, deserialize_with = "maybe")]
    label: Option<String>,
}

impl From<Key> for ForgeKey {
    fn from(key: Key) -> Self {
        // Access keys cannot push, ever.
        Self {
            id: key.id.0,
            public: key.public,
            title: key.label.unwrap_or_default(),
            read_only: true,
        }
    }
}

#[async_trait]
impl DeployKeys for Bitbucket {
    async fn deploy_keys(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
    ) -> Result<Vec<ForgeKey>, ForgeError> {
        let url = self.of(&repository.id, &["deploy-keys"])?;
        let keys: Vec<Key> =
            self.client.list(Call::get("list the access keys", url).by(token)).await?;
        Ok(keys.into_iter().map(ForgeKey::from).collect())
    }

    async fn create_deploy_key(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        title: &str,
        public: &str,
    ) -> Result<ForgeKey, ForgeError> {
        let url = self.of(&repository.id, &["deploy-keys"])?;
        let call = Call::new(Method::POST, "add an access key", url)
            .json(json!({ "key": public, "label": title }))
            .by(token);
        Ok(self.client.ask::<Key>(&call).await?.into())
    }

    async fn delete_deploy_key(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        id: &str,
    ) -> Result<(), ForgeError> {
        let url = self.of(&repository.id, &["deploy-keys", id])?;
        self.client.delete("delete an access key", url, token).await
    }
}
