//! Proves what is asked of a registry, when, and how bad answers are handled.

use roundel_model::time::Timestamp;

use super::{
    super::{
        fetch::Certificates,
        tests::loopback::{Backend, FETCH_TIMEOUT, ResponseKind, store},
    },
    *,
};

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(1_000_000_000).plus(std::time::Duration::from_secs(seconds))
}

async fn upstream(backend: &Backend) -> Upstream {
    let fetcher = Fetcher::new(FETCH_TIMEOUT, Certificates::None).unwrap();
    Upstream::new(backend.url.clone(), None, fetcher, store().await)
}

async fn ask(upstream: &Upstream, reference: &str, now: Timestamp) -> Answer {
    upstream.find(&reference.parse().unwrap(), now).await.unwrap()
}

async fn version(upstream: &Upstream, reference: &str, now: Timestamp) -> String {
    let answer = ask(upstream, reference, now).await;
    let Answer::Found(orb) = answer else { panic!("{reference}: {answer:?}") };
    orb.version
}

async fn failure(upstream: &Upstream, reference: &str, now: Timestamp) -> String {
    let answer = ask(upstream, reference, now).await;
    let Answer::Failed(reason) = answer else { panic!("{reference}: {answer:?}") };
    reason
}

#[tokio::test]
async fn a_released_version_is_fetched_once_and_never_again() {
    let backend = Backend::start().await;
    backend.publish("a/b", &[("1.0.0", "one")]);
    let upstream = upstream(&backend).await;
    assert_eq!(version(&upstream, "a/b@1.0.0", at(0)).await, "1.0.0");
    assert_eq!(backend.asked(), ["/api/roundel/v1/orbs/a/b/1.0.0"]);
    assert_eq!(version(&upstream, "a/b@1.0.0", at(1_000_000)).await, "1.0.0");
    assert!(backend.asked().is_empty());
}

#[tokio::test]
async fn cfg_162_a_range_is_asked_again_after_five_minutes() {
    let backend = Backend::start().await;
    backend.publish("a/b", &[("1.0.0", "one"), ("2.0.0", "two")]);
    let upstream = upstream(&backend).await;
    assert_eq!(version(&upstream, "a/b@1", at(0)).await, "1.0.0");
    assert_eq!(version(&upstream, "a/b@volatile", at(0)).await, "2.0.0");
    backend.publish("a/b", &[("1.0.0", "one"), ("1.1.0", "new"), ("2.0.0", "two")]);
    backend.asked();
    assert_eq!(version(&upstream, "a/b@1", at(299)).await, "1.0.0");
    assert!(backend.asked().is_empty());
    assert_eq!(version(&upstream, "a/b@1", at(301)).await, "1.1.0");
    assert_eq!(backend.asked(), ["/api/roundel/v1/orbs/a/b", "/api/roundel/v1/orbs/a/b/1.1.0"]);
}

#[tokio::test]
async fn cfg_163_a_label_moves_after_five_minutes() {
    let backend = Backend::start().await;
    let path = "/api/roundel/v1/orbs/a/b/dev:ada%2Fx";
    backend.put(path, ResponseKind::Text("one".to_owned()));
    let upstream = upstream(&backend).await;
    let text = async |now| {
        let answer = ask(&upstream, "a/b@dev:ada/x", now).await;
        let Answer::Found(orb) = answer else { panic!("{answer:?}") };
        orb.text.to_string()
    };
    assert_eq!(text(at(0)).await, "one");
    backend.put(path, ResponseKind::Text("two".to_owned()));
    assert_eq!(text(at(100)).await, "one");
    assert_eq!(text(at(400)).await, "two");
}

/// A registry that is unavailable must not stop builds that worked an hour ago.
#[tokio::test]
async fn while_the_registry_is_away_the_last_answer_counts() {
    let backend = Backend::start().await;
    backend.publish("a/b", &[("1.0.0", "one"), ("dev:x", "label")]);
    let upstream = upstream(&backend).await;
    for reference in ["a/b@1", "a/b@dev:x"] {
        version(&upstream, reference, at(0)).await;
    }
    for path in ["", "/1.0.0", "/1.5.0", "/dev:x"] {
        backend.put(&format!("/api/roundel/v1/orbs/a/b{path}"), ResponseKind::Status(503));
    }
    assert_eq!(version(&upstream, "a/b@1", at(9_000)).await, "1.0.0");
    assert_eq!(version(&upstream, "a/b@dev:x", at(9_000)).await, "dev:x");
    let said = failure(&upstream, "a/b@1.5.0", at(9_000)).await;
    assert!(said.contains("answers with status 503"), "{said}");
}

#[tokio::test]
async fn a_bad_answer_is_a_failure_and_says_what_was_bad() {
    let backend = Backend::start().await;
    let upstream = upstream(&backend).await;
    let source = |number: u32| format!("/api/roundel/v1/orbs/a/b/{number}.0.0");
    for (number, response, said) in [
        (1, ResponseKind::Silence, "did not answer within 0.5 s"),
        (2, ResponseKind::Flood, "more than 5242880 bytes"),
        (3, ResponseKind::Half, "cannot be reached"),
        (4, ResponseKind::WrongDigest("version: 2.1".to_owned()), "does not have the digest"),
        (5, ResponseKind::Status(401), "refuses access"),
        (6, ResponseKind::Redirect("https://elsewhere.test/".to_owned()), "redirects"),
    ] {
        backend.put(&source(number), response.clone());
        let failure = failure(&upstream, &format!("a/b@{number}.0.0"), at(0)).await;
        assert!(failure.contains(said), "{response:?}: {failure}");
        assert!(failure.contains(backend.url.as_str()), "{failure}");
    }
    let list = "/api/roundel/v1/orbs/a/c";
    for (response, said) in [
        (ResponseKind::Text("<html>".to_owned()), "did not send a list of versions"),
        (ResponseKind::Flood, "more than 4194304 bytes"),
        (ResponseKind::Silence, "did not answer"),
    ] {
        backend.put(list, response.clone());
        let failure = failure(&upstream, "a/c@1", at(0)).await;
        assert!(failure.contains(said), "{response:?}: {failure}");
    }
    backend.publish("a/d", &[("1.0.0", "one")]);
    backend.put("/api/roundel/v1/orbs/a/d/1.0.0", ResponseKind::Status(404));
    let failure = failure(&upstream, "a/d@1", at(0)).await;
    assert!(failure.contains("lists a/d@1.0.0 and does not have it"), "{failure}");
}

#[tokio::test]
async fn a_missing_orb_is_reported_with_the_versions_that_exist() {
    let backend = Backend::start().await;
    backend.publish("a/b", &[("1.0.0", "one"), ("1.2.0", "two")]);
    let upstream = upstream(&backend).await;
    for reference in ["a/b@3.0.0", "a/b@3"] {
        let answer = ask(&upstream, reference, at(0)).await;
        assert!(
            matches!(&answer, Answer::Absent(known) if known == &["1.2.0", "1.0.0"]),
            "{answer:?}"
        );
    }
    backend.asked();
    for _ in 0..2 {
        let answer = ask(&upstream, "no/such@1", at(0)).await;
        assert!(matches!(&answer, Answer::Absent(known) if known.is_empty()), "{answer:?}");
    }
    assert_eq!(backend.asked(), ["/api/roundel/v1/orbs/no/such"], "a no is remembered, too");
}

#[tokio::test]
async fn the_token_goes_to_the_registry() {
    let backend = Backend::start().await;
    backend.publish("a/b", &[("1.0.0", "one")]);
    let fetcher = Fetcher::new(FETCH_TIMEOUT, Certificates::None).unwrap();
    let base = backend.url.join("/mirror/").unwrap();
    let upstream = Upstream::new(base, Some("secret".into()), fetcher, store().await);
    ask(&upstream, "a/b@1.0.0", at(0)).await;
    assert_eq!(
        backend.asked().first().map(String::as_str),
        Some("/mirror/api/roundel/v1/orbs/a/b/1.0.0")
    );
    assert_eq!(backend.last_token().as_deref(), Some("Bearer secret"));
}
