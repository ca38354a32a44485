//! Proves who may publish and see what over HTTP, against a whole instance on loopback.

use url::Url;

use super::*;
use crate::orbs::{
    Settings,
    tests::loopback::{add_project, instance},
};

const TOKEN: &str = "the administrator's token";
const SOUND: &str = "version: 2.1\ncommands:\n  greet:\n    steps: [run: echo hello]\n";
const UNSOUND: &str = "version: 2\ncommands:\n  greet:\n    steps: [run: echo hello]\n";

struct Fixture {
    app: Arc<App>,
    url: Url,
    client: reqwest::Client,
}

impl Fixture {
    async fn start(token: &str) -> Self {
        let (app, url) = instance(token, Settings::default()).await;
        Self { app, url, client: reqwest::Client::builder().tls_certs_only([]).build().unwrap() }
    }

    fn at(&self, path: &str) -> Url {
        self.url.join(&format!("{PATH}{path}")).unwrap()
    }

    async fn put(&self, path: &str, text: impl Into<String>) -> (u16, String) {
        let request = self.client.put(self.at(path)).bearer_auth(TOKEN).body(text.into());
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    async fn get(&self, path: &str, token: Option<&str>) -> reqwest::Response {
        let request = self.client.get(self.at(path));
        let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
        request.send().await.unwrap()
    }

    async fn status(&self, path: &str, token: Option<&str>) -> u16 {
        self.get(path, token).await.status().as_u16()
    }
}

#[tokio::test]
async fn publishing_needs_the_administrators_token() {
    let place = Fixture::start(TOKEN).await;
    let url = place.at("/acme/tools/1.0.0?visibility=everyone");
    for token in [None, Some("wrong"), Some("")] {
        let request = place.client.put(url.clone()).body(SOUND);
        let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
        assert_eq!(request.send().await.unwrap().status(), 401, "{token:?}");
    }
    // An instance that has no such token is not opened by an empty one.
    let closed = Fixture::start("").await;
    for header in ["Bearer ", "Bearer"] {
        let url = closed.at("/acme/tools/1.0.0?visibility=everyone");
        let request = closed.client.put(url).header("authorization", header).body(SOUND);
        assert_eq!(request.send().await.unwrap().status(), 401);
    }
    assert_eq!(place.status("/acme/tools", Some(TOKEN)).await, 404);
}

#[tokio::test]
async fn what_was_published_is_there_with_its_digest() {
    let place = Fixture::start(TOKEN).await;
    add_project(&place.app.store, "acme").await;
    let path = "/acme/tools/1.0.0?organization=gh/ACME&by=ada";
    let (status, answer) = place.put(path, SOUND).await;
    assert_eq!(status, 201, "{answer}");
    let published: OrbPublished = serde_json::from_str(&answer).unwrap();
    assert_eq!(published.orb, "acme/tools@1.0.0");
    assert_eq!(published.outcome.to_string(), "new");
    assert_eq!(published.sha256, digest(SOUND));
    assert_eq!(place.put(path, SOUND).await.0, 200, "publishing the same again is accepted");

    let source = place.get("/acme/tools/1.0.0", Some(TOKEN)).await;
    assert_eq!(source.headers()[DIGEST_HEADER], published.sha256.as_str());
    assert_eq!(source.text().await.unwrap(), SOUND);
    let versions: OrbVersions = place.get("/acme/tools", Some(TOKEN)).await.json().await.unwrap();
    assert_eq!(versions.owner.as_deref(), Some("github/acme"));
    assert_eq!(versions.versions[0].published_by, "ada");
    assert_eq!(versions.versions[0].sha256, published.sha256);
    assert_eq!(versions.versions[0].expires_at, None);
}

#[tokio::test]
async fn versions_are_listed_from_the_highest_and_labels_last() {
    let place = Fixture::start(TOKEN).await;
    for version in ["1.9.0", "dev:ada%2Fx", "1.10.0", "2.0.0-rc.1"] {
        let (status, answer) =
            place.put(&format!("/a/b/{version}?visibility=everyone"), SOUND).await;
        assert_eq!(status, 201, "{answer}");
    }
    let versions: OrbVersions = place.get("/a/b", None).await.json().await.unwrap();
    let names: Vec<&str> = versions.versions.iter().map(|entry| &*entry.version).collect();
    assert_eq!(names, ["1.10.0", "1.9.0", "2.0.0-rc.1", "dev:ada/x"]);
    assert!(versions.versions[3].expires_at.is_some());
    assert_eq!(place.status("/a/b/dev:ada%2Fx", None).await, 200);
    assert_eq!(place.put("/a/b/dev:ada%2Fx", format!("{SOUND}# moved\n")).await.0, 200);
    let list: OrbList = place.get("?namespace=a", None).await.json().await.unwrap();
    assert_eq!((list.orbs[0].latest.as_str(), list.orbs[0].versions), ("1.10.0", 4));
}

#[tokio::test]
async fn what_is_not_for_everyone_is_not_there_for_strangers() {
    let place = Fixture::start(TOKEN).await;
    place.put("/house/tools/1.0.0?visibility=instance", SOUND).await;
    for path in ["/house/tools", "/house/tools/1.0.0"] {
        assert_eq!(place.status(path, None).await, 404);
        assert_eq!(place.status(path, Some(TOKEN)).await, 200);
        assert_eq!(place.status(path, Some("wrong")).await, 401);
    }
    let list: OrbList = place.get("", None).await.json().await.unwrap();
    assert!(list.orbs.is_empty());
    place.put("/house/tools/1.0.0?visibility=everyone", SOUND).await;
    assert_eq!(place.status("/house/tools/1.0.0", None).await, 200);
}

#[tokio::test]
async fn what_cannot_be_published_is_refused_with_what_to_do() {
    let place = Fixture::start(TOKEN).await;
    place.put("/a/b/1.0.0?visibility=instance", SOUND).await;
    for (path, text, status, said) in [
        ("/a/b/1.0.0", "version: 2.1\n".to_owned(), 409, "never changes"),
        ("/a/b/1", SOUND.to_owned(), 400, "is not one version"),
        ("/a/b/volatile", SOUND.to_owned(), 400, "is not one version"),
        ("/a/b/1.x", SOUND.to_owned(), 400, "is not a valid orb version"),
        ("/c/b/1.0.0", SOUND.to_owned(), 400, "with `--org github/NAME`"),
        ("/c/b/1.0.0?organization=gh/nobody", SOUND.to_owned(), 400, "is not an organization"),
        ("/c/b/1.0.0?organization=nobody", SOUND.to_owned(), 400, "github/NAME"),
        (
            "/c/b/1.0.0?visibility=world",
            SOUND.to_owned(),
            400,
            "organization, instance or everyone",
        ),
        ("/a/b/1.1.0", UNSOUND.to_owned(), 422, "an orb needs version 2.1"),
        ("/a/b/1.1.0", "x".repeat(usize::try_from(ORB_BYTES).unwrap() + 1), 413, ""),
    ] {
        let (found, answer) = place.put(path, text).await;
        assert_eq!(found, status, "{path}: {answer}");
        assert!(answer.contains(said), "{path}: {answer}");
    }
    assert_eq!(place.status("/a/b/1.1.0", Some(TOKEN)).await, 404);
    assert_eq!(place.status("/c/b", Some(TOKEN)).await, 404);
}

#[tokio::test]
async fn a_namespace_keeps_its_owner() {
    let place = Fixture::start(TOKEN).await;
    add_project(&place.app.store, "acme").await;
    place.put("/house/tools/1.0.0?visibility=instance", SOUND).await;
    let (status, answer) = place.put("/house/tools/1.1.0?organization=github/acme", SOUND).await;
    assert_eq!(status, 409, "{answer}");
    assert!(answer.contains("belongs to another owner"), "{answer}");
}
