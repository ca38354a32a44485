//! Delivering webhooks: signing, sending, retrying, recording (`VCS` §3.1, §4.7).
//!
//! GitHub tries once. Bitbucket tries twice more after a 5xx or silence. Both wait ten seconds.

use std::{sync::Arc, time::Duration};

use hmac::{Hmac, KeyInit, Mac};
use roundel_model::{forge::ForgeKind, time::Timestamp};
use sha1::Sha1;
use sha2::Sha256;

use crate::{
    faults::DeliveryFault,
    forge::Forge,
    model::{Delivery, Hook, Repository},
};

/// How long a receiver may take (`VCS` §3.1, §4.7).
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes beyond which GitHub does not send at all.
const GITHUB_CAP: usize = 25 * 1024 * 1024;
/// Bytes beyond which Bitbucket does not send, without any notice.
const BITBUCKET_CAP: usize = 256 * 1024;
/// How often Bitbucket tries.
const BITBUCKET_ATTEMPTS: u32 = 3;
/// Pause before each further attempt.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// Bytes of an answer that are kept.
const ANSWER_CAP: usize = 64 * 1024;

/// An event that a repository's webhooks may receive.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) repository: u64,
    /// `push`, `repo:push` …
    pub(crate) name: String,
    pub(crate) action: Option<String>,
    pub(crate) payload: String,
}

impl Event {
    /// Returns an event of a repository with its payload.
    pub(crate) fn new(
        repository: &Repository,
        name: &str,
        action: Option<&str>,
        payload: &serde_json::Value,
    ) -> Self {
        Self {
            repository: repository.id,
            name: name.to_owned(),
            action: action.map(str::to_owned),
            payload: payload.to_string(),
        }
    }
}

/// Why a webhook gets an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// It happened.
    Event,
    /// A person or a program asked for it once more.
    Redelivery,
}

/// Sends an event to every webhook that subscribes to it.
pub(crate) fn fire(forge: &Arc<Forge>, event: &Event) {
    let listening = forge.read(|state| {
        let wants = |hook: &&Hook| {
            let all = hook.events.iter().any(|one| one == "*");
            hook.active && (all || hook.events.contains(&event.name))
        };
        state.hooks_of(event.repository).filter(wants).cloned().collect::<Vec<_>>()
    });
    // All webhooks receive an event under the same id.
    let guid = uuid::Uuid::new_v4().to_string();
    for hook in listening {
        send_later(forge, hook, event.clone(), guid.clone(), Occasion::Event);
    }
}

/// Sends an event to one webhook, subscribed or not (`ping`, redelivery).
pub(crate) fn send_later(
    forge: &Arc<Forge>,
    hook: Hook,
    event: Event,
    guid: String,
    occasion: Occasion,
) {
    let task_forge = Arc::clone(forge);
    forge.shutdown.tasks.spawn(async move {
        let stop = task_forge.shutdown.stop.clone();
        let work = send(&task_forge, &hook, &event, &guid, occasion);
        tokio::select! { () = stop.cancelled() => {}, () = work => {} }
    });
}

/// Sends a delivery again, under the same id.
pub(crate) fn send_again(forge: &Arc<Forge>, hook: Hook, delivery: &Delivery) {
    let form = url::form_urlencoded::parse(delivery.payload.as_bytes());
    let payload = if delivery.payload.starts_with("payload=") {
        form.into_iter().next().map(|(_, value)| value.into_owned()).unwrap_or_default()
    } else {
        delivery.payload.clone()
    };
    let event = Event {
        repository: delivery.repository,
        name: delivery.event.clone(),
        action: delivery.action.clone(),
        payload,
    };
    send_later(forge, hook, event, delivery.guid.clone(), Occasion::Redelivery);
}

async fn send(forge: &Arc<Forge>, hook: &Hook, event: &Event, guid: &str, occasion: Occasion) {
    let cap = match forge.kind {
        ForgeKind::GitHub => GITHUB_CAP,
        ForgeKind::Bitbucket => BITBUCKET_CAP,
    };
    if event.payload.len() > cap {
        tracing::info!(hook.id = hook.id, "a payload beyond the forge's cap is not sent");
        return;
    }
    match forge.faults.next_delivery() {
        Some(DeliveryFault::Lose) => return,
        Some(DeliveryFault::Delay(time)) => tokio::time::sleep(time).await,
        Some(DeliveryFault::Repeat) => {
            attempts(forge, hook, event, guid, occasion).await;
        }
        None => {}
    }
    attempts(forge, hook, event, guid, occasion).await;
}

async fn attempts(forge: &Arc<Forge>, hook: &Hook, event: &Event, guid: &str, occasion: Occasion) {
    let tries = match forge.kind {
        ForgeKind::GitHub => 1,
        ForgeKind::Bitbucket => BITBUCKET_ATTEMPTS,
    };
    for attempt in 1..=tries {
        let mut delivery = prepare(forge, hook, event, guid, attempt);
        delivery.redelivery = occasion == Occasion::Redelivery;
        let Ok(_slot) = forge.slots.acquire().await else { return };
        exchange(forge, hook, &mut delivery).await;
        let done = delivery.status_code != 0 && delivery.status_code < 500;
        forge.write(|state| {
            delivery.id = state.fresh_id();
            state.log_delivery(delivery);
        });
        if done {
            return;
        }
        if attempt < tries {
            tokio::time::sleep(RETRY_PAUSE * attempt).await;
        }
    }
}

/// Returns a delivery that was not sent yet, with body and headers.
fn prepare(forge: &Forge, hook: &Hook, event: &Event, guid: &str, attempt: u32) -> Delivery {
    let (body, content_type) = if hook.content_type == "form" {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("payload", &event.payload)
            .finish();
        (form, "application/x-www-form-urlencoded")
    } else {
        (event.payload.clone(), "application/json")
    };
    let mut headers = match forge.kind {
        ForgeKind::GitHub => github_headers(hook, event, guid, body.as_bytes()),
        ForgeKind::Bitbucket => bitbucket_headers(hook, event, guid, attempt, body.as_bytes()),
    };
    headers.push(("Content-Type".to_owned(), content_type.to_owned()));
    Delivery {
        id: 0,
        hook: hook.id,
        repository: hook.repository,
        guid: guid.to_owned(),
        event: event.name.clone(),
        action: event.action.clone(),
        delivered_at: Timestamp::now(),
        duration_ms: 0,
        redelivery: false,
        attempt,
        status_code: 0,
        status: String::new(),
        request_headers: headers,
        payload: body,
        response_headers: Vec::new(),
        response_body: String::new(),
    }
}

fn github_headers(hook: &Hook, event: &Event, guid: &str, body: &[u8]) -> Vec<(String, String)> {
    let mut headers = vec![
        ("Accept", "*/*".to_owned()),
        ("User-Agent", "GitHub-Hookshot/1a2b3c4".to_owned()),
        ("X-GitHub-Event", event.name.clone()),
        ("X-GitHub-Delivery", guid.to_owned()),
        ("X-GitHub-Hook-ID", hook.id.to_string()),
        ("X-GitHub-Hook-Installation-Target-Type", "repository".to_owned()),
        ("X-GitHub-Hook-Installation-Target-ID", event.repository.to_string()),
    ];
    if let Some(secret) = hook.secret.as_deref().filter(|secret| !secret.is_empty()) {
        headers.push(("X-Hub-Signature", format!("sha1={}", sign_sha1(secret, body))));
        headers.push(("X-Hub-Signature-256", format!("sha256={}", sign_sha256(secret, body))));
    }
    headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn bitbucket_headers(
    hook: &Hook,
    event: &Event,
    guid: &str,
    attempt: u32,
    body: &[u8],
) -> Vec<(String, String)> {
    let mut headers = vec![
        ("User-Agent", "Bitbucket-Webhooks/2.0".to_owned()),
        ("X-Event-Key", event.name.clone()),
        ("X-Hook-UUID", hook.uuid.to_string()),
        ("X-Request-UUID", guid.to_owned()),
        ("X-Attempt-Number", attempt.to_string()),
        ("X-Event-Time", Timestamp::now().to_string()),
    ];
    // The same name as GitHub's SHA-1 header, and another algorithm (`VCS` §4.7).
    if let Some(secret) = hook.secret.as_deref().filter(|secret| !secret.is_empty()) {
        headers.push(("X-Hub-Signature", format!("sha256={}", sign_sha256(secret, body))));
    }
    headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Returns the lower-case hex HMAC-SHA256 of a body.
pub(crate) fn sign_sha256(secret: &str, body: &[u8]) -> String {
    // HMAC takes keys of any length; the error cannot happen.
    Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map(|mac| hex::encode(mac.chain_update(body).finalize().into_bytes()))
        .unwrap_or_default()
}

fn sign_sha1(secret: &str, body: &[u8]) -> String {
    Hmac::<Sha1>::new_from_slice(secret.as_bytes())
        .map(|mac| hex::encode(mac.chain_update(body).finalize().into_bytes()))
        .unwrap_or_default()
}

/// Sends it and records the answer.
async fn exchange(forge: &Forge, hook: &Hook, delivery: &mut Delivery) {
    let mut request = forge.client.post(&hook.url).timeout(TIMEOUT).body(delivery.payload.clone());
    for (name, value) in &delivery.request_headers {
        request = request.header(name, value);
    }
    let started = Timestamp::now();
    let answer = request.send().await;
    match answer {
        Ok(response) => {
            let status = response.status();
            delivery.status_code = status.as_u16();
            status.canonical_reason().unwrap_or("Unknown").clone_into(&mut delivery.status);
            delivery.response_headers = response
                .headers()
                .iter()
                .map(|(name, value)| {
                    (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
                })
                .collect();
            delivery.response_body = first_part(response).await;
        }
        Err(error) if error.is_timeout() => "timed out".clone_into(&mut delivery.status),
        Err(_) => "failed to connect to host".clone_into(&mut delivery.status),
    }
    delivery.duration_ms =
        u64::try_from(Timestamp::now().since(started).as_millis()).unwrap_or(u64::MAX);
}

async fn first_part(mut response: reqwest::Response) -> String {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_CAP {
            body.truncate(ANSWER_CAP);
            break;
        }
    }
    String::from_utf8_lossy(&body).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GitHub publishes this vector, so both ends can be checked against it (`VCS` §3.1).
    #[test]
    fn a_body_is_signed_as_github_documents() {
        assert_eq!(
            sign_sha256("It's a Secret to Everybody", b"Hello, World!"),
            "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        );
    }
}
