//! Killing the server and the runner at every border between two phases: nothing is lost, and
//! nothing happens twice.

use std::{fs, path::Path, process::Command, time::Duration};

use roundel_localforge::{CommitName, CommitStatus, Failure, FailureKind, ForgeKind};
use roundel_model::status::JobStatus;
use roundel_store::{Store, logs::LogKey};

use crate::installation::{Installation, TIMEOUT, until};

const KIND: ForgeKind = ForgeKind::GitHub;
const CONTEXT: &str = "ci/roundel: build";

/// What holds a job until the test opens it: a process that only this test has.
struct Gate {
    seconds: String,
}

impl Gate {
    fn new() -> Self {
        Self { seconds: format!("9{:08}", std::process::id()) }
    }

    /// The command that waits.
    fn command(&self) -> String {
        format!("sleep {} || true", self.seconds)
    }

    /// Lets the job go, as soon as it waits.
    async fn open(&self) {
        until("the job waits", async || {
            let Some(process) = self.process() else { return false };
            Command::new("kill").arg(process).status().unwrap().success()
        })
        .await;
    }

    fn process(&self) -> Option<String> {
        fs::read_dir("/proc").unwrap().flatten().find_map(|entry| {
            let words = fs::read(entry.path().join("cmdline")).ok()?;
            let is_it = words == format!("sleep\0{}\0", self.seconds).as_bytes();
            is_it.then(|| entry.file_name().to_string_lossy().into_owned())
        })
    }
}

/// A job that leaves a trace for every time it ran, and waits until it is let go.
fn config(gate: &str) -> String {
    format!(
        "version: 2.1
jobs:
  build:
    machine: true
    steps:
      - run:
          name: Count
          command: |
            for line in $(seq 1 500); do echo \"line $line\"; done
            {gate}
            echo the end
workflows:
  main:
    jobs: [build]
"
    )
}

fn delay(method: &str, path: &str) -> Failure {
    Failure {
        kind: KIND,
        method: method.to_owned(),
        path_contains: path.to_owned(),
        after: 0,
        times: u32::MAX,
        how: FailureKind::Delay(Duration::from_secs(30)),
    }
}

async fn installation() -> Installation {
    let installation = Installation::build().await;
    let mut visitor = installation.sign_in().await;
    installation.add_project(&mut visitor, KIND, "web").await;
    installation
}

/// After everything: one pipeline, one job, one attempt, the whole log, one commit status of success.
async fn assert_once_and_whole(installation: &Installation, sha: &str) {
    installation.statuses(KIND, "web", sha, &[(CONTEXT, "success")]).await;
    let store = installation.store().await;
    let pipelines = installation.pipelines(&store, sha).await;
    assert_eq!(pipelines.len(), 1, "built once: {pipelines:#?}");
    let (_, workflows) = &pipelines[0];
    assert_eq!(workflows.len(), 1);
    let job = &workflows[0].jobs[0];
    assert_eq!(job.status, JobStatus::Success);
    let steps = store.steps(job.id).await.unwrap();
    let counts: Vec<_> = steps.iter().filter(|step| step.name == "Count").collect();
    assert_eq!(counts.len(), 1, "ran once: {steps:#?}");
    let log = LogKey { job: job.id, task: 0, step: counts[0].number };
    let log = store.read_log(log, 0, 1 << 20).await.unwrap();
    let text = String::from_utf8_lossy(&log.bytes).replace('\r', "");
    for line in 1..=500 {
        assert_eq!(
            text.matches(&format!("line {line}\n")).count(),
            1,
            "line {line} is there once in:\n{text}"
        );
    }
    assert!(text.contains("the end"));
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_delivery_and_pipeline_it_continues_where_it_was() {
    let mut installation = installation().await;
    installation.start_runner();
    // The configuration cannot be read, so the delivery waits in the inbox.
    installation.forge.inject(delay("GET", "/contents/"));
    let sha =
        installation.push(KIND, "web", &[(".circleci/config.yml", &config("true"))], "One").await;
    let store = installation.store().await;
    let project = store.projects().await.unwrap()[0].id;
    until("the delivery is stored", async || {
        store
            .deliveries(project, 10)
            .await
            .unwrap()
            .iter()
            .any(|found| found.event == "push" && found.decided_at.is_none())
    })
    .await;
    installation.kill_server();
    installation.forge.heal();
    installation.start_server().await;
    assert_once_and_whole(&installation, &sha).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_pipeline_and_claim_the_job_is_still_on_offer() {
    let mut installation = installation().await;
    let sha =
        installation.push(KIND, "web", &[(".circleci/config.yml", &config("true"))], "One").await;
    installation.statuses(KIND, "web", &sha, &[(CONTEXT, "pending")]).await;
    installation.kill_server();
    installation.start_server().await;
    installation.start_runner();
    assert_once_and_whole(&installation, &sha).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_job_runs_the_job_and_its_log_survive() {
    let mut installation = installation().await;
    installation.start_runner();
    let gate = Gate::new();
    let text = config(&gate.command());
    let sha = installation.push(KIND, "web", &[(".circleci/config.yml", &text)], "One").await;
    let store = installation.store().await;
    until("the job prints", async || {
        let Some((_, workflows)) = installation.pipelines(&store, &sha).await.pop() else {
            return false;
        };
        let Some(job) = workflows.first().and_then(|workflow| workflow.jobs.first()) else {
            return false;
        };
        store
            .steps(job.id)
            .await
            .unwrap()
            .iter()
            .any(|step| step.name == "Count" && step.log_bytes > 0)
    })
    .await;
    installation.kill_server();
    gate.open().await;
    let spools = installation.directory.path().join("runner");
    until("the job ends while no server listens", async || holds(&spools, "the end\r\n")).await;
    installation.start_server().await;
    assert_once_and_whole(&installation, &sha).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_outcome_and_commit_status_the_status_is_still_sent() {
    let mut installation = installation().await;
    installation.start_runner();
    let gate = Gate::new();
    let text = config(&gate.command());
    let sha = installation.push(KIND, "web", &[(".circleci/config.yml", &text)], "One").await;
    installation.statuses(KIND, "web", &sha, &[(CONTEXT, "pending")]).await;
    installation.forge.inject(delay("POST", "/statuses/"));
    gate.open().await;
    let store = installation.store().await;
    until("the job ended", async || {
        let pipelines = installation.pipelines(&store, &sha).await;
        pipelines.iter().flat_map(|(_, w)| w).any(|workflow| workflow.status.is_final())
    })
    .await;
    installation.kill_server();
    installation.forge.heal();
    installation.start_server().await;
    assert_once_and_whole(&installation, &sha).await;
}

/// A job that we lost is our fault, and the commit says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_is_killed_costs_its_job_and_the_commit_says_so() {
    let mut installation = installation().await;
    installation.start_runner();
    let sha = installation
        .push(KIND, "web", &[(".circleci/config.yml", &config("sleep 600"))], "One")
        .await;
    let store = installation.store().await;
    until("the job runs", async || {
        let pipelines = installation.pipelines(&store, &sha).await;
        pipelines
            .iter()
            .flat_map(|(_, workflows)| workflows)
            .flat_map(|workflow| &workflow.jobs)
            .any(|job| job.status == JobStatus::Running)
    })
    .await;
    installation.kill_runner();
    let statuses = installation.statuses(KIND, "web", &sha, &[(CONTEXT, "error")]).await;
    let status = statuses.iter().find(|status| status.context == CONTEXT).unwrap();
    assert!(status.description.contains("could not run"), "not the user's fault: {status:?}");
    let pipelines = installation.pipelines(&store, &sha).await;
    assert_eq!(pipelines[0].1[0].jobs[0].status, JobStatus::InfrastructureFail);
    assert!(pipelines[0].1[0].status.is_final());
}

/// How far a push has come.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// Its delivery is stored.
    Stored,
    /// The delivery has its receipt.
    Decided,
    /// The commit has a first status.
    Pending,
    /// A runner has claimed its job.
    Running,
    /// The job is over.
    Ended,
}

const MOMENTS: [Moment; 5] =
    [Moment::Stored, Moment::Decided, Moment::Pending, Moment::Running, Moment::Ended];

/// Waits until a push has come so far, or further.
async fn reaches(installation: &Installation, store: &Store, sha: &str, moment: Moment) {
    let project = store.projects().await.unwrap()[0].id;
    let what = format!("{sha} is {moment:?}");
    until(&what, async || {
        let deliveries = store.deliveries(project, 100).await.unwrap();
        let mut pushes = deliveries.iter().filter(|delivery| delivery.event == "push");
        let pipelines = installation.pipelines(store, sha).await;
        let mut jobs = pipelines.iter().flat_map(|(_, all)| all).flat_map(|one| &one.jobs);
        match moment {
            // GitHub does not repeat a delivery: it must have been answered before the power goes.
            Moment::Stored => true,
            Moment::Decided => pushes.all(|delivery| delivery.decided_at.is_some()),
            Moment::Pending => !installation
                .forge
                .statuses(KIND, CommitName { owner: "acme", repository: "web", sha })
                .is_empty(),
            Moment::Running => jobs.any(|job| job.started_at.is_some()),
            Moment::Ended => jobs.any(|job| job.status.is_final()),
        }
    })
    .await;
}

/// Returns whether a log that the runner keeps below a directory contains a string.
fn holds(directory: &Path, text: &str) -> bool {
    let Ok(entries) = fs::read_dir(directory) else { return false };
    entries.flatten().any(|entry| {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => holds(&path, text),
            Ok(kind) if kind.is_file() && path.extension().is_some_and(|end| end == "log") => {
                fs::read(&path).is_ok_and(|log| String::from_utf8_lossy(&log).contains(text))
            }
            Ok(_) | Err(_) => false,
        }
    })
}

/// The server dies again and again, each time at another moment of a push, while earlier ones are
/// still under way. Every push that the forge could deliver is built, once, and reported.
#[tokio::test(flavor = "multi_thread")]
async fn pushes_survive_a_server_that_keeps_dying() {
    let mut installation = installation().await;
    installation.start_runner();
    let mut pushed = Vec::new();
    for (round, moment) in MOMENTS.into_iter().cycle().take(8).enumerate() {
        let text = config("true").replace("the end", &format!("the end of {round}"));
        let files = [(".circleci/config.yml", text.as_str())];
        pushed.push(installation.push(KIND, "web", &files, &format!("Round {round}")).await);
        let store = installation.store().await;
        let project = store.projects().await.unwrap()[0].id;
        until("the push is stored", async || {
            let stored = store.deliveries(project, 100).await.unwrap();
            stored.iter().filter(|delivery| delivery.event == "push").count() > pushed.len() - 1
        })
        .await;
        let sha = pushed.last().unwrap();
        reaches(&installation, &store, sha, moment).await;
        installation.kill_server();
        installation.start_server().await;
    }
    let is_green = |statuses: &[CommitStatus]| {
        statuses.iter().any(|status| status.context == CONTEXT && status.state.is_green())
    };
    let store = installation.store().await;
    for sha in &pushed {
        let statuses = installation
            .forge
            .wait_for_statuses(
                KIND,
                CommitName { owner: "acme", repository: "web", sha },
                TIMEOUT,
                is_green,
            )
            .await;
        assert!(is_green(&statuses), "{sha}: {statuses:#?}");
        assert_eq!(installation.pipelines(&store, sha).await.len(), 1, "{sha} is built once");
    }
}
