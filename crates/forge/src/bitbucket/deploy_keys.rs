//! Access keys, Bitbucket's deploy keys (`VCS` §4.5).

use serde::Deserialize;
use serde_json::{Value, json};

use super::Bitbucket;
use crate::{
    api::ForgeKey,
    deploy_keys::{KeyCalls, KeyFormat},
    lenient::{AnyId, maybe},
};

/// A key as Bitbucket answers it.
#[derive(Deserialize)]
pub(crate) struct Key {
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

impl KeyFormat for Bitbucket {
    type Key = Key;
    const FOLDER: &'static str = "deploy-keys";
    const CALLS: KeyCalls = KeyCalls {
        list: "list the access keys",
        add: "add an access key",
        delete: "delete an access key",
    };

    fn new_key(title: &str, public: &str) -> Value {
        json!({ "key": public, "label": title })
    }
}
