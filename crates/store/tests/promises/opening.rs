//! Opening, closing, and what holds for the whole instance.

use roundel_model::{
    id::{HookId, LeaseId},
    kind::{Architecture, ExecutorKind},
    secret::Secret,
    word::Word,
};
use roundel_store::{
    Settings, Store, StoreError,
    projects::{CheckoutKey, Hook},
    runners::RunnerRow,
};

use crate::world::{KEY, World, apply, at, checkout_key, claimed, delivery, settings, sign_in};

on_both! {
    what_was_written_is_there_after_a_restart,
    another_instance_key_is_refused_at_once,
    no_secret_is_in_the_clear,
    a_closed_store_refuses,
    runners_are_remembered_as_they_last_introduced_themselves,
    a_runner_that_signed_off_is_known_to_have_ended_until_it_comes_back,
    runners_that_are_gone_are_forgotten,
    a_text_with_a_nul_can_be_written,
    settings_are_kept_by_key,
}

async fn what_was_written_is_there_after_a_restart(world: World) {
    let project = world.project("acme/web").await;
    let hook = world.hook(&project).await;
    let new = delivery(&hook, "guid", b"body");
    world.store.record_delivery(new.clone()).await.unwrap();
    world.store.close().await;
    let again = world.another_store().await;
    assert_eq!(again.project(project.id).await.unwrap(), Some(project));
    assert_eq!(again.delivery_body(new.id).await.unwrap().as_deref(), Some(&b"body"[..]));
    let found = again.hook(hook.id).await.unwrap().unwrap();
    assert_eq!(found.secret, hook.secret);
}

/// Better at the start than when a job needs a secret, or when new ones are sealed with it.
async fn another_instance_key_is_refused_at_once(world: World) {
    let refused = Store::open(&settings(&world.url, KEY + 1)).await.err().unwrap();
    assert!(matches!(refused, StoreError::Sealed { .. }));
    assert!(refused.to_string().contains("instance key that this database was made with"));
    let short = Settings { instance_key: Secret::new(vec![1; 5]), url: world.url.clone() };
    let refused = Store::open(&short).await.err().unwrap();
    assert!(matches!(refused, StoreError::InstanceKey { bytes: 5 }));
}

/// Invariant 7, judged by the bytes of the file (PostgreSQL's are not ours to read; the same
/// statements write them).
async fn no_secret_is_in_the_clear(world: World) {
    let project = world.project("acme/web").await;
    let store = &world.store;
    let needle = "correct-horse-battery-staple";
    let mut sign_in = sign_in(roundel_model::forge::ForgeKind::GitHub, "ada");
    sign_in.token.access = needle.into();
    sign_in.token.refresh = Some(needle.into());
    store.sign_in(&sign_in, at(1)).await.unwrap();
    store.set_variable(project.id, "PASSWORD", &needle.into(), at(1)).await.unwrap();
    store.put_setting("mail", needle).await.unwrap();
    store.put_oauth_state(b"state", needle, at(9)).await.unwrap();
    let hook = Hook { id: HookId::fresh(), secret: needle.into(), ..world.hook(&project).await };
    store.insert_hook(&hook).await.unwrap();
    let key = CheckoutKey { private: needle.into(), ..checkout_key(&project, 1) };
    store.insert_checkout_key(&key).await.unwrap();
    store.close().await;
    let Some(path) = world.url.strip_prefix("sqlite:") else { return };
    for suffix in ["", "-wal"] {
        let bytes = std::fs::read(format!("{path}{suffix}")).unwrap_or_default();
        let is_there = bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
        assert!(!is_there, "{path}{suffix}");
        let is_file = suffix.is_empty();
        let has_name = bytes.windows(8).any(|window| window == b"PASSWORD");
        assert!(has_name || !is_file, "the search finds what is there");
    }
}

async fn a_closed_store_refuses(world: World) {
    let project = world.project("acme/web").await;
    let hook = world.hook(&project).await;
    world.store.close().await;
    let refused = world.store.record_delivery(delivery(&hook, "guid", b"body")).await;
    assert!(matches!(refused, Err(StoreError::Database { action: "record a delivery", .. })));
    let refused = world.store.projects().await;
    assert!(
        matches!(refused, Err(StoreError::Database { action: "list projects", .. })),
        "{refused:?}"
    );
    world.store.close().await;
}

async fn runners_are_remembered_as_they_last_introduced_themselves(world: World) {
    let no_network = Some(vec!["Jobs on this runner have no network.".to_owned()]);
    let row = |name: &str, version: &str, seconds| RunnerRow {
        name: name.to_owned(),
        version: version.to_owned(),
        resource_classes: vec!["small".to_owned()],
        executors: vec![ExecutorKind::Docker.into(), Word::Other("vm".to_owned())],
        architecture: Some(Architecture::Arm64.into()),
        limitations: no_network.clone(),
        last_seen_at: at(seconds),
        signed_off_at: None,
    };
    for runner in [row("b", "1", 1), row("a", "1", 2), row("b", "2", 3)] {
        world.store.touch_runner(&runner).await.unwrap();
    }
    assert_eq!(world.store.runners().await.unwrap(), [row("a", "1", 2), row("b", "2", 3)]);
    // One that starts again does not know what its host lacks yet; what is known stays.
    let unknown = RunnerRow { limitations: None, ..row("a", "2", 4) };
    world.store.touch_runner(&unknown).await.unwrap();
    let architecture = Some(Word::Other("riscv64".to_owned()));
    let none = RunnerRow { limitations: Some(Vec::new()), architecture, ..row("b", "2", 5) };
    world.store.touch_runner(&none).await.unwrap();
    assert_eq!(world.store.runners().await.unwrap(), [row("a", "2", 4), none]);
}

/// It is offline from then on, not two minutes later; and online again as soon as it comes back.
async fn a_runner_that_signed_off_is_known_to_have_ended_until_it_comes_back(world: World) {
    let runner = RunnerRow {
        name: "a".to_owned(),
        version: "1".to_owned(),
        resource_classes: Vec::new(),
        executors: Vec::new(),
        architecture: None,
        limitations: None,
        last_seen_at: at(1),
        signed_off_at: None,
    };
    let other = RunnerRow { name: "b".to_owned(), ..runner.clone() };
    for one in [&runner, &other] {
        world.store.touch_runner(one).await.unwrap();
    }
    world.store.sign_off_runner("a", at(2)).await.unwrap();
    world.store.sign_off_runner("unknown", at(2)).await.unwrap();
    let ended = RunnerRow { signed_off_at: Some(at(2)), ..runner.clone() };
    assert_eq!(world.another_store().await.runners().await.unwrap(), [ended, other.clone()]);
    // Its last claim may still wait: what it got would be lost.
    let project = world.project("acme/web").await;
    let (pipeline, job) = world.one_job(project.id, 1).await;
    let claim = |runner| claimed((job, 0), LeaseId::fresh(), at(400), runner);
    assert!(!apply(&world.store, pipeline, &claim("a"), at(300)).await.unwrap());
    assert!(apply(&world.store, pipeline, &claim("b"), at(300)).await.unwrap());
    let back = RunnerRow { last_seen_at: at(3), ..runner };
    world.store.touch_runner(&back).await.unwrap();
    assert_eq!(world.store.runners().await.unwrap(), [back, other]);
}

/// Each start of a container has a name of its own: their rows grew without end.
async fn runners_that_are_gone_are_forgotten(world: World) {
    let row = |name: &str, seconds| RunnerRow {
        name: name.to_owned(),
        version: "1".to_owned(),
        resource_classes: Vec::new(),
        executors: Vec::new(),
        architecture: None,
        limitations: None,
        last_seen_at: at(seconds),
        signed_off_at: None,
    };
    let day = 24 * 60 * 60;
    for (name, seconds) in [("vanished", 0), ("quiet", 1), ("ended", day), ("online", 7 * day)] {
        world.store.touch_runner(&row(name, seconds)).await.unwrap();
    }
    world.store.sign_off_runner("ended", at(6 * day)).await.unwrap();
    let names = async || {
        let rows = world.store.runners().await.unwrap();
        rows.into_iter().map(|row| row.name).collect::<Vec<_>>()
    };
    world.store.forget_expired(at(7 * day - 1)).await.unwrap();
    assert_eq!(names().await, ["ended", "online", "quiet", "vanished"]);
    world.store.forget_expired(at(7 * day)).await.unwrap();
    assert_eq!(names().await, ["online", "quiet"]);
}

/// A configuration may name a job `"a\\0b"`; PostgreSQL refuses such a string.
async fn a_text_with_a_nul_can_be_written(world: World) {
    let runner = RunnerRow {
        name: "a\0b".to_owned(),
        version: "1".to_owned(),
        resource_classes: vec!["c\0d".to_owned()],
        executors: Vec::new(),
        architecture: None,
        limitations: None,
        last_seen_at: at(1),
        signed_off_at: None,
    };
    world.store.touch_runner(&runner).await.unwrap();
    let [kept] = world.store.runners().await.unwrap().try_into().unwrap();
    assert_eq!((kept.name.as_str(), kept.resource_classes[0].as_str()), ("a␀b", "c\0d"));
}

async fn settings_are_kept_by_key(world: World) {
    let store = &world.store;
    assert_eq!(store.setting("mail").await.unwrap(), None);
    store.put_setting("mail", "{\"host\":\"a\"}").await.unwrap();
    store.put_setting("mail", "{\"host\":\"b\"}").await.unwrap();
    store.put_setting("other", "1").await.unwrap();
    assert_eq!(store.setting("mail").await.unwrap().as_deref(), Some("{\"host\":\"b\"}"));
}

/// Tests of other crates lean on it.
#[tokio::test]
async fn a_store_in_memory_works_with_many_callers() {
    let store = Store::open(&settings("sqlite::memory:", KEY)).await.unwrap();
    let mut callers = tokio::task::JoinSet::new();
    for turn in 0..20 {
        let store = store.clone();
        callers.spawn(async move {
            let key = format!("key {turn}");
            store.put_setting(&key, "1").await.unwrap();
            store.setting(&key).await.unwrap()
        });
    }
    assert!(callers.join_all().await.iter().all(|value| value.as_deref() == Some("1")));
    let other = Store::open(&settings("sqlite::memory:", KEY)).await.unwrap();
    assert_eq!(other.setting("key 1").await.unwrap(), None, "each has a memory of its own");
}

#[tokio::test]
async fn a_url_that_names_no_database_is_refused_with_the_ones_that_do() {
    for url in ["mysql://localhost/x", "roundel.db", ""] {
        let refused = Store::open(&settings(url, KEY)).await.err().unwrap();
        let reason = std::error::Error::source(&refused).unwrap().to_string();
        assert!(reason.contains("sqlite: or postgres://"), "{reason}");
    }
}
