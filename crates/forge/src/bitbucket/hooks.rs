//! Webhooks (`VCS` §4.7).

use reqwest::Method;
use roundel_model::forge::RepositoryId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Bitbucket, braced};
use crate::{AccessToken, ForgeError, ForgeHook, WantedHook, http::Call, lenient::maybe};

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

#[derive(Deserialize)]
struct Hook {
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
            // Bitbucket tells nobody but its web page.
            last_response: None,
        }
    }
}

impl Bitbucket {
    pub(super) async fn list_hooks(
        &self,
        token: &AccessToken,
        repository: &RepositoryId,
    ) -> Result<Vec<ForgeHook>, ForgeError> {
        let url = self.of(repository, &["hooks"])?;
        let hooks: Vec<Hook> = self.list(Call::get("list the webhooks", url).by(token)).await?;
        Ok(hooks.into_iter().map(ForgeHook::from).collect())
    }

    pub(super) async fn add_hook(
        &self,
        token: &AccessToken,
        repository: &RepositoryId,
        hook: &WantedHook,
    ) -> Result<ForgeHook, ForgeError> {
        let url = self.of(repository, &["hooks"])?;
        let call = Call::new(Method::POST, "add a webhook", url).by(token);
        self.write_hook(call, hook).await
    }

    /// Replaces a hook. The secret is always sent again: what happens without it is not documented.
    pub(super) async fn replace_hook(
        &self,
        token: &AccessToken,
        repository: &RepositoryId,
        id: &str,
        hook: &WantedHook,
    ) -> Result<ForgeHook, ForgeError> {
        let url = self.of(repository, &["hooks", &braced(id)])?;
        let call = Call::new(Method::PUT, "change a webhook", url).by(token).repeatable();
        self.write_hook(call, hook).await
    }

    /// Sends a hook; if an event's name is refused, once more with the least that we need.
    async fn write_hook(&self, call: Call, hook: &WantedHook) -> Result<ForgeHook, ForgeError> {
        let least = call.clone().json(self.wanted(hook, &LEAST_EVENTS));
        let hook: Hook = match self.ask(call.json(self.wanted(hook, &EVENTS))).await {
            Err(error) if error.status == Some(400) && error.says("event") => {
                self.ask(least).await?
            }
            answer => answer?,
        };
        Ok(hook.into())
    }

    fn wanted(&self, hook: &WantedHook, events: &[&str]) -> Value {
        let host = self.settings.public_url.split("://").last().unwrap_or_default();
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
