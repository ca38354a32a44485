//! Jobs that do nothing, through the whole path: claimed, run in an environment, logged, reported to
//! the forge.

use std::{fmt::Write as _, time::Duration};

use anyhow::{Context as _, Result, ensure};
use roundel_localforge::ForgeKind;
use roundel_model::status::JobStatus;

use crate::{installation::Installation, place::Place, table::Row};

const JOBS: u32 = 150;
const ROUNDS: usize = 3;
const SLOTS: u32 = 4;

/// Measures how many there are in a second.
pub(crate) async fn measure(place: &Place) -> Result<Vec<Row>> {
    let mut installation = Installation::build(place, "jobs").await?;
    installation.serve(SLOTS).await?;
    let mut visitor = installation.sign_in().await?;
    let store = installation.store().await?;
    let kind = ForgeKind::GitHub;
    let project = installation.add_project(&mut visitor, &store, kind).await?;
    let config = config()?;
    let mut rates = Vec::new();
    for round in 0..ROUNDS {
        let files = [(".circleci/config.yml", &*config), ("count", &*round.to_string())];
        let sha = installation.push(kind, &files, "Many").await?;
        let (_, workflows) =
            installation.ended(&store, project, &sha, Duration::from_millis(500)).await?;
        let jobs: Vec<_> = workflows.into_iter().flat_map(|workflow| workflow.jobs).collect();
        let failed = jobs.iter().filter(|job| job.status != JobStatus::Success).count();
        ensure!(failed == 0, "{failed} jobs did not succeed");
        let queued = jobs.iter().filter_map(|job| job.queued_at).min().context("no job")?;
        let stopped = jobs.iter().filter_map(|job| job.stopped_at).max().context("no end")?;
        rates.push(f64::from(JOBS) / stopped.since(queued).as_secs_f64());
        // Commit statuses that are still pending belong to this round, not to the next.
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    store.close().await;
    rates.sort_by(f64::total_cmp);
    let shown: Vec<_> = rates.iter().map(|rate| format!("{rate:.1}")).collect();
    let what = format!("trivial jobs a second, {JOBS} in a workflow, {SLOTS} slots, whole path");
    let ours = format!("{} /s (rounds, slowest first)", shown.join(", "));
    Ok(vec![Row::new(what).ours(ours).target("≥ 20 /s")])
}

fn config() -> Result<String> {
    let mut text = String::from(
        "version: 2.1\njobs:\n  nothing:\n    machine: true\n    steps:\n      - run: \"true\"\nworkflows:\n  main:\n    jobs:\n",
    );
    for number in 0..JOBS {
        writeln!(text, "      - nothing: {{ name: nothing-{number} }}")?;
    }
    Ok(text)
}
