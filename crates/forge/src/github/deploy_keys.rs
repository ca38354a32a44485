//! Deploy keys (`VCS` §2.7).

use async_trait::async_trait;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::GitHub;
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
    title: Option<String>,
    /// Absent means the more dangerous of the two.
    #[serde(default, deserialize_with = "maybe")]
    read_only: Option<bool>,
}

impl From<Key> for ForgeKey {
    fn from(key: Key) -> Self {
        Self {
            id: key.id.0,
            public: key.public,
            title: key.title.unwrap_or_default(),
            read_only: key.read_only.unwrap_or(false),
        }
    }
}

#[async_trait]
impl DeployKeys for GitHub {
    async fn deploy_keys(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
    ) -> Result<Vec<ForgeKey>, ForgeError> {
        let url = self.of(repository, &["keys"])?;
        let keys: Vec<Key> =
            self.client.list(Call::get("list the deploy keys", url).by(token)).await?;
        Ok(keys.into_iter().map(ForgeKey::from).collect())
    }

    async fn create_deploy_key(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        title: &str,
        public: &str,
    ) -> Result<ForgeKey, ForgeError> {
        let url = self.of(repository, &["keys"])?;
        let call = Call::new(Method::POST, "add a deploy key", url)
            .json(json!({ "title": title, "key": public, "read_only": true }))
            .by(token);
        Ok(self.client.ask::<Key>(&call).await?.into())
    }

    async fn delete_deploy_key(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        id: &str,
    ) -> Result<(), ForgeError> {
        let url = self.of(repository, &["keys", id])?;
        self.client.delete("delete a deploy key", url, token).await
    }
}
