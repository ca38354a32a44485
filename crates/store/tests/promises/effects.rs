//! The outbox: owed with the change, paid once, never settled by an older payment.

use std::collections::HashSet;

use roundel_engine::{Effect, Event, Next, Pipeline, Transition};
use roundel_model::{
    id::{JobId, PipelineId},
    status::Outcome,
};
use roundel_store::effects::OwedEffect;

use crate::world::{World, at, finished};

on_all! {
    a_change_owes_its_effects_in_the_same_transaction,
    what_is_owed_twice_is_one_effect_of_a_higher_generation,
    paying_an_older_generation_does_not_settle_a_newer,
    what_is_owed_again_waits_for_the_payer_that_has_it,
    an_effect_is_taken_by_one_payer,
    a_payer_that_vanished_gives_its_effects_back,
    a_failed_effect_waits_and_shows_its_trouble,
    a_parked_effect_rests_until_it_is_owed_again,
    the_next_effect_is_known,
}

/// Owes something without changing the pipeline.
async fn owe(world: &World, id: PipelineId, effects: &[Effect], seconds: u64) {
    let effects = effects.to_vec();
    let decide = |before: &Pipeline| {
        let (reasons, abandoned) = (Vec::new(), Vec::new());
        Ok::<_, ()>(Transition::To(Next { pipeline: before.clone(), effects, reasons, abandoned }))
    };
    world.store.change(id, &Event::Tick, at(seconds), decide).await.unwrap().unwrap();
}

async fn take(world: &World, seconds: u64) -> Vec<OwedEffect> {
    world.store.due_effects(at(seconds), at(seconds + 30), 100).await.unwrap()
}

async fn pending(world: &World) -> PipelineId {
    let project = world.project("acme/web").await;
    world.pipeline(project.id, 1).await
}

async fn a_change_owes_its_effects_in_the_same_transaction(world: World) {
    let project = world.project("acme/web").await;
    let (pipeline, job) = world.one_job(project.id, 1).await;
    let owed = take(&world, 201).await;
    let effects: HashSet<Effect> = owed.iter().map(|owed| owed.effect).collect();
    assert_eq!(effects, HashSet::from([Effect::ReportJob(job), Effect::OfferToRunners(job)]));
    for owed in &owed {
        assert_eq!((owed.pipeline, owed.attempts, owed.generation), (pipeline, 1, 1));
        assert_eq!(owed.created_at, at(201));
    }
    let refused = |_: &Pipeline| Err::<Transition, _>("no");
    let answer = world.store.change(pipeline, &Event::Tick, at(300), refused).await.unwrap();
    assert_eq!(answer, Err("no"));
    assert_eq!(take(&world, 200).await, []);
}

async fn what_is_owed_twice_is_one_effect_of_a_higher_generation(world: World) {
    let pipeline = pending(&world).await;
    let (job, other) = (JobId::fresh(), JobId::fresh());
    owe(&world, pipeline, &[Effect::ReportJob(job), Effect::ReportConfigError], 1).await;
    owe(&world, pipeline, &[Effect::ReportJob(job), Effect::ReportJob(other)], 2).await;
    let taken = take(&world, 3).await;
    let taken: Vec<_> = taken.iter().map(|owed| (owed.effect, owed.generation)).collect();
    assert_eq!(taken.len(), 3);
    assert_eq!(taken[0], (Effect::ReportConfigError, 1), "oldest first");
    assert!(taken.contains(&(Effect::ReportJob(job), 2)));
    assert!(taken.contains(&(Effect::ReportJob(other), 1)));
}

/// The payer read the row before it changed: what it said is no longer true.
async fn paying_an_older_generation_does_not_settle_a_newer(world: World) {
    let pipeline = pending(&world).await;
    owe(&world, pipeline, &[Effect::ReportConfigError], 1).await;
    let older = take(&world, 2).await.remove(0);
    owe(&world, pipeline, &[Effect::ReportConfigError], 3).await;
    world.store.effect_paid(&older, at(4)).await.unwrap();
    let newer = take(&world, 4).await.remove(0);
    assert_eq!((newer.id, newer.generation, newer.attempts), (older.id, 2, 1));
    world.store.effect_paid(&newer, at(5)).await.unwrap();
    assert_eq!(take(&world, 9999).await, []);
    owe(&world, pipeline, &[Effect::ReportConfigError], 10_000).await;
    assert_eq!(take(&world, 10_000).await[0].generation, 3, "a settled debt is remembered");
}

/// Two payers of one thing could overtake each other, and the older news would stay.
async fn what_is_owed_again_waits_for_the_payer_that_has_it(world: World) {
    let pipeline = pending(&world).await;
    owe(&world, pipeline, &[Effect::ReportConfigError], 1).await;
    let first = take(&world, 2).await.remove(0);
    owe(&world, pipeline, &[Effect::ReportConfigError], 3).await;
    assert_eq!(take(&world, 4).await, []);
    world.store.effect_failed(&first, "slow", at(999)).await.unwrap();
    let second = take(&world, 5).await;
    assert_eq!(second.len(), 1, "the newer one does not inherit the pause of the older");
}

async fn an_effect_is_taken_by_one_payer(world: World) {
    let pipeline = pending(&world).await;
    let effects: Vec<Effect> = (0..60).map(|_| Effect::ReportJob(JobId::fresh())).collect();
    owe(&world, pipeline, &effects, 1).await;
    let other = world.another_store().await;
    let mut payers = tokio::task::JoinSet::new();
    for turn in 0..8 {
        let store = if turn % 2 == 0 { world.store.clone() } else { other.clone() };
        payers.spawn(async move {
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
    let taken: Vec<OwedEffect> = payers.join_all().await.into_iter().flatten().collect();
    let distinct: HashSet<Effect> = taken.iter().map(|owed| owed.effect).collect();
    assert_eq!((taken.len(), distinct.len()), (60, 60));
}

async fn a_payer_that_vanished_gives_its_effects_back(world: World) {
    let pipeline = pending(&world).await;
    owe(&world, pipeline, &[Effect::AnnounceConfigError], 1).await;
    assert_eq!(take(&world, 2).await.len(), 1);
    assert_eq!(take(&world, 31).await, []);
    assert_eq!(take(&world, 32).await[0].attempts, 2);
}

async fn a_failed_effect_waits_and_shows_its_trouble(world: World) {
    let pipeline = pending(&world).await;
    owe(&world, pipeline, &[Effect::ReportConfigError, Effect::AnnounceConfigError], 1).await;
    let taken = take(&world, 2).await;
    world.store.effect_failed(&taken[0], "503", at(60)).await.unwrap();
    world.store.effect_paid(&taken[1], at(3)).await.unwrap();
    assert_eq!(take(&world, 59).await, []);
    let troubled = world.store.troubled_effects(pipeline).await.unwrap();
    assert_eq!(troubled, [(taken[0].effect, 1, "503".to_owned(), false)]);
    let again = take(&world, 60).await.remove(0);
    assert_eq!(again.attempts, 2);
    world.store.effect_paid(&again, at(61)).await.unwrap();
    assert_eq!(world.store.troubled_effects(pipeline).await.unwrap(), []);
}

async fn a_parked_effect_rests_until_it_is_owed_again(world: World) {
    let pipeline = pending(&world).await;
    owe(&world, pipeline, &[Effect::ReportConfigError], 1).await;
    let taken = take(&world, 2).await.remove(0);
    world.store.effect_parked(&taken, "the repository is gone", at(3)).await.unwrap();
    assert_eq!(take(&world, 9999).await, []);
    assert_eq!(world.store.next_effect_at().await.unwrap(), None);
    let troubled = world.store.troubled_effects(pipeline).await.unwrap();
    let reason = "the repository is gone".to_owned();
    assert_eq!(troubled, [(Effect::ReportConfigError, 1, reason, true)]);
    owe(&world, pipeline, &[Effect::ReportConfigError], 10_000).await;
    assert_eq!(take(&world, 10_000).await.len(), 1);
}

async fn the_next_effect_is_known(world: World) {
    assert_eq!(world.store.next_effect_at().await.unwrap(), None);
    let project = world.project("acme/web").await;
    let (pipeline, job) = world.one_job(project.id, 1).await;
    assert_eq!(world.store.next_effect_at().await.unwrap(), Some(at(201)));
    let taken = take(&world, 210).await;
    assert_eq!(world.store.next_effect_at().await.unwrap(), Some(at(240)), "leases end");
    for owed in &taken {
        world.store.effect_paid(owed, at(211)).await.unwrap();
    }
    assert_eq!(world.store.next_effect_at().await.unwrap(), None);
    let lease = world.claim(pipeline, job, 0, at(220)).await;
    world.finish((pipeline, job), lease, Outcome::Success, at(230)).await;
    assert_eq!(world.store.next_effect_at().await.unwrap(), Some(at(230)));
    world.apply(pipeline, &finished((job, 0), lease, Outcome::Failed), at(231)).await;
    assert_eq!(world.store.next_effect_at().await.unwrap(), Some(at(230)));
}
