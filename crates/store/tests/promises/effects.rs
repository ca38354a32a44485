//! The outbox: enqueued with the change, delivered once, never ended by an older delivery.

use std::collections::HashSet;

use roundel_engine::{Effect, Event, Next, Pipeline, Transition};
use roundel_model::{
    id::{JobId, PipelineId},
    status::Outcome,
};
use roundel_store::effects::{PendingEffect, UndeliveredEffect};

use crate::world::{World, at, finished};

on_all! {
    a_change_enqueues_its_effects_in_the_same_transaction,
    what_is_enqueued_twice_is_one_effect_of_a_higher_generation,
    delivering_an_older_generation_does_not_end_a_newer,
    what_is_enqueued_again_waits_for_the_delivery_under_way,
    an_effect_is_taken_by_one_server,
    a_server_that_vanished_gives_its_effects_back,
    a_try_that_was_not_made_is_not_counted,
    a_failed_effect_waits_and_says_why,
    an_effect_that_was_given_up_rests_until_it_is_enqueued_again,
    an_event_that_is_ignored_enqueues_nothing,
    a_delivery_is_recorded_while_its_pipeline_changes,
}

/// Enqueues effects without changing the pipeline.
async fn enqueue(world: &World, id: PipelineId, effects: &[Effect], seconds: u64) {
    let effects = effects.to_vec();
    let decide = |before: &Pipeline| {
        let (reasons, abandoned) = (Vec::new(), Vec::new());
        Ok::<_, ()>(Transition::To(Next { pipeline: before.clone(), effects, reasons, abandoned }))
    };
    world.store.change(id, &Event::Tick, at(seconds), decide).await.unwrap().unwrap();
}

async fn take(world: &World, seconds: u64) -> Vec<PendingEffect> {
    world.store.due_effects(at(seconds), at(seconds + 30), 100).await.unwrap()
}

async fn pending(world: &World) -> PipelineId {
    let project = world.project("acme/web").await;
    world.pipeline(project.id, 1).await
}

async fn a_change_enqueues_its_effects_in_the_same_transaction(world: World) {
    let project = world.project("acme/web").await;
    let (pipeline, job) = world.one_job(project.id, 1).await;
    let taken = take(&world, 201).await;
    let effects: HashSet<Effect> = taken.iter().map(|pending| pending.effect).collect();
    assert_eq!(effects, HashSet::from([Effect::ReportJob(job), Effect::OfferToRunners(job)]));
    for pending in &taken {
        assert_eq!((pending.pipeline, pending.attempts, pending.generation), (pipeline, 1, 1));
        assert_eq!(pending.created_at, at(201));
    }
    let refused = |_: &Pipeline| Err::<Transition, _>("no");
    let answer = world.store.change(pipeline, &Event::Tick, at(300), refused).await.unwrap();
    assert_eq!(answer, Err("no"));
    assert_eq!(take(&world, 200).await, []);
}

async fn what_is_enqueued_twice_is_one_effect_of_a_higher_generation(world: World) {
    let pipeline = pending(&world).await;
    let (job, other) = (JobId::fresh(), JobId::fresh());
    enqueue(&world, pipeline, &[Effect::ReportJob(job), Effect::ReportConfigError], 1).await;
    enqueue(&world, pipeline, &[Effect::ReportJob(job), Effect::ReportJob(other)], 2).await;
    let taken = take(&world, 3).await;
    let taken: Vec<_> = taken.iter().map(|pending| (pending.effect, pending.generation)).collect();
    assert_eq!(taken.len(), 3);
    assert_eq!(taken[0], (Effect::ReportConfigError, 1), "oldest first");
    assert!(taken.contains(&(Effect::ReportJob(job), 2)));
    assert!(taken.contains(&(Effect::ReportJob(other), 1)));
}

/// It was delivered from the row as it was before it changed: what it said is no longer true.
async fn delivering_an_older_generation_does_not_end_a_newer(world: World) {
    let pipeline = pending(&world).await;
    enqueue(&world, pipeline, &[Effect::ReportConfigError], 1).await;
    let older = take(&world, 2).await.remove(0);
    enqueue(&world, pipeline, &[Effect::ReportConfigError], 3).await;
    world.store.effect_delivered(&older, at(4)).await.unwrap();
    let newer = take(&world, 4).await.remove(0);
    assert_eq!((newer.id, newer.generation, newer.attempts), (older.id, 2, 1));
    world.store.effect_delivered(&newer, at(5)).await.unwrap();
    assert_eq!(take(&world, 9999).await, []);
    enqueue(&world, pipeline, &[Effect::ReportConfigError], 10_000).await;
    assert_eq!(take(&world, 10_000).await[0].generation, 3, "what was delivered is remembered");
}

/// Two deliveries of one effect could overtake each other, and the older report would stay.
async fn what_is_enqueued_again_waits_for_the_delivery_under_way(world: World) {
    let pipeline = pending(&world).await;
    enqueue(&world, pipeline, &[Effect::ReportConfigError], 1).await;
    let first = take(&world, 2).await.remove(0);
    enqueue(&world, pipeline, &[Effect::ReportConfigError], 3).await;
    assert_eq!(take(&world, 4).await, []);
    world.store.effect_failed(&first, "slow", at(999)).await.unwrap();
    let second = take(&world, 5).await;
    assert_eq!(second.len(), 1, "the newer one does not inherit the pause of the older");
}

/// An effect that only waited behind others was given up after tries that never happened.
async fn a_try_that_was_not_made_is_not_counted(world: World) {
    let pipeline = pending(&world).await;
    enqueue(&world, pipeline, &[Effect::ReportConfigError], 1).await;
    let first = take(&world, 2).await.remove(0);
    world.store.effect_not_tried(&first).await.unwrap();
    assert_eq!(take(&world, 3).await, [], "its lease stays");
    let second = take(&world, 99).await.remove(0);
    assert_eq!(second.attempts, 1);
    enqueue(&world, pipeline, &[Effect::ReportConfigError], 100).await;
    world.store.effect_not_tried(&second).await.unwrap();
    let newer = take(&world, 200).await.remove(0);
    assert_eq!(newer.attempts, 1, "an older generation counts for itself");
}

async fn an_effect_is_taken_by_one_server(world: World) {
    let pipeline = pending(&world).await;
    let effects: Vec<Effect> = (0..60).map(|_| Effect::ReportJob(JobId::fresh())).collect();
    enqueue(&world, pipeline, &effects, 1).await;
    let other = world.another_store().await;
    let mut servers = tokio::task::JoinSet::new();
    for turn in 0..8 {
        let store = if turn % 2 == 0 { world.store.clone() } else { other.clone() };
        servers.spawn(async move {
            let mut taken = Vec::new();
            loop {
                let some = store.due_effects(at(2), at(32), 5).await.unwrap();
                if some.is_empty() {
                    return taken;
                }
                taken.extend(some);
            }
        });
    }
    let taken: Vec<PendingEffect> = servers.join_all().await.into_iter().flatten().collect();
    let distinct: HashSet<Effect> = taken.iter().map(|pending| pending.effect).collect();
    assert_eq!((taken.len(), distinct.len()), (60, 60));
}

async fn a_server_that_vanished_gives_its_effects_back(world: World) {
    let pipeline = pending(&world).await;
    enqueue(&world, pipeline, &[Effect::AnnounceConfigError], 1).await;
    assert_eq!(take(&world, 2).await.len(), 1);
    assert_eq!(take(&world, 31).await, []);
    assert_eq!(take(&world, 32).await[0].attempts, 2);
}

async fn a_failed_effect_waits_and_says_why(world: World) {
    let pipeline = pending(&world).await;
    enqueue(&world, pipeline, &[Effect::ReportConfigError, Effect::AnnounceConfigError], 1).await;
    let taken = take(&world, 2).await;
    let undelivered = || async { world.store.undelivered_effects(pipeline).await.unwrap() };
    let reasons: Vec<_> = undelivered().await.into_iter().map(|one| one.error).collect();
    assert_eq!(reasons, [None, None]);
    world.store.effect_failed(&taken[0], "503", at(60)).await.unwrap();
    world.store.effect_delivered(&taken[1], at(3)).await.unwrap();
    assert_eq!(take(&world, 59).await, []);
    let failed = UndeliveredEffect {
        effect: taken[0].effect,
        attempts: 1,
        error: Some("503".to_owned()),
        given_up: false,
    };
    assert_eq!(undelivered().await, [failed]);
    let again = take(&world, 60).await.remove(0);
    assert_eq!(again.attempts, 2);
    world.store.effect_delivered(&again, at(61)).await.unwrap();
    assert_eq!(undelivered().await, []);
}

async fn an_effect_that_was_given_up_rests_until_it_is_enqueued_again(world: World) {
    let pipeline = pending(&world).await;
    enqueue(&world, pipeline, &[Effect::ReportConfigError], 1).await;
    let taken = take(&world, 2).await.remove(0);
    world.store.effect_given_up(&taken, "the repository is gone", at(3)).await.unwrap();
    assert_eq!(take(&world, 9999).await, []);
    let given_up = UndeliveredEffect {
        effect: Effect::ReportConfigError,
        attempts: 1,
        error: Some("the repository is gone".to_owned()),
        given_up: true,
    };
    assert_eq!(world.store.undelivered_effects(pipeline).await.unwrap(), [given_up]);
    enqueue(&world, pipeline, &[Effect::ReportConfigError], 10_000).await;
    assert_eq!(take(&world, 10_000).await.len(), 1);
}

/// A late report changes nothing, so there is nothing to send.
async fn an_event_that_is_ignored_enqueues_nothing(world: World) {
    let project = world.project("acme/web").await;
    let (pipeline, job) = world.one_job(project.id, 1).await;
    let lease = world.claim(pipeline, job, 0, at(220)).await;
    world.finish((pipeline, job), lease, Outcome::Success, at(230)).await;
    for effect in take(&world, 240).await {
        world.store.effect_delivered(&effect, at(241)).await.unwrap();
    }
    world.apply(pipeline, &finished((job, 0), lease, Outcome::Failed), at(250)).await;
    assert_eq!(world.store.undelivered_effects(pipeline).await.unwrap(), []);
}

/// Both lock the effect and the pipeline: in another order they would wait for each other.
async fn a_delivery_is_recorded_while_its_pipeline_changes(world: World) {
    let id = pending(&world).await;
    let effects = [Effect::ReportConfigError];
    for round in 0..100 {
        let seconds = 1000 + round * 100;
        enqueue(&world, id, &effects, seconds).await;
        let taken = take(&world, seconds + 1).await;
        let [effect] = taken.as_slice() else { panic!("{taken:?}") };
        let (changed, delivered) = tokio::join!(
            enqueue(&world, id, &effects, seconds + 2),
            world.store.effect_delivered(effect, at(seconds + 2))
        );
        let () = changed;
        delivered.unwrap();
        let later = take(&world, seconds + 50).await;
        for effect in &later {
            world.store.effect_delivered(effect, at(seconds + 51)).await.unwrap();
        }
    }
}
