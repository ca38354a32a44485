//! The runners that were seen, and how long ago.

use std::time::Duration;

use askama::Template;

use super::{
    frame::Shell,
    visit::Answer,
    words::{Foreign, When},
};
use crate::http::{rights::SignedIn, routes::Routes};

/// A runner claims at least this often; one that has not is away.
const AWAY: Duration = Duration::from_mins(2);

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
    name: Foreign,
    version: Foreign,
    classes: Vec<Foreign>,
    executors: Vec<Foreign>,
    seen: When,
    here: bool,
}

async fn page(SignedIn { visit, .. }: SignedIn) -> Answer {
    let rows = visit.app.store.runners().await?;
    let foreign = |all: &[String]| all.iter().cloned().map(Foreign).collect();
    let runners = rows
        .iter()
        .map(|row| RunnerView {
            name: Foreign(row.name.clone()),
            version: Foreign(row.version.clone()),
            classes: foreign(&row.resource_classes),
            executors: row.executors.iter().map(|one| Foreign(one.to_string())).collect(),
            seen: When::new(row.last_seen_at, visit.now),
            here: visit.now.since(row.last_seen_at) < AWAY,
        })
        .collect();
    let waiting = visit.app.store.offered_tasks(100).await?.len();
    let server = visit.app.settings.public_url.as_str().trim_end_matches('/').to_owned();
    visit.page(&Page { shell: visit.shell("Runners", "runners"), runners, server, waiting })
}
