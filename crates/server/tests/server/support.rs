//! What this release cannot do: a warning refuses nothing, and what is refused is not called a
//! mistake.

use roundel_model::{
    forge::ForgeKind,
    status::{PipelineErrorKind, PipelineStatus},
};

use super::world::{TIMEOUT, World, words};

/// Options without effect, and a workflow that only a clock starts, next to one job that can run.
const WITH_NOTES: &str = "version: 2.1
jobs:
  build:
    machine: true
    steps:
      - checkout: {method: shallow, depth: 1}
      - run: {command: echo built, max_auto_reruns: 1}
  nightly:
    machine: {docker_layer_caching: true, image: ubuntu-2404:current}
    steps: [{run: echo night}]
workflows:
  commit: {jobs: [build]}
  nightly:
    triggers: [{schedule: {cron: \"0 3 * * *\", filters: {branches: {only: main}}}}]
    jobs: [nightly]
";

/// A configuration that is right, with a step that this release cannot run.
const NOT_SUPPORTED: &str = "version: 2.1
jobs:
  build:
    machine: true
    steps:
      - store_artifacts: {path: out}
workflows:
  main: {jobs: [build]}
";

/// Layer caching, a shallow checkout and a schedule are in a quarter of all files: none of them may
/// keep a push from being built, and what has no effect is said on the pipeline.
#[tokio::test(flavor = "multi_thread")]
async fn a_warning_does_not_refuse_a_pipeline() {
    let world = World::start().await;
    for kind in ForgeKind::ALL {
        let project = world.project(kind, "web").await;
        let sha = world.push(kind, "web", WITH_NOTES).await;
        let task = world.runner().claim().await.unwrap();
        assert_eq!(task.spec.job_name.as_str(), "build");
        task.play(&[]).await.unwrap();
        world.reported(kind, "web", &sha, words(kind).1).await;

        let (row, workflows) = world.pipelines(project).await.remove(0);
        assert_eq!((row.status, row.error_kind), (PipelineStatus::Created, None));
        let names: Vec<&str> = workflows.iter().map(|workflow| workflow.name.as_str()).collect();
        assert_eq!(names, ["commit"], "the other one waits for its clock");
        let notes = world.app().store.config_of(row.id).await.unwrap().unwrap().diagnostics;
        let notes: serde_json::Value = serde_json::from_str(&notes.unwrap()).unwrap();
        let codes: Vec<&str> =
            notes.as_array().unwrap().iter().map(|note| note["code"].as_str().unwrap()).collect();
        assert!(codes.contains(&"unsupported-option"), "{codes:?}");
        assert!(codes.contains(&"unsupported-schedule"), "{codes:?}");
        assert!(notes.as_array().unwrap().iter().all(|note| note["severity"] == "warning"));
    }
}

/// The author made no mistake, so nothing says so: not the commit, not the email, not the page.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_supported_is_not_called_a_config_error() {
    let world = World::start().await;
    let kind = ForgeKind::GitHub;
    let project = world.project(kind, "web").await;
    let sha = world.push(kind, "web", NOT_SUPPORTED).await;
    let status = world.reported(kind, "web", &sha, "error").await;
    assert_eq!(status.context, "ci/roundel: config");
    assert!(status.description.starts_with("Not supported yet: "), "{}", status.description);
    let (row, _) = world.pipelines(project).await.remove(0);
    assert_eq!(row.error_kind, Some(PipelineErrorKind::Unsupported));
    assert!(row.errors[0].contains("[unsupported-step]"), "{:?}", row.errors);
    let emails = world.sink.wait_for(1, TIMEOUT).await;
    let subject = emails[0].header("Subject").unwrap();
    assert!(
        subject.starts_with("[acme/web] not supported: pipeline 1 on branch main"),
        "{subject}"
    );
    assert!(emails[0].text.contains("store_artifacts"), "{}", emails[0].text);
}
