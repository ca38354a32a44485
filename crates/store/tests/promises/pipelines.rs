//! Creating pipelines: once for each event, numbered without a gap.

use std::collections::BTreeSet;

use roundel_model::{
    id::{PipelineId, ProjectId},
    name::{CommitSha, GitRef},
};
use roundel_store::{
    StoreError,
    pipelines::{CreatedPipeline, NewPipeline, TriggerKind},
};

use crate::world::{World, at, push};

on_all! {
    the_same_push_is_built_once,
    another_push_is_another_pipeline,
    a_user_who_asks_twice_gets_two,
    a_set_up_that_was_interrupted_starts_one_pipeline,
    pipelines_created_at_the_same_time_are_numbered_without_a_gap,
    a_pipeline_needs_a_project,
    pending_pipelines_are_found_after_a_crash,
}

/// The same event, reported again.
fn reported_again(new: &NewPipeline) -> NewPipeline {
    NewPipeline { id: PipelineId::fresh(), created_at: at(999), ..new.clone() }
}

async fn the_same_push_is_built_once(world: World) {
    let project = world.project("acme/web").await.id;
    for trigger in [TriggerKind::Push, TriggerKind::Tag] {
        let before = Some(CommitSha::from("b".repeat(40)));
        let new = NewPipeline { trigger, before, ..push(project, &"a".repeat(40)) };
        let created = world.store.create_pipeline(&new).await.unwrap();
        assert!(created.is_new && created.id == new.id, "{created:?}");
        let again = world.store.create_pipeline(&reported_again(&new)).await.unwrap();
        assert_eq!(again, CreatedPipeline { is_new: false, ..created });
    }
}

async fn another_push_is_another_pipeline(world: World) {
    let project = world.project("acme/web").await.id;
    let other = world.project("acme/api").await.id;
    let first = push(project, &"a".repeat(40));
    let before = |letter: &str| Some(CommitSha::from(letter.repeat(40)));
    let tag = GitRef::Tag("main".into());
    // The last one pushes an old commit again, over another one: that is another event.
    let variants = [
        first.clone(),
        NewPipeline { sha: CommitSha::from("c".repeat(40)), ..reported_again(&first) },
        NewPipeline { git_ref: tag, trigger: TriggerKind::Tag, ..reported_again(&first) },
        NewPipeline { git_ref: GitRef::Branch("dev".into()), ..reported_again(&first) },
        NewPipeline { before: before("c"), ..reported_again(&first) },
    ];
    for (new, number) in variants.iter().zip(1..) {
        let created = world.store.create_pipeline(new).await.unwrap();
        assert_eq!(created, CreatedPipeline { id: new.id, number, is_new: true });
    }
    let elsewhere = NewPipeline { project: other, ..reported_again(&first) };
    let created = world.store.create_pipeline(&elsewhere).await.unwrap();
    let first = CreatedPipeline { id: elsewhere.id, number: 1, is_new: true };
    assert_eq!(created, first, "each project counts for itself");
}

async fn a_user_who_asks_twice_gets_two(world: World) {
    let project = world.project("acme/web").await.id;
    let new = NewPipeline { trigger: TriggerKind::Manual, ..push(project, &"a".repeat(40)) };
    let create = |new: NewPipeline| {
        let store = world.store.clone();
        async move { store.create_pipeline(&new).await.unwrap() }
    };
    let first = create(new.clone()).await;
    assert_eq!(first, CreatedPipeline { id: new.id, number: 1, is_new: true });
    let second = reported_again(&new);
    let other = CreatedPipeline { id: second.id, number: 2, is_new: true };
    assert_eq!(create(second).await, other);
    let known = CreatedPipeline { is_new: false, ..first };
    assert_eq!(create(new).await, known, "one request that is repeated is one");
}

async fn a_set_up_that_was_interrupted_starts_one_pipeline(world: World) {
    let project = world.project("acme/web").await.id;
    let new = NewPipeline { trigger: TriggerKind::Setup, ..push(project, &"a".repeat(40)) };
    world.store.create_pipeline(&new).await.unwrap();
    let before = Some(CommitSha::from("d".repeat(40)));
    let again = NewPipeline { before, ..reported_again(&new) };
    let known = CreatedPipeline { id: new.id, number: 1, is_new: false };
    assert_eq!(world.store.create_pipeline(&again).await.unwrap(), known);
}

async fn pipelines_created_at_the_same_time_are_numbered_without_a_gap(world: World) {
    let project = world.project("acme/web").await.id;
    let other = world.another_store().await;
    let mut creations = tokio::task::JoinSet::new();
    for turn in 0..40 {
        let store = if turn % 2 == 0 { world.store.clone() } else { other.clone() };
        let new = push(project, &format!("{:040}", turn % 20));
        creations.spawn(async move { store.create_pipeline(&new).await.unwrap() });
    }
    let (mut new, mut known) = (BTreeSet::new(), BTreeSet::new());
    for created in creations.join_all().await {
        let numbers = if created.is_new { &mut new } else { &mut known };
        assert!(numbers.insert(created.number));
    }
    assert_eq!(new, (1..=20).collect());
    assert_eq!(new, known);
}

async fn a_pipeline_needs_a_project(world: World) {
    let orphan = push(ProjectId::fresh(), &"a".repeat(40));
    let refused = world.store.create_pipeline(&orphan).await;
    assert!(matches!(refused, Err(StoreError::Missing("project"))));
}

async fn pending_pipelines_are_found_after_a_crash(world: World) {
    let project = world.project("acme/web").await.id;
    let (first, second) = (world.pipeline(project, 1).await, world.pipeline(project, 2).await);
    world.compiled(world.pipeline(project, 0).await, vec![], at(200)).await;
    let pending = |seconds| {
        let store = world.store.clone();
        async move { store.pending_pipelines(at(seconds)).await.unwrap() }
    };
    assert_eq!(pending(103).await, [first, second]);
    assert_eq!(pending(102).await, [first]);
    assert_eq!(pending(101).await, []);
}
