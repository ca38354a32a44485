//! Webhooks (`VCS` §2.9, §3.2).

use async_trait::async_trait;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::GitHub;
use crate::{
    api::{ForgeHook, HookSpec},
    error::ForgeError,
    hooks::HookFormat,
    http::Call,
    lenient::{AnyId, maybe},
};

/// What a repository's hook delivers. `create` and `delete` add nothing to `push`.
const EVENTS: [&str; 7] =
    ["push", "pull_request", "repository", "public", "member", "deploy_key", "meta"];

/// A hook as GitHub answers it.
#[derive(Deserialize)]
pub(crate) struct Hook {
    id: AnyId,
    #[serde(default, deserialize_with = "maybe")]
    active: Option<bool>,
    #[serde(default, deserialize_with = "maybe")]
    events: Option<Vec<String>>,
    #[serde(default, deserialize_with = "maybe")]
    config: Option<HookConfig>,
    #[serde(default, deserialize_with = "maybe")]
    last_response: Option<LastResponse>,
}

#[derive(Deserialize)]
struct HookConfig {
    #[serde(default, deserialize_with = "maybe")]
    url: Option<String>,
}

#[derive(Deserialize)]
struct LastResponse {
    #[serde(default, deserialize_with = "maybe")]
    code: Option<u16>,
    #[serde(default, deserialize_with = "maybe")]
    status: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    message: Option<String>,
}

impl LastResponse {
    /// `202 OK`, `connection_error (failed to connect to host)`; nothing if never used.
    fn words(self) -> Option<String> {
        let status = self.status.filter(|status| status != "unused" && status != "active");
        let message = self.message.filter(|message| !message.is_empty());
        let head = self.code.map(|code| code.to_string()).or(status);
        match (head, message) {
            (Some(head), Some(message)) => Some(format!("{head} {message}")),
            (head, message) => head.or(message),
        }
    }
}

impl From<Hook> for ForgeHook {
    fn from(hook: Hook) -> Self {
        Self {
            id: hook.id.0,
            url: hook.config.and_then(|config| config.url).unwrap_or_default(),
            active: hook.active.unwrap_or(false),
            events: hook.events.unwrap_or_default(),
            last_response: hook.last_response.and_then(LastResponse::words),
        }
    }
}

/// Writes a hook. `config` replaces what was there as a whole: leaving out the secret would remove
/// it. The content type must be said, for the default is a form.
fn body(hook: &HookSpec) -> Value {
    json!({
        "active": true,
        "events": EVENTS,
        "config": {
            "url": hook.url,
            "content_type": "json",
            "secret": hook.secret.expose(),
            "insecure_ssl": "0",
        },
    })
}

#[async_trait]
impl HookFormat for GitHub {
    type Hook = Hook;
    const CHANGE: Method = Method::PATCH;

    fn in_address(id: &str) -> String {
        id.to_owned()
    }

    async fn send_new(&self, call: Call, hook: &HookSpec) -> Result<Hook, ForgeError> {
        let mut body = body(hook);
        body["name"] = json!("web");
        self.client.ask(&call.json(body)).await
    }

    async fn send_changed(&self, call: Call, hook: &HookSpec) -> Result<Hook, ForgeError> {
        self.client.ask(&call.json(body(hook))).await
    }
}
