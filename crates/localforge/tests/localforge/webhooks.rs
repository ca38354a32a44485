//! The webhooks of a push, a tag, a deletion and a pull request, in each forge's format.

use reqwest::Method;
use roundel_localforge::{NewTag, RepositoryName};
use serde_json::{Value, json};

use crate::world::{BITBUCKET, GITHUB, World, fine, git, header, hmac, hook, receiver};

/// A user's key may push, and the push is reported in that user's name.
#[tokio::test]
async fn a_push_over_ssh_fires_signed_webhooks() {
    let world = World::new().await;
    let mut receiver = receiver(&[]).await;
    let (key, public) = world.key_pair("person");
    let ada = world.token(GITHUB, "ada");
    let body = json!({ "title": "laptop", "key": public });
    let (status, _) = world.call((GITHUB, &ada), Method::POST, "/user/keys", Some(body)).await;
    assert_eq!(status, 201);
    let path = "/repos/acme/web/hooks";
    let (status, made) =
        world.call((GITHUB, &ada), Method::POST, path, Some(hook(&receiver.url))).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(made["config"]["secret"], "********");

    let folder = world.path("work");
    std::fs::create_dir(&folder).unwrap();
    fine(&git(&folder, &["init", "-q", "-b", "main"], &[]).await);
    std::fs::write(folder.join("a.txt"), "one").unwrap();
    fine(&git(&folder, &["add", "."], &[]).await);
    fine(&git(&folder, &["commit", "-q", "-m", "First\n\nwith a body"], &[]).await);
    let url = world.forge.ssh_url(GITHUB, "acme", "web").unwrap();
    fine(&world.git_over_ssh(&key, &folder, &["push", "-q", &url, "main", "main:topic"]).await);

    let all = receiver.wait(3).await;
    for (headers, body) in &all {
        assert_eq!(header(headers, "x-hub-signature-256"), hmac("s3cret", body));
        assert!(header(headers, "user-agent").starts_with("GitHub-Hookshot/"));
    }
    let named = |name: &str| {
        let some = all.iter().filter(|(headers, _)| header(headers, "x-github-event") == name);
        some.map(|(_, body)| serde_json::from_slice::<Value>(body).unwrap()).collect::<Vec<_>>()
    };
    let ping = &named("ping")[0];
    assert_eq!(ping["hook_id"], made["id"]);
    let pushes = named("push");
    let mut refs: Vec<_> = pushes.iter().map(|push| push["ref"].as_str().unwrap()).collect();
    refs.sort_unstable();
    assert_eq!(refs, ["refs/heads/main", "refs/heads/topic"], "one payload for each ref");
    let main = pushes.iter().find(|push| push["ref"] == "refs/heads/main").unwrap();
    assert_eq!(main["before"], "0".repeat(40));
    assert_eq!(main["created"], true);
    assert_eq!(main["head_commit"]["message"], "First\n\nwith a body");
    assert_eq!(main["head_commit"]["added"], json!(["a.txt"]));
    assert_eq!(main["sender"]["login"], "ada");
}

/// Bitbucket reports one push in one request, and tries again after a 5xx.
#[tokio::test]
async fn bitbucket_sends_one_payload_for_a_push_and_retries() {
    let world = World::new().await;
    let mut receiver = receiver(&[500, 503]).await;
    let ada = world.token(BITBUCKET, "ada");
    let body = json!({
        "description": "ours", "url": receiver.url, "active": true, "secret": "s3cret",
        "events": ["repo:push"],
    });
    let path = "/repositories/acme/web/hooks";
    let (status, made) = world.call((BITBUCKET, &ada), Method::POST, path, Some(body)).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(made["secret_set"], true);

    let folder = world.path("work");
    std::fs::create_dir(&folder).unwrap();
    fine(&git(&folder, &["init", "-q", "-b", "main"], &[]).await);
    fine(&git(&folder, &["commit", "-q", "--allow-empty", "-m", "First"], &[]).await);
    let url = world.forge.push_url(BITBUCKET, "acme", "web", "ada");
    fine(&git(&folder, &["push", "-q", &url, "main", "main:topic"], &[]).await);

    let all = receiver.wait(3).await;
    let attempts: Vec<_> = all.iter().map(|(one, _)| header(one, "x-attempt-number")).collect();
    assert_eq!(attempts, ["1", "2", "3"]);
    let ids: std::collections::BTreeSet<_> =
        all.iter().map(|(one, _)| header(one, "x-request-uuid")).collect();
    assert_eq!(ids.len(), 1);
    let (headers, body) = &all[0];
    assert_eq!(header(headers, "x-event-key"), "repo:push");
    assert_eq!(header(headers, "x-hub-signature"), hmac("s3cret", body));
    let payload: Value = serde_json::from_slice(body).unwrap();
    let changes = payload["push"]["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 2, "one payload for the whole push");
    assert_eq!(changes[0]["new"]["type"], "branch");
    assert_eq!(changes[0]["old"], Value::Null);
    assert!(payload["repository"].get("mainbranch").is_none());
    assert_eq!(payload["actor"]["nickname"], "ada");
}

#[tokio::test]
async fn tags_deletions_and_pull_requests_are_reported() {
    let world = World::new().await;
    let mut receiver = receiver(&[]).await;
    let first = world.commit(GITHUB, "main", "first").await;
    let second = world.commit(GITHUB, "topic", "second").await;
    let ada = world.token(GITHUB, "ada");
    let hooks = "/repos/acme/web/hooks";
    world.call((GITHUB, &ada), Method::POST, hooks, Some(hook(&receiver.url))).await;
    receiver.wait(1).await;

    let at = RepositoryName { owner: "acme", name: "web" };
    let message = Some("Version 1");
    let tag = NewTag { tag: "v1", target: &first, message, author: "ada" };
    world.forge.push_tag(GITHUB, at, &tag).await.unwrap();
    let pull = json!({ "title": "Topic", "head": "topic", "base": "main" });
    let path = "/repos/acme/web/pulls";
    let (status, opened) = world.call((GITHUB, &ada), Method::POST, path, Some(pull)).await;
    assert_eq!(status, 201, "{opened}");
    let third = world.commit(GITHUB, "topic", "third").await;
    world.forge.delete_branch(GITHUB, at, "topic", "ada").await.unwrap();

    let all = receiver.wait(6).await;
    let events: Vec<(String, Value)> = all
        .iter()
        .map(|(headers, body)| {
            let name = header(headers, "x-github-event").to_owned();
            (name, serde_json::from_slice(body).unwrap())
        })
        .collect();
    let find = |wanted: &dyn Fn(&str, &Value) -> bool| {
        let found = events.iter().find(|(name, body)| wanted(name, body));
        found.map(|(_, body)| body.clone()).expect("received")
    };
    let tag = find(&|name, body| name == "push" && body["ref"] == "refs/tags/v1");
    assert_ne!(tag["after"], first, "an annotated tag points at the tag's own object");
    assert_eq!(tag["head_commit"]["id"], first);
    let opened = find(&|name, body| name == "pull_request" && body["action"] == "opened");
    assert_eq!(opened["pull_request"]["head"]["sha"], second);
    let moved = find(&|name, body| name == "pull_request" && body["action"] == "synchronize");
    assert_eq!((&moved["before"], &moved["after"]), (&json!(second), &json!(third)));
    let gone = find(&|name, body| name == "push" && body["deleted"] == true);
    assert_eq!(gone["after"], "0".repeat(40));
    assert_eq!(gone["head_commit"], Value::Null);
}
