//! What a server with many projects costs while nothing happens, and how soon it answers.

use std::time::Duration;

use anyhow::{Context as _, Result};
use roundel_model::{
    forge::{ForgeKind, ForgeUserId, ProjectSlug, RepositoryId},
    id::HookId,
    time::Timestamp,
};
use roundel_store::{
    Store,
    accounts::{SignIn, Token},
    projects::{Hook, HookState, NewProject},
};

use crate::{
    installation::{Installation, OWNER, VISITOR},
    machine,
    place::Place,
    table::{Row, Times},
};

const PROJECTS: u32 = 100;
const STARTS: usize = 10;
/// After that, whatever a start leaves behind is given back.
const SETTLING: Duration = Duration::from_secs(5);
/// What seeded hooks sign with.
pub(crate) const SECRET: &str = "a secret for measuring";

/// Measures resident memory, with and without a runner inside.
pub(crate) async fn memory(place: &Place) -> Result<Vec<Row>> {
    let mut installation = seeded(place, "memory").await?;
    let mut rows = Vec::new();
    for (slots, with) in [(0, "no runner inside"), (2, "a runner inside, 2 slots")] {
        installation.serve(slots).await?;
        tokio::time::sleep(SETTLING).await;
        let status = installation.status_file()?;
        let [now, most] = ["VmRSS", "VmHWM"].map(|name| megabytes(&machine::field(&status, name)));
        rows.push(
            Row::new(format!("serve, idle, {PROJECTS} projects, {with}: resident memory"))
                .ours(format!("{} MB (at most {} MB since its start)", now?, most?))
                .target("≤ 60 MB"),
        );
        installation.end()?;
    }
    Ok(rows)
}

/// Measures from the command to the first answer.
pub(crate) async fn start(place: &Place) -> Result<Vec<Row>> {
    let mut installation = seeded(place, "start").await?;
    let mut times = Times::default();
    for _ in 0..STARTS {
        times.push(installation.serve(2).await?);
        installation.end()?;
    }
    let mut first = Installation::build(place, "first-start").await?;
    let first = first.serve(2).await?;
    let what = format!("serve: start → first answer, {PROJECTS} projects");
    let one = Times::of(vec![first]);
    Ok(vec![
        Row::new(what).ours(times.shown()).target("≤ 300 ms"),
        Row::new("serve: the very first start, which makes the database").ours(one.shown()),
    ])
}

async fn seeded(place: &Place, name: &str) -> Result<Installation> {
    let installation = Installation::build(place, name).await?;
    let store = installation.store().await?;
    seed(&store, PROJECTS).await?;
    store.close().await;
    Ok(installation)
}

/// Adds so many projects with hooks, without a forge. Returns the last one's hook.
pub(crate) async fn seed(store: &Store, projects: u32) -> Result<HookId> {
    let (forge, now) = (ForgeKind::GitHub, Timestamp::now());
    let user = ForgeUserId("1".to_owned());
    let sign_in = SignIn::new(forge, user, VISITOR, Token::new("token".into()));
    let integration = store.sign_in(&sign_in, now).await?;
    let mut last = None;
    for number in 0..projects {
        let repository = format!("project-{number}");
        let project = NewProject {
            slug: ProjectSlug { forge, owner: OWNER.to_owned(), repository },
            repository: RepositoryId(number.to_string()),
            organization_forge_id: "1".to_owned(),
            default_branch: "main".to_owned(),
            private: true,
            ssh_url: String::new(),
            web_url: String::new(),
            integration,
        };
        let project = store.upsert_project(&project, now).await?.id;
        store.start_building(project).await?;
        let hook = Hook {
            id: HookId::fresh(),
            project,
            forge,
            forge_id: None,
            secret: SECRET.into(),
            state: HookState::Active,
            created_at: now,
            last_delivery_at: None,
        };
        store.insert_hook(&hook).await?;
        last = Some(hook.id);
    }
    last.context("no project was asked for")
}

/// Reads `12345 kB`.
fn megabytes(text: &str) -> Result<String> {
    let kilobytes: u32 =
        text.split(' ').next().unwrap_or_default().parse().context("no such line")?;
    Ok(format!("{:.1}", f64::from(kilobytes) * 1024.0 / 1e6))
}
