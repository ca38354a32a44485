//! The inbox: durable, once, in order.

use std::collections::HashSet;

use roundel_model::id::{DeliveryId, HookId, PipelineId};
use roundel_store::{
    StoreError,
    deliveries::{IgnoredReason, NewDelivery, Receipt, Recorded},
    projects::Hook,
};

use crate::world::{World, at, delivery};

on_all! {
    a_delivery_comes_back_byte_for_byte,
    a_repeated_delivery_is_a_duplicate_of_the_first,
    deliveries_at_the_same_time_are_recorded_once_each,
    one_bad_delivery_does_not_take_its_neighbors_with_it,
    a_hook_knows_its_newest_delivery_whatever_order_they_arrive_in,
    what_waits_for_a_commit_when_the_store_closes_is_written,
    deliveries_are_taken_oldest_first_and_by_one_taker,
    a_delivery_whose_taker_vanished_is_taken_again,
    a_postponed_delivery_waits_and_says_why,
    a_decided_delivery_has_its_receipt_and_rests,
}

async fn hook(world: &World) -> Hook {
    let project = world.project("acme/web").await;
    world.hook(&project).await
}

async fn a_delivery_comes_back_byte_for_byte(world: World) {
    let hook = hook(&world).await;
    let every_byte: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    for (guid, body) in [("empty", &[][..]), ("short", b"{}"), ("long", &every_byte)] {
        let new = delivery(&hook, guid, body);
        assert_eq!(world.store.record_delivery(new.clone()).await.unwrap(), Recorded::New);
        assert_eq!(world.store.delivery_body(new.id).await.unwrap().as_deref(), Some(body));
        let found = world.store.delivery(new.id).await.unwrap().unwrap();
        assert_eq!((found.hook, found.project, found.forge), (hook.id, hook.project, hook.forge));
        assert_eq!((found.guid.as_str(), found.event.as_str()), (guid, "push"));
        assert_eq!(found.size_bytes, u64::try_from(body.len()).unwrap());
        assert_eq!((found.received_at, found.decided_at, found.attempts), (at(50), None, 0));
    }
    let hook = world.store.hook(hook.id).await.unwrap().unwrap();
    assert_eq!(hook.last_delivery_at, Some(at(50)));
    assert_eq!(world.store.delivery(DeliveryId::fresh()).await.unwrap(), None);
    assert_eq!(world.store.delivery_body(DeliveryId::fresh()).await.unwrap(), None);
}

async fn a_repeated_delivery_is_a_duplicate_of_the_first(world: World) {
    let first_hook = hook(&world).await;
    let second_hook = hook(&world).await;
    let first = delivery(&first_hook, "guid", b"one");
    assert_eq!(world.store.record_delivery(first.clone()).await.unwrap(), Recorded::New);
    let again = delivery(&first_hook, "guid", b"two");
    let recorded = world.store.record_delivery(again).await.unwrap();
    assert_eq!(recorded, Recorded::Duplicate(first.id));
    assert_eq!(world.store.delivery_body(first.id).await.unwrap().unwrap(), b"one");
    // Another hook has its own numbering.
    let elsewhere = delivery(&second_hook, "guid", b"three");
    assert_eq!(world.store.record_delivery(elsewhere.clone()).await.unwrap(), Recorded::New);
    let again = delivery(&second_hook, "guid", b"four");
    let recorded = world.store.record_delivery(again).await.unwrap();
    assert_eq!(recorded, Recorded::Duplicate(elsewhere.id));
}

async fn deliveries_at_the_same_time_are_recorded_once_each(world: World) {
    let hook = hook(&world).await;
    let other = world.another_store().await;
    let mut recordings = tokio::task::JoinSet::new();
    for turn in 0..200 {
        let new = delivery(&hook, &format!("guid {}", turn % 100), b"body");
        let store = if turn % 3 == 0 { other.clone() } else { world.store.clone() };
        recordings.spawn(async move { (new.id, store.record_delivery(new).await.unwrap()) });
    }
    let answers = recordings.join_all().await;
    let new: HashSet<DeliveryId> = answers
        .iter()
        .filter(|(_, recorded)| *recorded == Recorded::New)
        .map(|(id, _)| *id)
        .collect();
    assert_eq!(new.len(), 100);
    for (_, recorded) in &answers {
        if let Recorded::Duplicate(first) = recorded {
            assert!(new.contains(first));
        }
    }
    assert_eq!(world.store.deliveries(hook.project, 1000).await.unwrap().len(), 100);
}

async fn one_bad_delivery_does_not_take_its_neighbors_with_it(world: World) {
    let hook = hook(&world).await;
    let mut recordings = tokio::task::JoinSet::new();
    for turn in 0..40 {
        let mut new = delivery(&hook, &format!("guid {turn}"), b"body");
        let is_bad = turn % 10 == 0;
        if is_bad {
            new.hook = HookId::fresh();
        }
        let store = world.store.clone();
        recordings.spawn(async move { (is_bad, store.record_delivery(new).await) });
    }
    for (is_bad, recorded) in recordings.join_all().await {
        match recorded {
            Ok(recorded) => assert!(!is_bad && recorded == Recorded::New),
            Err(error) => assert!(is_bad && matches!(error, StoreError::Database { .. })),
        }
    }
}

/// Those of one commit and those of two: the page of a hook says when it last spoke.
async fn a_hook_knows_its_newest_delivery_whatever_order_they_arrive_in(world: World) {
    let hook = hook(&world).await;
    let mut recordings = tokio::task::JoinSet::new();
    for turn in 0..40 {
        let received_at = at(if turn == 20 { 90 } else { 50 });
        let new = NewDelivery { received_at, ..delivery(&hook, &format!("guid {turn}"), b"body") };
        let store = world.store.clone();
        recordings.spawn(async move { store.record_delivery(new).await.unwrap() });
    }
    recordings.join_all().await;
    let newest = async || world.store.hook(hook.id).await.unwrap().unwrap().last_delivery_at;
    assert_eq!(newest().await, Some(at(90)));
    let late = NewDelivery { received_at: at(60), ..delivery(&hook, "late", b"body") };
    world.store.record_delivery(late).await.unwrap();
    assert_eq!(newest().await, Some(at(90)));
}

/// A forge that was answered does not send again, and one that was not sends to the next server.
async fn what_waits_for_a_commit_when_the_store_closes_is_written(world: World) {
    let hook = hook(&world).await;
    let record = |turn: u32| world.store.record_delivery(delivery(&hook, &format!("{turn}"), b"b"));
    let (first, second, third, ()) =
        tokio::join!(record(1), record(2), record(3), world.store.close());
    for recorded in [first, second, third] {
        assert_eq!(recorded.unwrap(), Recorded::New);
    }
    let closed = world.store.record_delivery(delivery(&hook, "4", b"b")).await;
    assert!(matches!(closed, Err(StoreError::Database { .. })), "{closed:?}");
}

async fn deliveries_are_taken_oldest_first_and_by_one_taker(world: World) {
    let hook = hook(&world).await;
    let mut ids = Vec::new();
    for turn in [2, 0, 1] {
        let new = NewDelivery {
            received_at: at(50 + turn),
            ..delivery(&hook, &format!("guid {turn}"), format!("body {turn}").as_bytes())
        };
        ids.push((turn, new.id));
        world.store.record_delivery(new).await.unwrap();
    }
    let newest_first = world.store.deliveries(hook.project, 2).await.unwrap();
    assert_eq!(
        newest_first.iter().map(|d| d.guid.as_str()).collect::<Vec<_>>(),
        ["guid 2", "guid 1"]
    );
    ids.sort_unstable();
    let other = world.another_store().await;
    for (turn, id) in ids {
        let store = if turn % 2 == 0 { &other } else { &world.store };
        let (taken, body) = store.next_delivery(at(60), at(90)).await.unwrap().unwrap();
        assert_eq!((taken.id, taken.attempts), (id, 1));
        assert_eq!(body, format!("body {turn}").as_bytes());
    }
    assert_eq!(world.store.next_delivery(at(60), at(90)).await.unwrap(), None);
}

async fn a_delivery_whose_taker_vanished_is_taken_again(world: World) {
    let hook = hook(&world).await;
    world.store.record_delivery(delivery(&hook, "guid", b"body")).await.unwrap();
    assert!(world.store.next_delivery(at(60), at(90)).await.unwrap().is_some());
    assert_eq!(world.store.next_delivery(at(89), at(99)).await.unwrap(), None);
    let (again, _) = world.store.next_delivery(at(90), at(99)).await.unwrap().unwrap();
    assert_eq!(again.attempts, 2);
}

async fn a_postponed_delivery_waits_and_says_why(world: World) {
    let hook = hook(&world).await;
    world.store.record_delivery(delivery(&hook, "guid", b"body")).await.unwrap();
    let (taken, _) = world.store.next_delivery(at(60), at(90)).await.unwrap().unwrap();
    world.store.postpone_delivery(taken.id, at(70), "the forge is unavailable").await.unwrap();
    assert_eq!(world.store.next_delivery(at(69), at(99)).await.unwrap(), None);
    let (again, _) = world.store.next_delivery(at(70), at(99)).await.unwrap().unwrap();
    assert_eq!(again.last_error.as_deref(), Some("the forge is unavailable"));
}

async fn a_decided_delivery_has_its_receipt_and_rests(world: World) {
    let hook = hook(&world).await;
    world.store.record_delivery(delivery(&hook, "guid", b"body")).await.unwrap();
    let (taken, _) = world.store.next_delivery(at(60), at(61)).await.unwrap().unwrap();
    let receipts = [
        Receipt::Started { pipeline: PipelineId::fresh(), number: 3, what: "main".to_owned() },
        Receipt::Known { pipeline: PipelineId::fresh(), number: 2, what: "dev".to_owned() },
        Receipt::Ignored {
            what: "gone".to_owned(),
            because: "it was deleted".to_owned(),
            reason: IgnoredReason::RefDeleted,
        },
    ];
    world.store.decide_delivery(taken.id, &receipts, at(62)).await.unwrap();
    assert_eq!(world.store.next_delivery(at(99), at(100)).await.unwrap(), None);
    let decided = world.store.delivery(taken.id).await.unwrap().unwrap();
    assert_eq!((decided.decided_at, decided.receipts), (Some(at(62)), receipts.to_vec()));
    let missing = world.store.decide_delivery(DeliveryId::fresh(), &[], at(62)).await;
    assert!(matches!(missing, Err(StoreError::Missing("delivery"))));
}
