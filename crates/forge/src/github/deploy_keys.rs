//! Deploy keys (`VCS` §2.7).

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::GitHub;
use crate::{AccessToken, ForgeError, ForgeKey, RepositoryRef, http::Call, lenient::maybe};

#[derive(Deserialize)]
struct Key {
    id: u64,
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
            id: key.id.to_string(),
            public: key.public,
            title: key.title.unwrap_or_default(),
            read_only: key.read_only.unwrap_or(false),
        }
    }
}

impl GitHub {
    pub(super) async fn list_deploy_keys(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
    ) -> Result<Vec<ForgeKey>, ForgeError> {
        let call = Call::get("list the deploy keys", self.of(repository, &["keys"])?).by(token);
        Ok(self.list::<Key>(call).await?.into_iter().map(ForgeKey::from).collect())
    }

    pub(super) async fn add_deploy_key(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        title: &str,
        public: &str,
    ) -> Result<ForgeKey, ForgeError> {
        let call = Call::new(Method::POST, "add a deploy key", self.of(repository, &["keys"])?)
            .json(json!({ "title": title, "key": public, "read_only": true }))
            .by(token);
        Ok(self.ask::<Key>(call).await?.into())
    }
}
