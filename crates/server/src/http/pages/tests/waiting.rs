//! What pages say of a job that does not run, and of jobs and runners that are not there.

use std::time::Duration;

use roundel_engine::Configuration;
use roundel_model::{
    kind::{Architecture, ExecutorKind},
    plan::PlannedJobKind,
    time::Timestamp,
};
use roundel_store::runners::RunnerRow;

use super::world::{World, text};

async fn page(world: &World, path: &str) -> String {
    text(world.get(path, Some("admin")).await).await
}

fn runner(name: &str, architecture: Architecture) -> RunnerRow {
    RunnerRow {
        name: name.to_owned(),
        version: "1".to_owned(),
        resource_classes: Vec::new(),
        executors: vec![ExecutorKind::Machine.into()],
        architecture: Some(architecture.into()),
        limitations: None,
        last_seen_at: Timestamp::now(),
        signed_off_at: None,
    }
}

/// Its page said "The job ended before its first step", and nothing of why.
#[tokio::test]
async fn a_job_that_was_not_run_says_how_the_job_that_it_requires_ended() {
    let world = World::new().await;
    let pipeline = world.unauthorized("Deploy it", &["aws-prod"]).await;
    let job = world.job(pipeline, "test").await;
    let why = "Not run, because <code>build</code> is unauthorized.";
    let of_job = page(&world, &format!("/job/{job}")).await;
    assert!(of_job.contains(why) && of_job.contains("The job was not started."), "{of_job}");
    assert!(!of_job.contains("before its first step"), "{of_job}");
    let of_pipeline = page(&world, &format!("/pipeline/{pipeline}")).await;
    assert!(of_pipeline.contains(&format!("<td>{why}</td>")), "{of_pipeline}");
}

/// As if one were busy, it said that it waits for a free runner.
#[tokio::test]
async fn a_queued_job_says_what_no_connected_runner_takes() {
    let world = World::new().await;
    let mut build = roundel_testkit::planned::build("build", 1);
    if let PlannedJobKind::Build(body) = &mut build.kind {
        body.resource_class = Some("arm.large".to_owned());
    }
    let pipeline =
        world.pipeline_of("main", "On ARM", (build, &[], Configuration::default())).await;
    let job = format!("/job/{}", world.job(pipeline, "build").await);
    // The list of jobs said something more general.
    let says = async |what: &str| {
        let (of_job, list) = (page(&world, &job).await, format!("/pipeline/{pipeline}"));
        assert!(of_job.contains(&format!("</svg>{what}")), "{what}: {of_job}");
        let list = page(&world, &list).await;
        assert!(list.contains(&format!("<td>{what}")), "{what}: {list}");
        assert!(!(of_job + &list).contains("Queued:"), "the status says it");
    };
    let store = &world.app.store;
    says("No runner is connected.").await;
    let docker = vec![ExecutorKind::Docker.into()];
    let only_docker = RunnerRow { executors: docker, ..runner("a", Architecture::Amd64) };
    store.touch_runner(&only_docker).await.unwrap();
    says("No connected runner supports the executor <code>machine</code>.").await;
    store.touch_runner(&runner("b", Architecture::Amd64)).await.unwrap();
    says("No connected runner supports the architecture <code>arm64</code>.").await;
    let other_class = vec!["acme/gpu".to_owned()];
    let other_class =
        RunnerRow { resource_classes: other_class, ..runner("b", Architecture::Arm64) };
    store.touch_runner(&other_class).await.unwrap();
    // One takes every class, and no machine.
    let class_of_a_machine = "No connected runner supports the executor <code>machine</code> together \
                              with the resource class <code>arm.large</code>.";
    says(class_of_a_machine).await;
    store.touch_runner(&runner("c", Architecture::Arm64)).await.unwrap();
    says("Waiting for a runner that takes its resource class").await;
    store.sign_off_runner("c", Timestamp::now().plus(Duration::from_secs(1))).await.unwrap();
    says(class_of_a_machine).await;
}

/// While it runs a job, a runner claims no other. After two minutes it was shown as offline.
#[tokio::test]
async fn a_runner_that_runs_a_job_is_online() {
    let world = World::new().await;
    let first = world.pipeline("main", "Take long").await;
    let second = world.pipeline("main", "Wait").await;
    world.claim(first, "build").await;
    let long_ago = Timestamp::now().minus(Duration::from_hours(1));
    let busy = RunnerRow { last_seen_at: long_ago, ..runner("runner-1", Architecture::Amd64) };
    world.app.store.touch_runner(&busy).await.unwrap();
    let runners = page(&world, "/runners").await;
    assert!(runners.contains(">Online</span>"), "{runners}");
    let job = world.job(second, "build").await;
    let queued = page(&world, &format!("/job/{job}")).await;
    assert!(queued.contains("Waiting for a runner that takes"), "{queued}");
}

/// A filter keeps the job out of this pipeline; that it "ends as unauthorized" is not so.
#[tokio::test]
async fn a_warning_about_jobs_that_are_not_in_the_pipeline_is_not_on_its_page() {
    let world = World::new().await;
    let config = |asks: &str| {
        let jobs = ["build", "test", "publish"].map(|name| {
            let context = if name == asks { "aws-prod" } else { "[]" };
            format!("      - {name}: {{ context: {context} }}\n")
        });
        format!(
            "version: 2.1
jobs:
  build: {{ machine: true, steps: [checkout] }}
  test: {{ machine: true, steps: [checkout] }}
  publish: {{ machine: true, steps: [checkout] }}
workflows:
  main:
    jobs:
{}",
            jobs.concat()
        )
    };
    // The pipeline has `build` and `test`.
    for (asks, is_warned) in [("build", true), ("publish", false)] {
        let pipeline = world.noted("Publish it", &config(asks)).await;
        let page = page(&world, &format!("/pipeline/{pipeline}")).await;
        assert_eq!(page.contains("aws-prod"), is_warned, "{page}");
    }
}

/// The reason was in a card with its source, and in a banner below it.
#[tokio::test]
async fn a_refusal_that_has_a_card_has_no_banner() {
    let world = World::new().await;
    let config = "version: 2.1
jobs: { build: { machine: true, steps: [checkout] } }
workflows: { main: { jobs: [build: { context: aws-prod }] } }\n";
    let compiled = roundel_config::compile(config, &roundel_config::Inputs::default());
    let notes: Vec<_> = compiled.notes().collect();
    let explained = Configuration {
        text: Some(config.to_owned()),
        diagnostics: Some(serde_json::to_string(&notes).unwrap()),
        nothing_runs: None,
    };
    // A pipeline of an earlier release may have no card.
    for (configuration, banners) in [(Configuration::default(), 1), (explained, 0)] {
        let build = roundel_testkit::planned::build("build", 1);
        let plan = (build, &["aws-prod"][..], configuration);
        let pipeline = world.pipeline_of("main", "Deploy it", plan).await;
        let page = page(&world, &format!("/pipeline/{pipeline}")).await;
        assert_eq!(page.matches("class=\"notice warn refused\"").count(), banners, "{page}");
        let cards = page.matches("class=\"diagnostic is-unsupported\"").count();
        assert_eq!(cards, 1 - banners, "{page}");
    }
}

/// Containers that run a runner each have a name of their own.
#[tokio::test]
async fn of_very_many_runners_those_that_are_online_are_listed() {
    let world = World::new().await;
    for number in 0..roundel_model::limits::LISTED_RUNNERS {
        let name = format!("gone-{number}");
        world.app.store.touch_runner(&runner(&name, Architecture::Amd64)).await.unwrap();
        world.app.store.sign_off_runner(&name, Timestamp::now()).await.unwrap();
    }
    world.app.store.touch_runner(&runner("here", Architecture::Amd64)).await.unwrap();
    let page = page(&world, "/runners").await;
    assert!(page.contains("<bdi>here</bdi>") && page.contains(">Online</span>"), "{page}");
    assert!(page.contains("And 1 more."), "{page}");
}
