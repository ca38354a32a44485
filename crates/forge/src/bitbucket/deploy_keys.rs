//! Access keys, Bitbucket's deploy keys (`VCS` §4.5).

use reqwest::Method;
use roundel_model::forge::RepositoryId;
use serde::Deserialize;
use serde_json::json;

use super::Bitbucket;
use crate::{
    AccessToken, ForgeError, ForgeKey,
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

impl Bitbucket {
    pub(super) async fn list_deploy_keys(
        &self,
        token: &AccessToken,
        repository: &RepositoryId,
    ) -> Result<Vec<ForgeKey>, ForgeError> {
        let url = self.of(repository, &["deploy-keys"])?;
        let keys: Vec<Key> = self.list(Call::get("list the access keys", url).by(token)).await?;
        Ok(keys.into_iter().map(ForgeKey::from).collect())
    }

    pub(super) async fn add_deploy_key(
        &self,
        token: &AccessToken,
        repository: &RepositoryId,
        title: &str,
        public: &str,
    ) -> Result<ForgeKey, ForgeError> {
        let url = self.of(repository, &["deploy-keys"])?;
        let call = Call::new(Method::POST, "add an access key", url)
            .json(json!({ "key": public, "label": title }))
            .by(token);
        Ok(self.ask::<Key>(call).await?.into())
    }
}
