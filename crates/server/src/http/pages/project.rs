//! The page of a project: its pipelines, and what one can do with it.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form, Router,
    extract::Path,
    http::HeaderMap,
    response::Response,
    routing::{get, post},
};
use roundel_model::forge::{ForgeKind, ProjectSlug, Role};
use roundel_store::{projects::Project, reading::PipelineFilter};

use super::{
    encode,
    lists::PipelineList,
    visit::{Answer, PageError, Shell, Visit, address, see_other},
    words::Foreign,
};
use crate::{app::App, http::badges, setup};

/// Branches that the filter offers.
const BRANCHES: u32 = 100;

/// Routes below `/gh/:owner/:repository`.
pub(crate) fn routes(base: &str) -> Router<Arc<App>> {
    Router::new()
        .route(base, get(page))
        .route(&format!("{base}/live"), get(live))
        .route(&format!("{base}/trigger"), post(trigger))
        .route(&format!("{base}/follow"), post(follow))
        .route(&format!("{base}/unfollow"), post(unfollow))
}

/// What the head of every page of a project shows.
#[expect(clippy::struct_excessive_bools, reason = "what a template asks, one by one")]
pub(crate) struct ProjectHead {
    pub(crate) name: Foreign,
    pub(crate) owner: Foreign,
    pub(crate) repository: Foreign,
    pub(crate) forge: &'static str,
    pub(crate) at: String,
    pub(crate) web_url: String,
    pub(crate) private: bool,
    pub(crate) active: bool,
    pub(crate) follows: bool,
    pub(crate) signed_in: bool,
    pub(crate) may_write: bool,
    pub(crate) may_admin: bool,
    pub(crate) default_branch: Foreign,
    /// Which tab is lit.
    pub(crate) tab: &'static str,
}

impl ProjectHead {
    /// Reads what the head shows.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub(crate) async fn read(
        visit: &Visit,
        project: &Project,
        role: Role,
        tab: &'static str,
    ) -> Result<Self, PageError> {
        let follows = match &visit.account {
            Some(account) => visit.app.store.follows(account.id, project.id).await?,
            None => false,
        };
        Ok(Self {
            name: Foreign(project.slug.full_name()),
            owner: Foreign(project.slug.owner.clone()),
            repository: Foreign(project.slug.repository.clone()),
            forge: project.slug.forge.title(),
            at: address(&project.slug),
            web_url: project.web_url.clone(),
            private: project.private,
            active: project.active,
            follows,
            signed_in: visit.account.is_some(),
            may_write: visit.account.is_some() && role >= Role::Write,
            may_admin: visit.account.is_some() && role >= Role::Admin,
            default_branch: Foreign(project.default_branch.clone()),
            tab,
        })
    }
}

#[derive(Template)]
#[template(path = "project.html")]
struct ProjectPage {
    shell: Shell,
    head: ProjectHead,
    id: String,
    list: PipelineList,
    branches: Vec<BranchChoice>,
    branch: Foreign,
    source: String,
    badge: String,
}

struct BranchChoice {
    name: Foreign,
    chosen: bool,
}

async fn page(visit: Visit, Path(names): Path<(String, String)>, headers: HeaderMap) -> Answer {
    if let Some(badge) = badge(&visit, &names, &headers).await {
        return Ok(badge);
    }
    let (project, role) = visit.project(&names).await?;
    let head = ProjectHead::read(&visit, &project, role, "pipelines").await?;
    let list = read(&visit, &project).await?;
    let chosen = visit.parameter("branch");
    let mut branches = visit.app.store.branches(project.id, BRANCHES).await?;
    if let Some(chosen) = chosen.as_ref().filter(|chosen| !branches.contains(chosen)) {
        branches.insert(0, chosen.clone());
    }
    let branches = branches
        .into_iter()
        .map(|name| BranchChoice { chosen: chosen.as_ref() == Some(&name), name: Foreign(name) })
        .collect();
    let query = visit.query.as_deref().map(|query| format!("?{query}")).unwrap_or_default();
    visit.page(&ProjectPage {
        shell: visit.shell(project.slug.full_name(), "projects").showing(list.family()),
        id: project.id.to_string(),
        source: format!("{}/live{query}", head.at),
        badge: format!("{}.svg", head.at),
        branch: Foreign(chosen.unwrap_or_else(|| project.default_branch.clone())),
        head,
        list,
        branches,
    })
}

/// `/gh/:org/:repo.svg` has the shape of a project's page.
async fn badge(visit: &Visit, names: &(String, String), headers: &HeaderMap) -> Option<Response> {
    let forge: ForgeKind = visit.path.split('/').nth(1)?.parse().ok()?;
    let slug = ProjectSlug { forge, owner: names.0.clone(), repository: names.1.clone() };
    let account = visit.account.as_ref();
    badges::serve(&visit.app, account, &slug, visit.query.as_deref(), headers).await
}

async fn live(visit: Visit, Path(names): Path<(String, String)>) -> Answer {
    let (project, _) = visit.project(&names).await?;
    visit.page(&read(&visit, &project).await?)
}

async fn read(visit: &Visit, project: &Project) -> Result<PipelineList, PageError> {
    let filter = PipelineFilter {
        projects: Some(vec![project.id]),
        branch: visit.parameter("branch"),
        before: None,
    };
    Ok(PipelineList::read(visit, filter, false).await?)
}

#[derive(serde::Deserialize)]
struct Trigger {
    branch: String,
}

async fn trigger(
    visit: Visit,
    Path(names): Path<(String, String)>,
    Form(wanted): Form<Trigger>,
) -> Answer {
    let (project, role) = visit.project(&names).await?;
    visit.require(role, Role::Write)?;
    let Some(account) = visit.account.as_ref().map(|account| account.id) else {
        return Err(visit.not_found());
    };
    let pipeline = setup::trigger(&visit.app, account, project.id, wanted.branch.trim())
        .await
        .map_err(|refused| PageError::Bad(refused.0))?;
    Ok(see_other(&format!("/pipeline/{pipeline}?done=triggered")))
}

async fn follow(visit: Visit, Path(names): Path<(String, String)>) -> Answer {
    let (project, _) = visit.project(&names).await?;
    let Some(account) = &visit.account else { return Ok(to_login(&project)) };
    visit.app.store.follow(account.id, project.id, visit.now).await?;
    Ok(see_other(&format!("{}?done=followed", address(&project.slug))))
}

async fn unfollow(visit: Visit, Path(names): Path<(String, String)>) -> Answer {
    let (project, _) = visit.project(&names).await?;
    let Some(account) = &visit.account else { return Ok(to_login(&project)) };
    visit.app.store.unfollow(account.id, project.id).await?;
    Ok(see_other(&format!("{}?done=unfollowed", address(&project.slug))))
}

fn to_login(project: &Project) -> Response {
    see_other(&format!("/login?return={}", encode(&address(&project.slug))))
}
