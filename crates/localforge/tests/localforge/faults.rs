//! Failures and deliveries that go wrong on purpose.

use std::time::Duration;

use reqwest::Method;
use roundel_localforge::{DeliveryFault, Failure, FailureKind, RepositoryName, Webhook};
use serde_json::{Value, json};

use crate::world::{GITHUB, TIMEOUT, World, header, hook, receiver};

/// The three kinds of failure: a false answer, a late one, and one that is lost after the deed.
#[tokio::test]
async fn failures_happen_to_the_calls_that_were_chosen() {
    let world = World::new().await;
    let ada = world.token(GITHUB, "ada");
    let failure = |method: &str, after: u32, how: FailureKind| Failure {
        kind: GITHUB,
        method: method.to_owned(),
        path_contains: "/repos/acme/web/keys".to_owned(),
        after,
        times: 1,
        how,
    };
    let body = r#"{"message":"Server Error"}"#.to_owned();
    let answer = FailureKind::Answer { status: 502, headers: Vec::new(), body };
    world.forge.inject(failure("GET", 1, answer));
    let list = || world.call((GITHUB, &ada), Method::GET, "/repos/acme/web/keys", None);
    assert_eq!([list().await.0, list().await.0, list().await.0], [200, 502, 200]);

    world.forge.inject(failure("POST", 0, FailureKind::LoseAnswer));
    let (_, public) = world.key_pair("deploy");
    let url = format!("{}/repos/acme/web/keys", world.forge.api_url(GITHUB));
    let wanted = json!({ "title": "ours", "key": public, "read_only": true });
    let unanswered = world.client.post(url).bearer_auth(&ada).json(&wanted).send().await;
    assert!(unanswered.is_err(), "no answer came");
    assert_eq!(world.forge.keys_of(GITHUB, "acme", "web").len(), 1, "and yet it was done");

    world.forge.inject(Failure { times: u32::MAX, ..failure("", 0, FailureKind::Delay(TIMEOUT)) });
    let late = tokio::time::timeout(Duration::from_millis(300), list());
    assert!(late.await.is_err());
    world.forge.heal();
    assert_eq!(list().await.0, 200);
}

#[tokio::test]
async fn deliveries_can_be_lost_repeated_and_sent_again() {
    let world = World::new().await;
    let mut receiver = receiver(&[]).await;
    let ada = world.token(GITHUB, "ada");
    let path = "/repos/acme/web/hooks";
    let (_, made) = world.call((GITHUB, &ada), Method::POST, path, Some(hook(&receiver.url))).await;
    receiver.wait(1).await;
    let (status, said) =
        world.call((GITHUB, &ada), Method::POST, path, Some(hook(&receiver.url))).await;
    assert_eq!(status, 422);
    assert_eq!(said["errors"][0]["message"], "Hook already exists on this repository");

    world.forge.disturb(GITHUB, DeliveryFault::Lose, 1);
    world.commit(GITHUB, "main", "lost").await;
    world.forge.disturb(GITHUB, DeliveryFault::Repeat, 1);
    let sha = world.commit(GITHUB, "main", "twice").await;
    let all = receiver.wait(3).await;
    let ids: Vec<_> = all[1..].iter().map(|(one, _)| header(one, "x-github-delivery")).collect();
    assert_eq!(ids[0], ids[1]);
    let body: Value = serde_json::from_slice(&all[1].1).unwrap();
    assert_eq!(body["after"], sha, "the first push never came");

    let count = |hooks: &[Webhook]| hooks[0].deliveries.len();
    let at = RepositoryName { owner: "acme", name: "web" };
    world.forge.wait_for_hooks(GITHUB, at, TIMEOUT, |hooks| count(hooks) == 3).await;
    let list = format!("{path}/{}/deliveries?per_page=1", made["id"]);
    let (_, newest) = world.call((GITHUB, &ada), Method::GET, &list, None).await;
    let again = format!("{path}/{}/deliveries/{}/attempts", made["id"], newest[0]["id"]);
    assert_eq!(world.call((GITHUB, &ada), Method::POST, &again, None).await.0, 202);
    let all = receiver.wait(4).await;
    assert_eq!(header(&all[3].0, "x-github-delivery"), ids[0], "the same id");
}
