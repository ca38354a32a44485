//! Webhooks (`VCS` §4.7).

use async_trait::async_trait;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Bitbucket, shape::braced};
use crate::{
    api::{ForgeHook, HookSpec},
    error::ForgeError,
    hooks::HookFormat,
    http::Call,
    lenient::maybe,
};

/// What a hook delivers, if Bitbucket knows all of these names.
const EVENTS: [&str; 8] = [
    "repo:push",
    "repo:updated",
    "repo:transfer",
    "repo:deleted",
    "pullrequest:created",
    "pullrequest:updated",
    "pullrequest:fulfilled",
    "pullrequest:rejected",
];

/// What a hook delivers at least. Some event names come and go; these have stayed.
const LEAST_EVENTS: [&str; 5] = [
    "repo:push",
    "pullrequest:created",
    "pullrequest:updated",
    "pullrequest:fulfilled",
    "pullrequest:rejected",
];

/// A hook as Bitbucket answers it.
#[derive(Deserialize)]
pub(crate) struct Hook {
    uuid: String,
    #[serde(default, deserialize_with = "maybe")]
    url: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    active: Option<bool>,
    #[serde(default, deserialize_with = "maybe")]
    events: Option<Vec<String>>,
}

impl From<Hook> for ForgeHook {
    fn from(hook: Hook) -> Self {
        Self {
            id: hook.uuid,
            url: hook.url.unwrap_or_default(),
            active: hook.active.unwrap_or(false),
            events: hook.events.unwrap_or_default(),
            // Bitbucket shows it on its web page alone.
            last_response: None,
        }
    }
}

#[async_trait]
impl HookFormat for Bitbucket {
    type Hook = Hook;
    const CHANGE: Method = Method::PUT;

    fn in_address(id: &str) -> String {
        braced(id)
    }

    /// Sends a hook; if an event's name is refused, once more with the least that we need.
    async fn send_new(&self, call: Call, hook: &HookSpec) -> Result<Hook, ForgeError> {
        let least = call.clone().json(self.body(hook, &LEAST_EVENTS));
        match self.client.ask(&call.json(self.body(hook, &EVENTS))).await {
            Err(error) if error.status == Some(400) && error.says("event") => {
                self.client.ask(&least).await
            }
            answer => answer,
        }
    }

    /// Replaces a hook. The secret is always sent again: what happens without it is not documented.
    async fn send_changed(&self, call: Call, hook: &HookSpec) -> Result<Hook, ForgeError> {
        self.send_new(call, hook).await
    }
}

impl Bitbucket {
    fn body(&self, hook: &HookSpec, events: &[&str]) -> Value {
        let host = self.client.settings().public_url.split("://").last().unwrap_or_default();
        json!({
            "description": format!("Roundel {}", host.trim_end_matches('/')),
            "url": hook.url,
            "active": true,
            "secret": hook.secret.expose(),
            "skip_cert_verification": false,
            "events": events,
        })
    }
}
