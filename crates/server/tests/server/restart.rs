//! Killed between any two phases and started again: nothing is lost and nothing happens twice.

use std::time::Duration;

use reqwest::StatusCode;
use roundel_localforge::{Failure, FailureKind};
use roundel_model::{
    forge::ForgeKind,
    id::PipelineId,
    name::{BranchName, CommitSha, GitRef},
    status::PipelineStatus,
    time::Timestamp,
};
use roundel_store::pipelines::{CommitInfo, NewPipeline, TriggerKind};

use super::world::{ONE_JOB, World, plain_client_without_redirects, until, words};

fn hang(kind: ForgeKind, path: &str) -> Failure {
    let how = FailureKind::Delay(Duration::from_secs(30));
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

/// A disk that is full, say, from the moment when the pipeline is there: the user who asked for it must not
/// be answered "try again", for it will run.
#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_that_is_there_is_shown_and_continued_though_the_store_failed() {
    let kind = ForgeKind::GitHub;
    let mut world = World::start().await;
    let place = world.forge.web_url(kind);
    world.settings.orbs.fetch_timeout = Duration::from_millis(500);
    world.settings.orbs.url_prefixes = vec![place.clone()];
    world.restart().await;
    let project = world.project(kind, "web").await;
    let orb = format!("{ONE_JOB}orbs:\n  away: {place}orb.yml\n");
    let files = [(".circleci/config.yml", orb.as_str())];
    world.commit(kind, ("web", "main"), &files, "later [skip ci]").await;

    // Compiling waits for the orb; meanwhile the store ends.
    world.forge.inject(hang(kind, "/orb.yml"));
    let visit = world.visit(project, "/trigger").await;
    let request = plain_client_without_redirects()
        .post(visit.url)
        .header("sec-fetch-site", "same-origin")
        .header("cookie", visit.cookie)
        .header("content-type", "application/x-www-form-urlencoded")
        .body("branch=main");
    let answer = tokio::spawn(request.send());
    let pipeline = until("the pipeline to be created", async || {
        world.pipelines(project).await.first().map(|(row, _)| row.id)
    })
    .await;
    world.app().store.close().await;
    let answer = answer.await.unwrap().unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let place = answer.headers()["location"].to_str().unwrap();
    assert_eq!(place, format!("/pipeline/{pipeline}?done=triggered"));

    world.restart().await;
    until("the pipeline to be decided", async || {
        let row = world.app().store.pipeline(pipeline).await.unwrap().unwrap();
        (row.status != PipelineStatus::Pending).then_some(())
    })
    .await;
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
