//! The runners that were seen: which are online, and what their hosts lack.

use std::time::Duration;

use askama::Template;

use super::{frame::Shell, time::TimeAgo, visit::Answer};
use crate::http::{rights::SignedIn, routes::Routes};
use crate::markup::{Html, Untrusted, sentence};

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
    waiting: usize,
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
            shut_down: row.signed_off_at.map(|at| TimeAgo::new(at, visit.now)),
            online: row.signed_off_at.is_none() && visit.now.since(row.last_seen_at) < OFFLINE,
        })
        .collect();
    let waiting = visit.app.store.offered_tasks(100).await?.len();
    let server = visit.app.settings.public_url.as_str().trim_end_matches('/').to_owned();
    visit.page(&Page { shell: visit.shell("Runners", "runners"), runners, server, waiting })
}
