//! The runners that were seen: which are online, and what their hosts lack.

use askama::Template;
use roundel_model::limits;
use roundel_store::runners::RunnerRow;

use super::time::TimeAgo;
use crate::{
    connected_runners::{is_online, signed_off_at},
    http::{frame::Shell, rights::SignedIn, routes::Routes, section::Section, visit::Answer},
    markup::{Html, Untrusted, sentence},
};

/// Routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::new().get("/runners", page)
}

#[derive(Template)]
#[template(path = "runners.html")]
struct RunnersPage {
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
    /// What its host lacks for jobs, unless a slot above says it.
    limitations: Vec<Html>,
    /// The slot of the same host that says it.
    limited_as: Option<Untrusted>,
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
        .enumerate()
        .map(|(index, row)| {
            let limitations = || row.limitations.iter().flatten();
            // A host with eight slots lacks one thing, not eight.
            let above = rows[..index].iter().find(|one| {
                host(one) == host(row)
                    && one.limitations == row.limitations
                    && is_online(one) == is_online(row)
            });
            let above = above.filter(|_| limitations().next().is_some());
            RunnerView {
                name: Untrusted(row.name.clone()),
                version: Untrusted(row.version.clone()),
                classes: untrusted(&row.resource_classes),
                executors: row.executors.iter().map(|one| Untrusted(one.to_string())).collect(),
                architecture: row.architecture.as_ref().map(|one| Untrusted(one.to_string())),
                limitations: match above {
                    Some(_) => Vec::new(),
                    None => limitations().map(|text| sentence(text)).collect(),
                },
                limited_as: above.map(|one| Untrusted(one.name.clone())),
                seen: TimeAgo::new(row.last_seen_at, visit.now),
                shut_down: signed_off_at(row).map(|at| TimeAgo::new(at, visit.now)),
                online: is_online(row),
            }
        })
        .collect();
    let queued = queued(visit.app.store.queued_jobs().await?);
    let server = visit.app.settings.public_url.as_str().trim_end_matches('/').to_owned();
    visit.page(&RunnersPage {
        shell: visit.shell("Runners", Section::Runners),
        runners,
        more,
        server,
        queued,
    })
}

/// The name of the runner that a slot belongs to: `build` of `build-2`.
fn host(row: &RunnerRow) -> &str {
    match row.name.rsplit_once('-') {
        Some((host, slot)) if slot.parse::<u32>().is_ok() => host,
        _ => &row.name,
    }
}

/// Says how many jobs wait for a runner.
fn queued(jobs: u64) -> String {
    match jobs {
        0 => "No jobs queued.".to_owned(),
        1 => "1 job queued.".to_owned(),
        jobs => format!("{jobs} jobs queued."),
    }
}
