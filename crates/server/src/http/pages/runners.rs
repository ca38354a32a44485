//! The runners that were seen: which are online, and what their hosts lack.

use std::time::Duration;

use askama::Template;
use roundel_model::time::Timestamp;
use roundel_store::runners::RunnerRow;

use super::time::TimeAgo;
use crate::{
    http::{frame::Shell, rights::SignedIn, routes::Routes, section::Section, visit::Answer},
    markup::{Html, Untrusted, sentence},
};

/// A runner claims at least this often; one that has not, and did not sign off, was killed or is cut off.
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
    let rows = visit.app.store.runners().await?;
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
            online: signed_off(row).is_none() && visit.now.since(row.last_seen_at) < OFFLINE,
        })
        .collect();
    let queued = queued(visit.app.store.queued_jobs().await?);
    let server = visit.app.settings.public_url.as_str().trim_end_matches('/').to_owned();
    visit.page(&Page { shell: visit.shell("Runners", Section::Runners), runners, server, queued })
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
