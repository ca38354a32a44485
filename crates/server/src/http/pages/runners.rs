//! The runners that were seen: which are online, and what their hosts lack.

use std::{collections::HashSet, time::Duration};

use askama::Template;
use roundel_model::{limits, plan::JobBody, time::Timestamp, word::Word};
use roundel_protocol::ClaimRequest;
use roundel_store::{pipelines::OfferedTask, reading::JobRow, runners::RunnerRow};

use super::time::TimeAgo;
use crate::{
    http::{
        frame::Shell,
        rights::SignedIn,
        routes::Routes,
        runners::fits,
        section::Section,
        visit::{Answer, PageError, Visit},
    },
    markup::{Html, Untrusted, sentence},
};

/// A runner that runs no job claims at least this often; one that has not, and did not sign off, was killed
/// or is cut off.
const OFFLINE: Duration = Duration::from_mins(2);

/// Routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::new().get("/runners", page)
}

#[derive(Template)]
#[template(path = "runners.html")]
struct Page {
    shell: Shell,
    runners: Vec<RunnerView>,
    /// How many there are besides.
    more: usize,
    server: String,
    queued: String,
}

struct RunnerView {
    name: Untrusted,
    version: Untrusted,
    classes: Vec<Untrusted>,
    executors: Vec<Untrusted>,
    architecture: Option<Untrusted>,
    /// What its host lacks for jobs.
    limitations: Vec<Html>,
    seen: TimeAgo,
    /// When it signed off.
    shut_down: Option<TimeAgo>,
    online: bool,
}

async fn page(SignedIn { visit, .. }: SignedIn) -> Answer {
    let mut rows = visit.app.store.runners().await?;
    let busy = visit.app.store.busy_runners().await?;
    let is_online = |row: &RunnerRow| is_online(row, &busy, visit.now);
    // By name; those that are online first, for of very many the others are left out.
    rows.sort_by_key(|row| !is_online(row));
    let more = rows.len().saturating_sub(limits::LISTED_RUNNERS);
    rows.truncate(limits::LISTED_RUNNERS);
    let untrusted = |all: &[String]| all.iter().cloned().map(Untrusted).collect();
    let runners = rows
        .iter()
        .map(|row| RunnerView {
            name: Untrusted(row.name.clone()),
            version: Untrusted(row.version.clone()),
            classes: untrusted(&row.resource_classes),
            executors: row.executors.iter().map(|one| Untrusted(one.to_string())).collect(),
            architecture: row.architecture.as_ref().map(|one| Untrusted(one.to_string())),
            limitations: row.limitations.iter().flatten().map(|text| sentence(text)).collect(),
            seen: TimeAgo::new(row.last_seen_at, visit.now),
            shut_down: signed_off(row).map(|at| TimeAgo::new(at, visit.now)),
            online: is_online(row),
        })
        .collect();
    let queued = queued(visit.app.store.queued_jobs().await?);
    let server = visit.app.settings.public_url.as_str().trim_end_matches('/').to_owned();
    visit.page(&Page {
        shell: visit.shell("Runners", Section::Runners),
        runners,
        more,
        server,
        queued,
    })
}

/// Says why a job that is queued cannot start before another runner comes: what none of those that are
/// online takes. Nothing if one of them takes the job.
///
/// # Errors
///
/// If the store fails.
pub(super) async fn why_no_runner_fits(
    visit: &Visit,
    job: &JobRow,
    body: &JobBody,
) -> Result<Option<String>, PageError> {
    let store = &visit.app.store;
    let (rows, busy) = (store.runners().await?, store.busy_runners().await?);
    let is_online = |row: &&RunnerRow| is_online(row, &busy, visit.now);
    let online: Vec<ClaimRequest> = rows.iter().filter(is_online).map(claim_of).collect();
    if online.is_empty() {
        return Ok(Some("Queued: no runner is connected.".to_owned()));
    }
    let task = OfferedTask {
        pipeline: job.pipeline,
        job: job.id,
        index: 0,
        resource_class: body.resource_class.clone(),
        executor: body.executor.kind().into(),
        architecture: body.architecture().map(Word::from),
    };
    let is_taken = |task: &OfferedTask| online.iter().any(|runner| fits(runner, task));
    if is_taken(&task) {
        return Ok(None);
    }
    let of_any_architecture = OfferedTask { architecture: None, ..task.clone() };
    let of_any_class = OfferedTask { resource_class: None, ..of_any_architecture.clone() };
    let lacking = match (&task.architecture, &task.resource_class) {
        (Some(architecture), _) if is_taken(&of_any_architecture) => {
            format!("jobs for the architecture `{architecture}`")
        }
        (_, Some(class)) if is_taken(&of_any_class) => format!("the resource class `{class}`"),
        _ => format!("the executor `{}`", task.executor),
    };
    Ok(Some(format!(
        "Queued: no connected runner takes {lacking}. The page of runners lists what each takes."
    )))
}

/// The claim of a runner, as it last introduced itself.
fn claim_of(row: &RunnerRow) -> ClaimRequest {
    ClaimRequest {
        runner: row.name.clone(),
        version: row.version.clone(),
        resource_classes: row.resource_classes.clone(),
        executors: row.executors.clone(),
        architecture: row.architecture.clone(),
        limitations: None,
        wait: Duration::ZERO,
        lease: None,
    }
}

/// Returns whether a runner claims, or runs a task.
fn is_online(row: &RunnerRow, busy: &HashSet<String>, now: Timestamp) -> bool {
    let is_seen = now.since(row.last_seen_at) < OFFLINE || busy.contains(&row.name);
    signed_off(row).is_none() && is_seen
}

/// When it signed off, unless it was seen since: a server of an earlier release that notes a runner does
/// not clear the time.
fn signed_off(row: &RunnerRow) -> Option<Timestamp> {
    row.signed_off_at.filter(|at| *at >= row.last_seen_at)
}

/// Says how many jobs wait for a runner.
fn queued(jobs: u64) -> String {
    match jobs {
        0 => "No jobs queued.".to_owned(),
        1 => "1 job queued.".to_owned(),
        jobs => format!("{jobs} jobs queued."),
    }
}
