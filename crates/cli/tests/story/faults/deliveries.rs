//! Deliveries that are forged, damaged, too large, repeated, out of order, or about another repository.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Client, RequestBuilder, StatusCode};
use roundel_localforge::{DeliveryFault, ForgeKind, Webhook, WebhookDelivery};
use roundel_model::id::HookId;
use roundel_store::deliveries::Receipt;
use sha2::Sha256;

use super::{KIND, OWNER, Scene, job, reason};
use crate::installation::until;

const CONTEXT: (&str, &str) = ("ci/roundel: build", "success");

impl Scene {
    fn hook(&self, kind: ForgeKind, name: &str) -> Webhook {
        let mut hooks = self.installation.forge.hooks_of(kind, OWNER, name);
        assert_eq!(hooks.len(), 1, "one webhook: {hooks:#?}");
        hooks.remove(0)
    }

    /// What the forge delivered for a push.
    async fn delivered(&self, kind: ForgeKind, name: &str, sha: &str) -> WebhookDelivery {
        let is_it =
            |one: &&WebhookDelivery| one.event.ends_with("push") && one.payload.contains(sha);
        let mut found = None;
        until("the push is delivered", async || {
            found = self.hook(kind, name).deliveries.iter().find(is_it).cloned();
            found.is_some()
        })
        .await;
        found.unwrap()
    }
}

fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// A push as GitHub delivers it, not signed yet.
fn request(url: &str, guid: &str, body: &[u8]) -> RequestBuilder {
    Client::new()
        .post(url)
        .header("content-type", "application/json")
        .header("x-github-event", "push")
        .header("x-github-delivery", guid)
        .body(body.to_vec())
}

async fn answer(request: RequestBuilder) -> (StatusCode, String) {
    let answer = request.send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

const SIGNED: &str = "x-hub-signature-256";

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_is_not_what_it_should_be_is_refused_with_a_reason() {
    let scene = Scene::with("web").await;
    let sha = scene.push("web", &job("build", "true"), "Build").await;
    let push = scene.delivered(KIND, "web", &sha).await;
    let (hook, body) = (scene.hook(KIND, "web"), push.payload.as_bytes());
    let secret = hook.secret.clone().unwrap();
    let right = signature(&secret, body);
    let large = vec![b' '; 26 << 20];
    let unknown_hook =
        hook.url.replace(hook.url.rsplit('/').next().unwrap(), &HookId::fresh().to_string());
    let other =
        hook.url.replace("/hooks/gh/", "/hooks/bb/").replace("/hooks/github/", "/hooks/bitbucket/");
    let elsewhere = format!("{}/more", hook.url);
    let sent = |url: &str, name: &str| request(url, name, body);
    let signed = |url: &str, name: &str, by: &str| sent(url, name).header(SIGNED, by);
    let old = sent(&hook.url, "f-4").header("x-hub-signature", "sha1=00");
    let of_another = request(&hook.url, "f-5", b"{}").header(SIGNED, &right);
    let huge = request(&hook.url, "f-9", &large).header(SIGNED, signature(&secret, &large));
    let nameless = Client::new().post(&hook.url).header(SIGNED, &right).body(body.to_vec());
    let guessed = signed(&hook.url, "f-2", &signature("guess", body));
    let cases = [
        ("unsigned", sent(&hook.url, "f-1"), 401, "signature"),
        ("signed by a guess", guessed, 401, "signature"),
        ("signed in nonsense", signed(&hook.url, "f-3", "sha256=zz"), 401, "signature"),
        ("signed the old way", old, 401, "signature"),
        ("of another body", of_another, 401, "signature"),
        ("of an unknown hook", signed(&unknown_hook, "f-6", &right), 404, "no such hook"),
        ("of the other forge", signed(&other, "f-7", &right), 404, "no such hook"),
        ("next to it", signed(&elsewhere, "f-8", &right), 404, ""),
        ("too large", huge, 413, "25 MB"),
        ("without a name", nameless, 400, "headers"),
    ];
    let mut wrong = Vec::new();
    for (what, request, wanted, word) in cases {
        let (status, text) = answer(request).await;
        if status != wanted || !text.contains(word) || text.contains(&secret) {
            wrong.push(format!("{what}: {status} {text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // Nothing of it is left, and what was right is built once.
    let project = scene.project(KIND, "web").await;
    let stored = scene.store.deliveries(project, 100).await.unwrap();
    assert!(!stored.iter().any(|one| one.guid.starts_with("f-")), "{stored:#?}");
    let mut scene = scene;
    scene.installation.start_runner();
    scene.follow((KIND, "web"), &sha, CONTEXT).await;
    scene.pipeline(&sha).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_is_delivered_again_or_out_of_order_is_built_once() {
    let mut scene = Scene::with("web").await;
    scene.add(KIND, "other").await;
    scene.installation.start_runner();
    scene.installation.forge.disturb(KIND, DeliveryFault::Repeat, 1);
    let one = scene.push("web", &job("build", "echo one"), "One").await;
    let first = scene.delivered(KIND, "web", &one).await;
    // The next one is overtaken by the one after it.
    scene.installation.forge.disturb(KIND, DeliveryFault::Delay(Duration::from_secs(3)), 1);
    let two = scene.push("web", &job("build", "echo two"), "Two").await;
    let three = scene.push("web", &job("build", "echo three"), "Three").await;
    for sha in [&one, &two, &three] {
        scene.follow((KIND, "web"), sha, CONTEXT).await;
    }

    let hook = scene.hook(KIND, "web");
    let (secret, body) = (hook.secret.clone().unwrap(), first.payload.as_bytes());
    let again =
        |guid: &str| request(&hook.url, guid, body).header(SIGNED, signature(&secret, body));
    let (status, text) = answer(again(&first.guid)).await;
    assert!(status == StatusCode::OK && text.contains("duplicate"), "{status} {text}");
    let (status, text) = answer(again("the-same-again")).await;
    assert!(status == StatusCode::ACCEPTED && text.contains("queued"), "{status} {text}");
    let (delivery, page) = scene
        .receipt((KIND, "web"), "the same push is recognized", |found, _| {
            found.guid == "the-same-again"
        })
        .await;
    assert!(matches!(delivery.receipts.as_slice(), [Receipt::Known { .. }]), "{delivery:#?}");
    assert!(page.contains("this push had already started a pipeline"), "{page}");

    // The secret of one hook does not start builds of another repository.
    let foreign = scene.hook(KIND, "other");
    let signed = signature(foreign.secret.as_deref().unwrap(), body);
    let (status, _) = answer(request(&foreign.url, "not-ours", body).header(SIGNED, signed)).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let (delivery, page) = scene
        .receipt((KIND, "other"), "the foreign push is decided", |found, _| {
            found.guid == "not-ours"
        })
        .await;
    assert!(
        reason(&delivery).contains("a repository other than that of its webhook"),
        "{delivery:#?}"
    );
    assert!(page.contains("a repository other than that of its webhook"), "{page}");
    for sha in [&one, &two, &three] {
        scene.pipeline(sha).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_cannot_be_understood_has_a_receipt_that_says_why() {
    let mut scene = Scene::with("web").await;
    let hook = scene.hook(KIND, "web");
    let secret = hook.secret.clone().unwrap();
    let bodies: [&[u8]; 5] =
        [b"{\"ref\": ", b"", b"[1, 2]", b"\xff\xfe", b"{\"ref\": 7, \"after\": {}}"];
    for (position, body) in bodies.into_iter().enumerate() {
        let guid = format!("broken-{position}");
        let request = request(&hook.url, &guid, body).header(SIGNED, signature(&secret, body));
        let (status, text) = answer(request).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{guid}: {text}");
        let (delivery, page) = scene
            .receipt((KIND, "web"), "the broken delivery is decided", |found, _| found.guid == guid)
            .await;
        let because = reason(&delivery).to_owned();
        let says_what = because.contains("payload") || because.contains("is missing");
        assert!(says_what, "{guid}: {because}");
        assert!(page.contains("Reason:") && page.contains("Push again"), "{guid}: {page}");
    }
    // It continues with the next one.
    scene.installation.start_runner();
    let sha = scene.push("web", &job("build", "true"), "Build").await;
    scene.follow((KIND, "web"), &sha, CONTEXT).await;
}
