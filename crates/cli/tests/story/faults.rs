//! Bad input and faults: each ends with a commit status or a receipt, and with a sentence that
//! says what to do. Nothing is lost, and nothing happens twice.

mod deliveries;
mod disk;
mod forge;
mod images;
mod inputs;
mod steps;

use roundel_localforge::{CommitStatus, ForgeKind};
use roundel_model::id::ProjectId;
use roundel_store::{
    Store,
    deliveries::{Delivery, Receipt},
    logs::{LogKey, StepRow},
    reading::{JobRow, PipelineRow, WorkflowRow},
};
use roundel_testkit::visitor::{Page, Visitor};

use crate::installation::{Installation, until};

const KIND: ForgeKind = ForgeKind::GitHub;
const CONFIG: &str = ".circleci/config.yml";
const OWNER: &str = "acme";

/// An installation, a signed-in visitor, and the store to look into.
struct Scene {
    installation: Installation,
    visitor: Visitor,
    store: Store,
}

impl Scene {
    /// Builds an installation with one project on GitHub.
    async fn with(name: &str) -> Self {
        let installation = Installation::build().await;
        let visitor = installation.sign_in().await;
        let store = installation.store().await;
        let mut scene = Self { installation, visitor, store };
        scene.add(KIND, name).await;
        scene
    }

    async fn add(&mut self, kind: ForgeKind, name: &str) {
        self.installation.add_project(&mut self.visitor, kind, name).await;
    }

    /// Pushes a configuration to GitHub.
    async fn push(&self, name: &str, config: &str, message: &str) -> String {
        self.installation.push(KIND, name, &[(CONFIG, config)], message).await
    }

    /// Waits for a commit status, and opens the page that it leads to.
    async fn follow(
        &mut self,
        (kind, name): (ForgeKind, &str),
        sha: &str,
        (context, state): (&str, &str),
    ) -> (CommitStatus, Page) {
        let statuses = self.installation.statuses(kind, name, sha, &[(context, state)]).await;
        let is_it =
            |status: &&CommitStatus| status.context == context && status.state.as_str() == state;
        let status = statuses.iter().rfind(is_it).unwrap().clone();
        let page = self.visitor.open(status.target_url.parse().unwrap()).await.unwrap();
        assert!(page.status.is_success(), "{}: {}", page.url, page.text);
        (status, page)
    }

    async fn project(&self, kind: ForgeKind, name: &str) -> ProjectId {
        let projects = self.store.projects().await.unwrap();
        let is_it = |slug: &roundel_model::forge::ProjectSlug| {
            slug.forge == kind && slug.repository == name
        };
        projects.iter().find(|project| is_it(&project.slug)).unwrap().id
    }

    /// Waits for a delivery that is as wanted and decided; answers it, and its page.
    async fn receipt(
        &mut self,
        (kind, name): (ForgeKind, &str),
        what: &str,
        is_wanted: impl Fn(&Delivery, &str) -> bool,
    ) -> (Delivery, String) {
        let project = self.project(kind, name).await;
        let mut found = None;
        until(what, async || {
            for delivery in self.store.deliveries(project, 100).await.unwrap() {
                let body = self.store.delivery_body(delivery.id).await.unwrap().unwrap_or_default();
                if delivery.decided_at.is_some()
                    && is_wanted(&delivery, &String::from_utf8_lossy(&body))
                {
                    found = Some(delivery);
                    return true;
                }
            }
            false
        })
        .await;
        let delivery = found.unwrap();
        let path = format!("{}/{OWNER}/{name}/deliveries/{}", kind.slug(), delivery.id);
        let page = self.installation.open(&mut self.visitor, &path).await;
        assert!(page.status.is_success(), "{}: {}", page.url, page.text);
        (delivery, spoken(&page.text))
    }

    /// The one pipeline of a commit.
    async fn pipeline(&self, sha: &str) -> (PipelineRow, Vec<WorkflowRow>) {
        let mut found = self.installation.pipelines(&self.store, sha).await;
        assert_eq!(found.len(), 1, "{sha} is built once: {found:#?}");
        found.remove(0)
    }

    /// A job of the one pipeline of a commit.
    async fn job(&self, sha: &str, name: &str) -> JobRow {
        let (_, workflows) = self.pipeline(sha).await;
        let mut jobs = workflows.into_iter().flat_map(|workflow| workflow.jobs);
        jobs.find(|job| job.name.as_str() == name).unwrap()
    }

    /// A step of a job, with the end of its log.
    async fn step(&self, job: &JobRow, name: &str) -> (StepRow, String) {
        let steps = self.store.steps(job.id).await.unwrap();
        let step = steps.iter().find(|step| step.name == name).unwrap().clone();
        let from = step.log_bytes.saturating_sub(1 << 16);
        let log = LogKey { job: job.id, task: 0, step: step.number };
        let log = self.store.read_log(log, from, 1 << 16).await.unwrap();
        (step, String::from_utf8_lossy(&log.bytes).into_owned())
    }
}

/// Why a delivery started nothing; empty if it started something.
fn reason(delivery: &Delivery) -> &str {
    match delivery.receipts.as_slice() {
        [Receipt::Ignored { because, .. }] => because,
        _ => "",
    }
}

/// The text of a page without its markup.
fn spoken(html: &str) -> String {
    let mut words = String::with_capacity(html.len());
    for (position, piece) in html.split('<').enumerate() {
        let text = if position == 0 { piece } else { piece.split_once('>').unwrap_or_default().1 };
        words.push_str(text);
        words.push(' ');
    }
    let plain = words
        .replace("&quot;", "\"")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&lt;", "<")
        .replace("&#60;", "<")
        .replace("&gt;", ">")
        .replace("&#62;", ">")
        .replace("&#38;", "&")
        .replace("&amp;", "&");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A configuration with one job on the host's toolchain, whose one step is `command`.
fn job(name: &str, command: &str) -> String {
    let command = command.trim().replace('\n', "\n            ");
    format!(
        "version: 2.1
jobs:
  {name}:
    machine: true
    resource_class: small
    steps:
      - run:
          name: It
          no_output_timeout: 20s
          command: |
            {command}
workflows:
  main:
    jobs: [{name}]
"
    )
}
