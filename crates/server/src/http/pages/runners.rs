//! The runners that were seen: which are online, and what their hosts lack.

use std::{collections::HashSet, time::Duration};

use askama::Template;
use roundel_model::time::Timestamp;
use roundel_store::runners::RunnerRow;

use super::time::TimeAgo;
use crate::{
    http::{frame::Shell, rights::SignedIn, routes::Routes, visit::Answer},
    markup::{Html, Untrusted, sentence},
};

/// A runner claims at least this often; one that has not, and did not sign off, was killed or is cut off.
const OFFLINE: Duration = Duration::from_mins(2);

/// Tasks that wait for a runner and are counted, at most.
const COUNTED: u32 = 100;

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
    /// When it said that it ends.
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
    let tasks = visit.app.store.offered_tasks(COUNTED).await?;
    let jobs: HashSet<_> = tasks.iter().map(|task| task.job).collect();
    let is_all = u32::try_from(tasks.len()).is_ok_and(|found| found < COUNTED);
    let queued = queued(jobs.len(), is_all);
    let server = visit.app.settings.public_url.as_str().trim_end_matches('/').to_owned();
    visit.page(&Page { shell: visit.shell("Runners", "runners"), runners, server, queued })
}

/// When it signed off, unless it was seen since: a server of an earlier release that notes a runner does
/// not clear the time.
fn signed_off(row: &RunnerRow) -> Option<Timestamp> {
    row.signed_off_at.filter(|at| *at >= row.last_seen_at)
}

/// Says how many jobs wait. `is_all`: there are no more than were counted.
fn queued(jobs: usize, is_all: bool) -> String {
    match (jobs, is_all) {
        (0, _) => "No jobs queued.".to_owned(),
        (1, true) => "1 job queued.".to_owned(),
        (jobs, true) => format!("{jobs} jobs queued."),
        (1, false) => "At least 1 job queued.".to_owned(),
        (jobs, false) => format!("At least {jobs} jobs queued."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hundred tasks of one job are one job, and a count that stopped is not the whole.
    #[test]
    fn a_count_that_stopped_says_at_least() {
        assert_eq!(queued(0, true), "No jobs queued.");
        assert_eq!(queued(1, true), "1 job queued.");
        assert_eq!(queued(1, false), "At least 1 job queued.");
        assert_eq!(queued(100, false), "At least 100 jobs queued.");
    }
}
