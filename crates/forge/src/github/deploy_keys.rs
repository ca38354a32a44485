//! Deploy keys (`VCS` §2.7).

use serde::Deserialize;
use serde_json::{Value, json};

use super::GitHub;
use crate::{
    api::ForgeKey,
    deploy_keys::{KeyCalls, KeyFormat},
    lenient::{AnyId, maybe},
};

/// A key as GitHub answers it.
#[derive(Deserialize)]
pub(crate) struct Key {
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

impl KeyFormat for GitHub {
    type Key = Key;
    const FOLDER: &'static str = "keys";
    const CALLS: KeyCalls = KeyCalls {
        list: "list the deploy keys",
        add: "add a deploy key",
        delete: "delete a deploy key",
    };

    fn new_key(title: &str, public: &str) -> Value {
        json!({ "title": title, "key": public, "read_only": true })
    }
}
