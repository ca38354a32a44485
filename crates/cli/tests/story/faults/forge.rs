//! A forge that refuses, limits, breaks, hangs or answers twice, while it is read and written.

use std::time::{Duration, Instant};

use roundel_localforge::{CommitName, Failure, FailureKind, ForgeKind};

use roundel_testkit::visitor::Visitor;

use super::{CONFIG, KIND, Scene, job, reason, spoken};
use crate::installation::{TIMEOUT, until};

const BUILD: &str = "ci/roundel: build";
const BROKEN: &str = "ci/roundel: config";
/// Longer than the client waits for an answer.
const HANG: Duration = Duration::from_secs(12);

fn refuses(status: u16, message: &str) -> FailureKind {
    let body = format!(
        r#"{{"message": "{message}", "documentation_url": "https://docs.github.com/rest",
            "type": "error", "error": {{"message": "{message}"}}}}"#
    );
    FailureKind::Answer { status, headers: Vec::new(), body }
}

fn limits() -> FailureKind {
    FailureKind::Answer {
        status: 429,
        headers: vec![("retry-after".to_owned(), "2".to_owned())],
        body: "{\"message\": \"You have exceeded a secondary rate limit\"}".to_owned(),
    }
}

impl Scene {
    fn inject(&self, kind: ForgeKind, call: (&str, &str), times: u32, how: FailureKind) {
        self.installation.forge.inject(Failure {
            kind,
            method: call.0.to_owned(),
            path_contains: call.1.to_owned(),
            after: 0,
            times,
            how,
        });
    }

    /// Signs in at GitHub, which has asked for consent before.
    async fn sign_in_again(&mut self) {
        self.visitor = Visitor::new().unwrap();
        let page = self.installation.open(&mut self.visitor, "login/github").await;
        let page = self.visitor.submit(&page, &[("login", "visitor")]).await.unwrap();
        assert_eq!(
            page.url.port(),
            self.installation.url.port(),
            "back at the dashboard: {}",
            page.url
        );
    }

    /// Waits until the page of a commit's pipeline says something; answers all that it says.
    async fn wait_for_words(&mut self, sha: &str, words: &str) -> String {
        let began = Instant::now();
        loop {
            let mut said = "there is no pipeline".to_owned();
            if let Some((row, _)) = self.installation.pipelines(&self.store, sha).await.pop() {
                let path = format!("pipeline/{}", row.id);
                said = spoken(&self.installation.open(&mut self.visitor, &path).await.text);
            }
            if said.contains(words) {
                return said;
            }
            assert!(began.elapsed() < TIMEOUT, "no {words} in: {said}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The calls that read a configuration and that set commit statuses, in one repository.
fn calls(kind: ForgeKind, name: &str) -> [(&'static str, String); 2] {
    match kind {
        ForgeKind::GitHub => [
            ("GET", format!("/repos/acme/{name}/contents/")),
            ("POST", format!("/repos/acme/{name}/statuses/")),
        ],
        ForgeKind::Bitbucket => [
            ("GET", format!("/repositories/acme/{name}/src/")),
            ("POST", format!("/repositories/acme/{name}/commit/")),
        ],
    }
}

/// What passes: afterwards everything is as if nothing had been.
#[tokio::test(flavor = "multi_thread")]
async fn a_forge_that_is_unavailable_for_a_while_delays_a_build_and_its_mark_but_loses_neither() {
    let mut scene = Scene::with("broken").await;
    scene.installation.start_runner();
    let mut cases = Vec::new();
    for (kind, name, times, how) in [
        (ForgeKind::GitHub, "broken", 4, refuses(500, "Server Error")),
        (ForgeKind::GitHub, "limiting", 1, limits()),
        (ForgeKind::GitHub, "hanging", 1, FailureKind::Delay(HANG)),
        (ForgeKind::GitHub, "losing", 4, FailureKind::LoseAnswer),
        (ForgeKind::Bitbucket, "broken", 4, refuses(503, "Down for maintenance")),
        (ForgeKind::Bitbucket, "limiting", 1, limits()),
        (ForgeKind::Bitbucket, "losing", 4, FailureKind::LoseAnswer),
    ] {
        if (kind, name) != (KIND, "broken") {
            scene.add(kind, name).await;
        }
        for (method, path) in calls(kind, name) {
            scene.inject(kind, (method, &path), times, how.clone());
        }
        let config = job("build", "true");
        let sha = scene.installation.push(kind, name, &[(CONFIG, &config)], "Build").await;
        cases.push((kind, name, sha));
    }
    for (kind, name, sha) in &cases {
        let state = if *kind == KIND { "success" } else { "SUCCESSFUL" };
        scene.follow((*kind, name), sha, (BUILD, state)).await;
        scene.pipeline(sha).await;
        let (delivery, _) = scene
            .receipt((*kind, name), "its push is decided", |found, body| {
                found.event.ends_with("push") && body.contains(sha.as_str())
            })
            .await;
        assert_eq!(delivery.receipts.len(), 1, "{delivery:#?}");
        if *kind == ForgeKind::Bitbucket {
            let statuses = scene
                .installation
                .forge
                .statuses(*kind, CommitName { owner: "acme", repository: name, sha });
            assert_eq!(
                statuses.len(),
                1,
                "one key, one status, however often it was said: {statuses:#?}"
            );
        }
    }
}

/// What does not pass by itself while a configuration is read, and what its author reads.
#[tokio::test(flavor = "multi_thread")]
async fn a_forge_that_does_not_show_the_configuration_is_explained_on_the_commit() {
    let mut scene = Scene::with("forbidden").await;
    scene.add(KIND, "invalid").await;
    scene.add(KIND, "absent").await;
    scene.add(KIND, "down").await;
    for (name, status, message) in [
        ("down", 502, "Bad Gateway"),
        ("forbidden", 403, "Resource not accessible by integration"),
        ("invalid", 422, "Validation Failed"),
        ("absent", 404, "Not Found"),
    ] {
        let [(method, path), _] = calls(KIND, name);
        scene.inject(KIND, (method, &path), u32::MAX, refuses(status, message));
    }
    for (name, word) in [("forbidden", "Resource not accessible"), ("invalid", "Validation Failed")]
    {
        let sha = scene.push(name, &job("build", "true"), "Build").await;
        let (status, page) = scene.follow((KIND, name), &sha, (BROKEN, "error")).await;
        let said = spoken(&page.text);
        assert!(status.description.contains("Could not read configuration"), "{status:?}");
        assert!(said.contains(word) && said.contains("Trigger pipeline"), "{said}");
    }
    let sha = scene.push("absent", &job("build", "true"), "Build").await;
    let (delivery, _) = scene
        .receipt((KIND, "absent"), "its push is decided", |found, body| {
            found.event == "push" && body.contains(&sha)
        })
        .await;
    assert!(reason(&delivery).contains(CONFIG), "{delivery:#?}");

    // An outage decides nothing: the push waits, and its receipt says for what.
    let waiting = scene.push("down", &job("build", "true"), "Build").await;
    let project = scene.project(KIND, "down").await;
    let mut id = None;
    until("the push waits for the forge", async || {
        let deliveries = scene.store.deliveries(project, 10).await.unwrap();
        id = deliveries.iter().find(|found| found.last_error.is_some()).map(|found| found.id);
        id.is_some()
    })
    .await;
    let path = format!("gh/acme/down/deliveries/{}", id.unwrap());
    let said = spoken(&scene.installation.open(&mut scene.visitor, &path).await.text);
    assert!(said.contains("Bad Gateway") && said.contains("retried automatically"), "{said}");
    assert!(scene.installation.pipelines(&scene.store, &waiting).await.is_empty());

    scene.installation.forge.heal();
    scene.installation.start_runner();
    scene.follow((KIND, "down"), &waiting, (BUILD, "success")).await;
    scene.pipeline(&waiting).await;
    for name in ["forbidden", "invalid", "absent"] {
        let sha = scene.push(name, &job("build", "echo well"), "Build again").await;
        scene.follow((KIND, name), &sha, (BUILD, "success")).await;
    }
}

/// What does not pass by itself while a commit status is set.
#[tokio::test(flavor = "multi_thread")]
async fn a_forge_that_refuses_a_mark_is_asked_again_or_the_page_says_what_it_said() {
    let mut scene = Scene::with("forbidden").await;
    scene.add(KIND, "absent").await;
    scene.add(KIND, "invalid").await;
    scene.installation.start_runner();
    for (name, times, status, message) in [
        ("forbidden", 3, 403, "Resource not accessible by integration"),
        ("absent", 3, 404, "Not Found"),
        (
            "invalid",
            u32::MAX,
            422,
            "This SHA and context has reached the maximum number of statuses",
        ),
    ] {
        let [_, (method, path)] = calls(KIND, name);
        scene.inject(KIND, (method, &path), times, refuses(status, message));
    }
    let mut pushed = Vec::new();
    for name in ["forbidden", "absent", "invalid"] {
        pushed.push((name, scene.push(name, &job("build", "true"), "Build").await));
    }
    for (name, sha) in &pushed {
        if *name != "invalid" {
            scene.follow((KIND, name), sha, (BUILD, "success")).await;
            continue;
        }
        let said = scene.wait_for_words(sha, "gave up").await;
        assert!(said.contains("maximum number of statuses") && said.contains("build"), "{said}");
        // The final commit status is a separate effect.
        scene.installation.forge.heal();
        let sha = scene.push(name, &job("build", "echo again"), "Build again").await;
        scene.follow((KIND, name), &sha, (BUILD, "success")).await;
    }
}

/// A token that the forge refuses is not used again: after the user has signed in, what waited is done.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_is_reported_and_what_waited_is_done_after_signing_in_again() {
    let mut scene = Scene::with("web").await;
    scene.installation.start_runner();
    let [(read, contents), (write, statuses)] = calls(KIND, "web");
    // The server asks once more for the user before it believes that a token is refused.
    let user = ("GET", "/user");
    scene.inject(KIND, user, u32::MAX, refuses(401, "Bad credentials"));
    scene.inject(KIND, (write, &statuses), 3, refuses(401, "Bad credentials"));
    let waiting = scene.push("web", &job("build", "true"), "Build").await;
    let said = scene.wait_for_words(&waiting, "sign in again").await;
    assert!(said.contains("retrying"), "{said}");
    scene.installation.forge.heal();
    scene.sign_in_again().await;
    scene.follow((KIND, "web"), &waiting, (BUILD, "success")).await;
    scene.pipeline(&waiting).await;

    scene.inject(KIND, user, u32::MAX, refuses(401, "Bad credentials"));
    scene.inject(KIND, (read, &contents), 3, refuses(401, "Bad credentials"));
    let blind = scene.push("web", &job("build", "echo two"), "Build two").await;
    scene.wait_for_words(&blind, "sign in again").await;
    scene.installation.forge.heal();
    scene.sign_in_again().await;
    let (status, _) = scene.follow((KIND, "web"), &blind, (BROKEN, "error")).await;
    assert!(status.description.contains("Could not read configuration"), "{status:?}");
    let sha = scene.push("web", &job("build", "echo three"), "Build three").await;
    scene.follow((KIND, "web"), &sha, (BUILD, "success")).await;
}
