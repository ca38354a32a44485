//! From a push to the first output of its first step, on an idle server.
//!
//! The clock starts when the forge has the push: when the call that pushes returns, or when the
//! delivery arrives, whichever is earlier. It stops when the first bytes of the log are durable at
//! the server, which is later than when they were printed.

use std::time::Duration;

use anyhow::{Context as _, Result};
use roundel_localforge::ForgeKind;
use roundel_model::{id::ProjectId, time::Timestamp};
use roundel_store::{
    Store,
    logs::LogKey,
    reading::{PipelineRow, WorkflowRow},
};

use crate::{
    installation::Installation,
    place::Place,
    table::{Row, Times, millis},
};

const PUSHES: usize = 20;
const CONFIG: &str = "version: 2.1
jobs:
  build:
    machine: true
    steps:
      - run: echo hi
workflows:
  main:
    jobs: [build]
";
/// Steps that the runner adds before those of the configuration have smaller numbers.
const LAST_OWN_STEP: u32 = 100;
/// What lies between a push and its first output, in order.
const PHASES: [&str; 5] =
    ["delivery stored", "compiled", "claimed", "environment ready", "first output"];

/// Measures at both forges.
pub(crate) async fn measure(place: &Place) -> Result<Vec<Row>> {
    let mut installation = Installation::build(place, "pushes").await?;
    installation.serve(2).await?;
    let mut visitor = installation.sign_in().await?;
    let store = installation.store().await?;
    let mut rows = Vec::new();
    for kind in ForgeKind::ALL {
        let project = installation.add_project(&mut visitor, &store, kind).await?;
        rows.extend(at(&installation, &store, kind, project).await?);
    }
    store.close().await;
    Ok(rows)
}

async fn at(
    installation: &Installation,
    store: &Store,
    kind: ForgeKind,
    project: ProjectId,
) -> Result<[Row; 2]> {
    let mut total = Times::default();
    let mut parts = PHASES.map(|_| Times::default());
    // The first one brings what later ones find warm.
    for number in 0..=PUSHES {
        let files = [(".circleci/config.yml", CONFIG), ("count", &*number.to_string())];
        let sha = installation.push(kind, &files, "Count").await?;
        let returned = Timestamp::now();
        let (row, workflows) =
            installation.ended(store, project, &sha, Duration::from_millis(100)).await?;
        let moments = moments(store, &row, &workflows).await?;
        if number > 0 {
            let mut before = moments.first().map_or(returned, |stored| returned.min(*stored));
            total.push(moments.last().map_or(Duration::ZERO, |last| last.since(before)));
            for (part, moment) in parts.iter_mut().zip(moments) {
                part.push(moment.since(before));
                before = moment;
            }
        }
        // The commit status is still being sent; the next measurement starts with an idle server.
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let parts = PHASES.iter().zip(&parts);
    let parts = parts.map(|(name, times)| format!("{name} {}", millis(times.share(50))));
    Ok([
        Row::new(format!("{}: push accepted → first output", kind.long_slug()))
            .ours(total.shown())
            .target("p50 ≤ 250 ms"),
        Row::new("  of that, p50 of each part in ms").ours(parts.collect::<Vec<_>>().join(", ")),
    ])
}

/// When each of [`PHASES`] was over.
async fn moments(
    store: &Store,
    row: &PipelineRow,
    workflows: &[WorkflowRow],
) -> Result<[Timestamp; 5]> {
    let delivery = store.delivery(row.delivery.context("a pipeline without a delivery")?).await?;
    let job = workflows.iter().flat_map(|workflow| &workflow.jobs).next();
    let job = job.context("a workflow without a job")?;
    let steps = store.steps(job.id).await?;
    let spin_up = steps.iter().find(|step| step.number == 0).and_then(|step| step.ended_at);
    let first =
        steps.iter().filter(|step| step.number > LAST_OWN_STEP).min_by_key(|step| step.number);
    let first = first.context("no step was run")?;
    let log = LogKey { job: job.id, task: first.task, step: first.number };
    let log = store.read_log(log, 0, 1).await?;
    Ok([
        delivery.context("a delivery vanished")?.received_at,
        job.queued_at.context("the job was never on offer")?,
        job.started_at.context("the job was never claimed")?,
        spin_up.context("the environment was never ready")?,
        log.times.first().context("there was no output")?.1,
    ])
}
