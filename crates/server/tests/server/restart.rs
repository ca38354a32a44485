//! Killed between any two phases and started again: nothing is lost and nothing happens twice.

use roundel_localforge::{Failure, FailureKind};
use roundel_model::{
    forge::ForgeKind,
    id::PipelineId,
    name::{BranchName, CommitSha, GitRef},
    status::PipelineStatus,
    time::Timestamp,
};
use roundel_store::pipelines::{CommitInfo, NewPipeline, TriggerKind};

use super::world::{ONE_JOB, World, until, words};

fn hang(kind: ForgeKind, path: &str) -> Failure {
    let how = FailureKind::Delay(std::time::Duration::from_secs(30));
    let (method, path_contains) = (String::new(), path.to_owned());
    Failure { kind, method, path_contains, after: 0, times: 1, how }
}

/// Between storing the delivery and deciding it.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_was_stored_is_decided_after_a_crash() {
    let mut world = World::start().await;
    for kind in ForgeKind::ALL {
        let project = world.project(kind, "web").await;
        let path = if kind == ForgeKind::GitHub { "/contents/" } else { "/src/" };
        let before = world.deliveries(project).await.len();
        world.forge.inject(hang(kind, path));
        let sha = world.push(kind, "web", ONE_JOB).await;
        until("the delivery to be taken", async || {
            let deliveries = world.deliveries(project).await;
            (deliveries.len() > before && deliveries[0].attempts > 0).then_some(())
        })
        .await;
        world.restart().await;
        world.forge.heal();
        world.runner().claim().await.unwrap().play(&[]).await.unwrap();
        world.reported(kind, "web", &sha, words(kind).1).await;
        world.only_pipeline(project).await;
    }
}

/// Between creating the pipeline and compiling its configuration.
#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_that_was_created_is_compiled_after_a_crash() {
    let mut world = World::start().await;
    let kind = ForgeKind::GitHub;
    world.add_repository(kind, "web", &[("README.md", "x")]).await;
    let (project, _) = world.set_up(kind, "web").await;
    let sha = world.forge.head_of(kind, super::world::OWNER, "web", "main").await.unwrap();
    // The row as the crash leaves it. The configuration is not there: that is an answer, too.
    let id = PipelineId::fresh();
    world
        .app()
        .store
        .create_pipeline(&NewPipeline {
            id,
            project,
            trigger: TriggerKind::Push,
            delivery: None,
            git_ref: GitRef::Branch(BranchName::from("main")),
            sha: CommitSha::from(sha.as_str()),
            before: None,
            commit: CommitInfo::default(),
            actor: None,
            actor_login: None,
            created_at: Timestamp::now(),
        })
        .await
        .unwrap();
    world.restart().await;
    until("the pipeline to be decided", async || {
        let row = world.app().store.pipeline(id).await.unwrap().unwrap();
        (row.status == PipelineStatus::Errored).then_some(())
    })
    .await;
    world.reported(kind, "web", &sha, "error").await;
}

/// Between compiling and claiming; between claiming and the outcome; and after it.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_continues_over_two_crashes() {
    let mut world = World::start().await;
    for kind in ForgeKind::ALL {
        let project = world.project(kind, "web").await;
        let sha = world.push(kind, "web", ONE_JOB).await;
        world.reported(kind, "web", &sha, words(kind).0).await;
        world.restart().await;
        let task = world.runner().claim().await.unwrap();
        world.restart().await;
        // The runner was there all the time, and its lease is still good.
        assert!(task.renew().await.unwrap().status.is_success());
        task.play(&[]).await.unwrap();
        world.reported(kind, "web", &sha, words(kind).1).await;
        world.only_pipeline(project).await;
    }
}

/// Between the outcome and the commit status, and between the commit status and the email.
#[tokio::test(flavor = "multi_thread")]
async fn the_outbox_is_delivered_after_a_crash() {
    let mut world = World::start().await;
    let mut expected = 0;
    for kind in ForgeKind::ALL {
        world.project(kind, "web").await;
        let sha = world.push(kind, "web", ONE_JOB).await;
        world.reported(kind, "web", &sha, words(kind).0).await;
        let task = world.runner().claim().await.unwrap();
        let mut failure = hang(kind, "/statuses");
        failure.times = u32::MAX;
        world.forge.inject(failure);
        world.sink.be_unavailable_for(u32::MAX);
        task.play(&[]).await.unwrap();
        world.restart().await;
        world.forge.heal();
        world.sink.be_unavailable_for(0);
        world.reported(kind, "web", &sha, words(kind).1).await;
        expected += 1;
        let emails = world.sink.wait_for(expected, super::world::TIMEOUT).await;
        assert_eq!(emails.len(), expected);
    }
}
