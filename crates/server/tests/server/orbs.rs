//! Orbs in pipelines: what was published here is used, recorded, and the same ever after.

use roundel_model::{forge::ForgeKind, id::PipelineId, status::PipelineStatus, time::Timestamp};
use roundel_server::orbs::publish::{Publication, publish};
use roundel_store::pipelines::{CommitInfo, NewPipeline, TriggerKind};

use super::world::{OWNER, World, until, words};

const KIND: ForgeKind = ForgeKind::GitHub;

const CONFIG: &str = "version: 2.1
orbs:
  tools: acme/tools@1
jobs:
  build:
    machine: true
    steps:
      - tools/greet
workflows:
  main:
    jobs: [build]
";

fn orb(words: &str) -> String {
    format!("version: 2.1\ncommands:\n  greet:\n    steps:\n      - run: echo {words}\n")
}

/// Publishes for the organization that owns the projects of the world.
async fn publish_orb(world: &World, version: &str, words: &str) {
    let publication = Publication {
        orb: format!("acme/tools@{version}"),
        text: orb(words),
        organization: Some(format!("github/{OWNER}")),
        visibility: None,
        published_by: "ada".to_owned(),
    };
    publish(&world.app().store, publication, Timestamp::now()).await.unwrap();
}

/// The words that the only step of a claimed task says.
async fn said(world: &World) -> String {
    let task = world.runner().claim().await.unwrap();
    let spec = format!("{:?}", task.spec);
    task.play(&[]).await.unwrap();
    spec
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orb_that_was_published_here_is_used_and_recorded() {
    let world = World::start().await;
    let project = world.project(KIND, "web").await;
    publish_orb(&world, "1.0.0", "first").await;
    let sha = world.push(KIND, "web", CONFIG).await;
    assert!(said(&world).await.contains("echo first"));
    world.reported(KIND, "web", &sha, words(KIND).1).await;
    let pipeline = world.only_pipeline(project).await;
    let used = world.app().store.pipeline_orbs(pipeline).await.unwrap();
    let [used] = &used[..] else { panic!("{used:?}") };
    assert_eq!((used.requested.as_str(), used.version.as_str()), ("acme/tools@1", "1.0.0"));
    assert_eq!((used.origin.as_str(), used.transitive), ("this instance", false));
    assert_eq!(used.text, orb("first"));
    // What is pushed later gets what was published since.
    publish_orb(&world, "1.1.0", "second").await;
    world.push(KIND, "web", &format!("{CONFIG}# again\n")).await;
    assert!(said(&world).await.contains("echo second"));
}

/// A crash between looking for orbs and starting the jobs, and a version published in between.
#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_that_is_compiled_again_gets_the_same_orbs() {
    let mut world = World::start().await;
    let project = world.project(KIND, "web").await;
    publish_orb(&world, "1.0.0", "first").await;
    world.push(KIND, "web", CONFIG).await;
    assert!(said(&world).await.contains("echo first"));
    let first = world.only_pipeline(project).await;
    let store = &world.app().store;
    let (row, used) =
        (store.pipeline(first).await.unwrap().unwrap(), store.pipeline_orbs(first).await.unwrap());

    // The rows as the crash leaves them.
    let id = PipelineId::fresh();
    let left = NewPipeline {
        id,
        project,
        trigger: TriggerKind::Manual,
        delivery: None,
        git_ref: row.git_ref,
        sha: row.sha,
        before: None,
        commit: CommitInfo::default(),
        actor: None,
        actor_login: None,
        created_at: Timestamp::now(),
    };
    publish_orb(&world, "1.1.0", "second").await;
    store.create_pipeline(&left).await.unwrap();
    store.record_pipeline_orbs(id, &used, Timestamp::now()).await.unwrap();
    world.restart().await;
    assert!(said(&world).await.contains("echo first"));
    assert_eq!(world.app().store.pipeline_orbs(id).await.unwrap(), used);
}

#[tokio::test(flavor = "multi_thread")]
async fn cfg_e051_a_missing_orb_is_reported_with_how_to_provide_it() {
    let world = World::start().await;
    let project = world.project(KIND, "web").await;
    let sha = world.push(KIND, "web", CONFIG).await;
    world.reported(KIND, "web", &sha, "error").await;
    let pipeline = world.only_pipeline(project).await;
    let row = until("the pipeline to end", async || {
        let row = world.app().store.pipeline(pipeline).await.unwrap().unwrap();
        (row.status == PipelineStatus::Errored).then_some(row)
    })
    .await;
    let sentences = row.errors.join("\n");
    assert!(sentences.contains("acme/tools"), "{sentences}");
    let diagnostics = world.app().store.config_of(pipeline).await.unwrap().unwrap().diagnostics;
    let diagnostics = diagnostics.unwrap();
    assert!(diagnostics.contains("roundel orb publish"), "{diagnostics}");
}
