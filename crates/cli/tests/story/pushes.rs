//! What a push becomes: green, red, or an explained refusal, on either forge.

use roundel_localforge::ForgeKind;
use roundel_model::status::{JobStatus, PipelineErrorKind, PipelineStatus};
use roundel_store::logs::LogKey;

use crate::installation::{Installation, until};

const GREEN: &str = "version: 2.1
jobs:
  build:
    machine: true
    steps:
      - checkout
      - run: test -f README.md && echo built $CIRCLE_BRANCH
workflows:
  main:
    jobs: [build]
";

const RED: &str = "version: 2.1
jobs:
  build:
    machine: true
    steps:
      - run: echo before; exit 3
      - run: echo never
      - run: { command: echo tidied up, when: always }
  after:
    machine: true
    steps:
      - run: echo never either
workflows:
  main:
    jobs:
      - build
      - after: { requires: [build] }
";

/// Returns (success, failure) in the words of a forge.
fn words(kind: ForgeKind) -> (&'static str, &'static str) {
    match kind {
        ForgeKind::GitHub => ("success", "failure"),
        ForgeKind::Bitbucket => ("SUCCESSFUL", "FAILED"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_turns_its_commit_green_or_red_on_both_forges() {
    let mut installation = Installation::build().await;
    installation.start_runner();
    let mut visitor = installation.sign_in().await;
    for kind in ForgeKind::ALL {
        let (green, red) = words(kind);
        installation.add_project(&mut visitor, kind, "web").await;
        let sha = installation.push(kind, "web", &[(".circleci/config.yml", GREEN)], "Build").await;
        installation.statuses(kind, "web", &sha, &[("ci/roundel: build", green)]).await;

        let sha = installation.push(kind, "web", &[(".circleci/config.yml", RED)], "Break").await;
        let statuses =
            installation.statuses(kind, "web", &sha, &[("ci/roundel: build", red)]).await;
        assert!(
            !statuses.iter().any(|status| status.context == "ci/roundel: after"),
            "a job that did not run has no commit status: {statuses:#?}"
        );
        let store = installation.store().await;
        let pipelines = installation.pipelines(&store, &sha).await;
        assert_eq!(pipelines.len(), 1, "one push, one pipeline");
        let job = &pipelines[0].1[0].jobs[0];
        let steps = store.steps(job.id).await.unwrap();
        let ran: Vec<_> = steps.iter().filter(|step| step.number > 100).collect();
        assert_eq!(ran.len(), 2, "the step after the failure has no record: {ran:#?}");
        assert_eq!(ran[0].exit_code, Some(3));
        let log = LogKey { job: job.id, task: 0, step: ran[1].number };
        let log = store.read_log(log, 0, 1 << 20).await.unwrap();
        assert!(String::from_utf8_lossy(&log.bytes).contains("tidied up"));

        let path = format!("{}/acme/web/{}", kind.slug(), job.number.unwrap());
        let page = installation.open(&mut visitor, &path).await;
        assert!(page.status.is_success() && page.text.contains("echo before"), "{}", page.text);
    }
}

/// An error is a result too: on the commit, on the page, in the receipt.
#[tokio::test(flavor = "multi_thread")]
async fn a_config_that_is_wrong_is_explained_on_the_commit_and_on_the_page() {
    let installation = Installation::build().await;
    let mut visitor = installation.sign_in().await;
    for (kind, state) in [(ForgeKind::GitHub, "error"), (ForgeKind::Bitbucket, "FAILED")] {
        installation.add_project(&mut visitor, kind, "web").await;
        let config = GREEN.replace("jobs: [build]", "jobs: [biuld]");
        let sha =
            installation.push(kind, "web", &[(".circleci/config.yml", &config)], "Misspell").await;
        let statuses =
            installation.statuses(kind, "web", &sha, &[("ci/roundel: config", state)]).await;
        let page = visitor.open(statuses[0].target_url.parse().unwrap()).await.unwrap();
        assert!(page.text.contains("biuld") && page.text.contains("build"), "{}", page.text);

        let receipts =
            installation.open(&mut visitor, &format!("{}/acme/web/deliveries", kind.slug())).await;
        assert!(receipts.status.is_success(), "{}", receipts.text);
    }
    // A visitor who is not signed in sees nothing of it.
    let mut stranger = roundel_testkit::visitor::Visitor::new().unwrap();
    let page = installation.open(&mut stranger, "gh/acme/web").await;
    assert!(!page.text.contains("Misspell"), "{}", page.text);
}

/// A local check before the commit and the server after the push report the same.
#[tokio::test(flavor = "multi_thread")]
async fn what_validate_says_is_what_the_server_does() {
    let installation = Installation::build().await;
    let mut visitor = installation.sign_in().await;
    installation.add_project(&mut visitor, ForgeKind::GitHub, "web").await;
    let image = "docker: [{ image: 'cimg/base:2024.01' }, { image: 'redis:7' }]";
    let shallow = "checkout: { method: shallow, depth: 1 }";
    let schedule =
        "schedule: { cron: '0 3 * * *', filters: { branches: { only: main } } }".to_owned();
    let cases = [
        ("fine", GREEN.to_owned(), 0, None),
        ("an option without effect", GREEN.replace("- checkout", &format!("- {shallow}")), 0, None),
        (
            "a scheduled workflow next to another one",
            format!("{GREEN}  nightly:\n    triggers: [{schedule}]\n    jobs: [build]\n"),
            0,
            None,
        ),
        ("a context", GREEN.replace("[build]", "[build: { context: aws }]"), 4, None),
        ("a service container", GREEN.replace("machine: true", image), 4, None),
        (
            "a step that is not supported",
            GREEN.replace("- checkout", "- add_ssh_keys"),
            4,
            Some(PipelineErrorKind::Unsupported),
        ),
        ("an error", GREEN.replace("[build]", "[biuld]"), 1, Some(PipelineErrorKind::Config)),
    ];
    let store = installation.store().await;
    for (what, config, code, error) in cases {
        let file = installation.directory.path().join("config.yml");
        std::fs::write(&file, &config).unwrap();
        let mut validate = std::process::Command::new(crate::installation::binary());
        validate.args(["config", "validate", "--branch", "main"]).arg(&file);
        let output = validate.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(code), "{what}: {text}");

        let files = [(".circleci/config.yml", config.as_str())];
        let sha = installation.push(ForgeKind::GitHub, "web", &files, what).await;
        until("the server has decided", async || {
            let pipelines = installation.pipelines(&store, &sha).await;
            pipelines.iter().any(|(row, _)| row.status != PipelineStatus::Pending)
        })
        .await;
        let pipelines = installation.pipelines(&store, &sha).await;
        let (row, workflows) = &pipelines[0];
        assert_eq!(row.error_kind, error, "{what}");
        if what == "a context" {
            assert_eq!(workflows[0].jobs[0].status, JobStatus::Unauthorized, "{what}");
        }
    }
}
