//! What was answered survives a kill.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
};

use roundel_model::id::DeliveryId;
use roundel_store::{Store, deliveries::Recorded};

use crate::world::{KEY, World, delivery, settings};

on_both! { what_was_answered_survives_a_kill }

/// Invariant 1: a delivery is on disk before it is answered. Another process records deliveries and
/// says which were answered, until it is killed at an arbitrary moment.
async fn what_was_answered_survives_a_kill(world: World) {
    let hook = world.hook(&world.project("acme/web").await).await;
    let mut answered = Vec::new();
    for round in 1..=KILLS {
        let (url, hook) = (world.url.clone(), hook.id.to_string());
        let elsewhere = move || record_elsewhere_and_kill(&url, &hook, 37 * round);
        answered.extend(tokio::task::spawn_blocking(elsewhere).await.unwrap());
    }
    let store = world.another_store().await;
    for id in &answered {
        let body = store.delivery_body(*id).await.unwrap();
        assert_eq!(body, Some(body_of(*id)), "{id} was answered and is lost");
    }
    assert!(answered.len() >= 37 * KILLS);
}

/// Each kill is a chance to catch an answer that came too early.
const KILLS: usize = 5;

const CHILD: &str = "ROUNDEL_STORE_TEST_CHILD";

/// Runs this very test binary again, with only the test below, and kills it while it works.
fn record_elsewhere_and_kill(url: &str, hook: &str, enough: usize) -> Vec<DeliveryId> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["killed::a_child_records_until_it_is_killed", "--exact", "--nocapture"])
        .env(CHILD, format!("{hook} {url}"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    let id_of = |line: String| line.strip_prefix("answered ").map(|id| id.parse().unwrap());
    let mut answered: Vec<DeliveryId> =
        said.by_ref().map_while(Result::ok).filter_map(id_of).take(enough).collect();
    child.kill().unwrap();
    // What it said before it died counts too; a line that was cut off does not.
    answered.extend(
        said.map_while(Result::ok)
            .filter(|line| line.len() == "answered ".len() + 36)
            .filter_map(id_of),
    );
    child.wait().unwrap();
    answered
}

fn body_of(id: DeliveryId) -> Vec<u8> {
    format!("body of {id} ").repeat(200).into_bytes()
}

/// Not a separate test: what the test above starts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_records_until_it_is_killed() {
    let Ok(task) = std::env::var(CHILD) else { return };
    let (hook, url) = task.split_once(' ').unwrap();
    let store = Store::open(&settings(url, KEY)).await.unwrap();
    let hook = store.hook(hook.parse().unwrap()).await.unwrap().unwrap();
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (store, hook) = (store.clone(), hook.clone());
        senders.spawn(async move {
            loop {
                let mut new = delivery(&hook, "", b"");
                new.guid = new.id.to_string();
                new.body = body_of(new.id);
                let id = new.id;
                assert_eq!(store.record_delivery(new).await.unwrap(), Recorded::New);
                writeln!(std::io::stdout(), "answered {id}").unwrap();
            }
        });
    }
    senders.join_all().await;
}
