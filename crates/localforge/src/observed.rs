//! What clients did to a forge, as the program that runs it sees it.

use roundel_model::time::Timestamp;

use crate::commit_state::CommitState;

/// A commit status as a client posted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitStatus {
    /// The context on GitHub; the name on Bitbucket, where the key is only an id.
    pub context: String,
    pub state: CommitState,
    pub description: String,
    /// The page that it links to.
    pub target_url: String,
    /// Login of the user who set it.
    pub creator: String,
    /// When it was made; on Bitbucket, when its key was last written.
    pub created_at: Timestamp,
}

/// A webhook, as its owner sees it, and its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// A number on GitHub, `{uuid}` on Bitbucket.
    pub id: String,
    /// The URL that it delivers to.
    pub url: String,
    /// Whether it delivers.
    pub active: bool,
    /// The events that it listens to.
    pub events: Vec<String>,
    /// The secret that it signs with.
    pub secret: Option<String>,
    /// Its deliveries, oldest first.
    pub deliveries: Vec<WebhookDelivery>,
}

/// One attempt of a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookDelivery {
    /// The same for all attempts to deliver one event.
    pub guid: String,
    /// `push`, `repo:push` …
    pub event: String,
    /// 0 when there was no answer.
    pub status_code: u16,
    /// 1 for the first.
    pub attempt: u32,
    /// Whether it was asked for once more.
    pub redelivery: bool,
    /// The headers that were sent.
    pub headers: Vec<(String, String)>,
    /// The body that was sent.
    pub payload: String,
}

/// A deploy key as a client added it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployKey {
    /// What the forge calls it in addresses.
    pub id: String,
    /// Its title or label.
    pub title: String,
    /// Algorithm and base64.
    pub public: String,
    /// `SHA256:…`
    pub fingerprint: String,
    /// Whether it may only fetch.
    pub read_only: bool,
    /// Whether it was ever used.
    pub used: bool,
}
