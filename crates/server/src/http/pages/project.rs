//! The page of a project: its pipelines, and what one can do with it.

use std::sync::Arc;

use askama::Template;
use axum::{extract::FromRequestParts, http::request::Parts, response::Response};
use roundel_model::{
    forge::{ForgeKind, Role},
    limits,
};
use roundel_store::{projects::Project, reading::PipelineFilter};

use super::lists::PipelineList;
use crate::{
    app::App,
    http::{
        address::{address, see_other},
        badges::{self, BadgeRequest},
        form::{NoFields, PageForm},
        frame::{LATER, Shell},
        notice::{Notice, see_done},
        rights::{Names, Reader, SignedInReader, Writer},
        routes::{Right, Routes},
        section::Section,
        visit::{Answer, PageError, Visit},
    },
    markup::{Brief, Html, Untrusted, sentence},
    trigger::manual::{self, ManualError},
    why_not_building,
};

/// Branches that the filter offers.
const BRANCHES: u32 = 100;

/// Routes below `/gh/:owner/:repository`.
pub(crate) fn routes(base: &str) -> Routes {
    Routes::new()
        .get(base, page)
        .get(&format!("{base}/live"), live)
        .get(&format!("{base}/trigger"), to_trigger)
        .post(&format!("{base}/trigger"), trigger)
        .post(&format!("{base}/follow"), follow)
        .post(&format!("{base}/unfollow"), unfollow)
}

/// What the head of every page of a project shows.
#[expect(clippy::struct_excessive_bools, reason = "what a template asks, one by one")]
pub(crate) struct ProjectHead {
    pub(crate) name: Untrusted,
    pub(crate) owner: Untrusted,
    pub(crate) repository: Untrusted,
    pub(crate) forge: ForgeKind,
    pub(crate) at: String,
    pub(crate) web_url: String,
    pub(crate) private: bool,
    pub(crate) active: bool,
    pub(crate) follows: bool,
    pub(crate) signed_in: bool,
    pub(crate) may_write: bool,
    pub(crate) may_admin: bool,
    pub(crate) default_branch: Brief,
    /// Which tab is the current one.
    pub(crate) tab: ProjectTab,
}

/// A page of a project that has a tab, or is reached from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProjectTab {
    Pipelines,
    Deliveries,
    Settings,
    /// No tab leads here: the setup is a page of the settings.
    Setup,
}

impl ProjectTab {
    /// Returns whether the tab of the pipelines is the current one.
    pub(crate) const fn is_pipelines(self) -> bool {
        matches!(self, Self::Pipelines)
    }

    /// Returns whether the tab of the deliveries is the current one.
    pub(crate) const fn is_deliveries(self) -> bool {
        matches!(self, Self::Deliveries)
    }

    /// Returns whether the tab of the settings is the current one.
    pub(crate) const fn is_settings(self) -> bool {
        matches!(self, Self::Settings)
    }

    /// Returns whether this is the page of the setup.
    pub(crate) const fn is_setup(self) -> bool {
        matches!(self, Self::Setup)
    }
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
        tab: ProjectTab,
    ) -> Result<Self, PageError> {
        let follows = match &visit.account {
            Some(account) => visit.app.store.follows(account.id, project.id).await?,
            None => false,
        };
        Ok(Self {
            name: Untrusted(project.slug.full_name()),
            owner: Untrusted(project.slug.owner.clone()),
            repository: Untrusted(project.slug.repository.clone()),
            forge: project.slug.forge,
            at: address(&project.slug),
            web_url: project.web_url.clone(),
            private: project.private,
            active: project.active,
            follows,
            signed_in: visit.account.is_some(),
            may_write: visit.account.is_some() && role >= Role::Write,
            may_admin: visit.account.is_some() && role >= Role::Admin,
            default_branch: Brief::name(&project.default_branch),
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
    trigger: TriggerForm,
    /// Why pushes start no pipelines, if they do not.
    idle: Option<&'static str>,
    /// The filter, as the address has it: `?branch=main`, or nothing.
    query: String,
    source: String,
    badge: String,
}

/// The form that starts a pipeline: what was typed into it, and why it was refused.
#[derive(Default)]
struct TriggerForm {
    /// Nothing was typed: the branch of the filter is offered.
    branch: Option<Untrusted>,
    error: Option<Html>,
    /// What was typed is wrong; else it is good, and something else is in the way.
    is_invalid: bool,
}

/// A branch to choose: what is sent, and what is shown.
struct BranchChoice {
    value: Untrusted,
    name: Brief,
    chosen: bool,
}

/// `/gh/:org/:repo.svg` has the shape of a project's page, but is a badge, for everyone.
enum BadgeOrReader {
    Badge(Response),
    Reader(Box<Reader<Project>>),
}

impl Right for BadgeOrReader {
    fn name() -> String {
        format!("Anyone, for a badge; {}", Reader::<Project>::name())
    }
}

impl FromRequestParts<Arc<App>> for BadgeOrReader {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let names = Names::read(parts, app).await;
        if let Some(slug) = names.and_then(|names| names.slug())
            && badges::is_picture(&slug.repository)
        {
            let request = BadgeRequest::from_request_parts(parts, app).await?;
            if let Some(badge) = request.of_project(&slug).await {
                return Ok(Self::Badge(badge));
            }
        }
        Reader::from_request_parts(parts, app).await.map(Box::new).map(Self::Reader)
    }
}

async fn page(asked: BadgeOrReader) -> Answer {
    let Reader { visit, subject: project, role } = match asked {
        BadgeOrReader::Badge(badge) => return Ok(badge),
        BadgeOrReader::Reader(reader) => *reader,
    };
    visit.page(&read_page(&visit, &project, role, TriggerForm::default()).await?)
}

async fn read_page(
    visit: &Visit,
    project: &Project,
    role: Role,
    trigger: TriggerForm,
) -> Result<ProjectPage, PageError> {
    let head = ProjectHead::read(visit, project, role, ProjectTab::Pipelines).await?;
    let list = read(visit, project).await?;
    let chosen = visit.parameter("branch");
    let mut branches = visit.app.store.branches(project.id, BRANCHES).await?;
    if let Some(chosen) = chosen.as_ref().filter(|chosen| !branches.contains(chosen)) {
        branches.insert(0, chosen.clone());
    }
    let branches = branches
        .into_iter()
        .filter(|name| name.chars().count() <= limits::BRANCH_CHARS)
        .map(|name| BranchChoice {
            chosen: chosen.as_ref() == Some(&name),
            name: Brief::name(&name),
            value: Untrusted(name),
        })
        .collect();
    let query = visit.query.as_deref().map(|query| format!("?{query}")).unwrap_or_default();
    let is_refused = trigger.error.is_some();
    let error = if is_refused { "Error: " } else { "" };
    let offered = chosen.unwrap_or_else(|| project.default_branch.clone());
    let trigger = TriggerForm { branch: trigger.branch.or(Some(Untrusted(offered))), ..trigger };
    let idle = if project.active {
        None
    } else {
        Some(why_not_building::reason(&visit.app.store, project.id).await?)
    };
    Ok(ProjectPage {
        shell: visit
            .shell(format!("{error}{}", project.slug.full_name()), Section::Projects)
            .showing(list.family())
            .refreshing((list.is_going() && !is_refused).then_some(LATER)),
        id: project.id.to_string(),
        source: format!("{}/live{query}", head.at),
        badge: format!("{}.svg", head.at),
        trigger,
        idle,
        query,
        head,
        list,
        branches,
    })
}

async fn live(Reader { visit, subject: project, .. }: Reader<Project>) -> Answer {
    visit.page(&read(&visit, &project).await?)
}

async fn read(visit: &Visit, project: &Project) -> Result<PipelineList, PageError> {
    let filter = PipelineFilter {
        projects: Some(vec![project.id]),
        branch: visit.parameter("branch"),
        before: None,
    };
    Ok(PipelineList::read(visit, filter).await?)
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct TriggerFields {
    branch: String,
}

/// The address of a refused form, opened again: where the form is.
async fn to_trigger(Reader { subject: project, .. }: Reader<Project>) -> Answer {
    Ok(see_other(&format!("{}#trigger", address(&project.slug))))
}

async fn trigger(
    Writer { visit, account, subject: project, role }: Writer<Project>,
    PageForm(request): PageForm<TriggerFields>,
) -> Answer {
    let branch = request.branch.trim();
    if branch.chars().count() > limits::BRANCH_CHARS {
        let most = limits::BRANCH_CHARS;
        return Err(PageError::Bad(format!("The branch has more than {most} characters.")));
    }
    match manual::trigger(&visit.app.starter, account, &project, branch).await {
        Ok(pipeline) => Ok(see_done(&format!("/pipeline/{pipeline}"), Notice::Triggered)),
        // Without a setup there is no form to show again.
        Err(error @ ManualError::Idle(_)) => Err(PageError::Bad(error.to_string())),
        Err(error) => {
            let form = TriggerForm {
                branch: Some(Untrusted(branch.to_owned())),
                error: Some(sentence(&error.to_string())),
                is_invalid: matches!(error, ManualError::NoBranch(_) | ManualError::NoConfig(_)),
            };
            visit.refused_form(&read_page(&visit, &project, role, form).await?)
        }
    }
}

async fn follow(
    SignedInReader { visit, account, subject: project, .. }: SignedInReader<Project>,
    _: PageForm<NoFields>,
) -> Answer {
    visit.app.store.follow(account, project.id, visit.now).await?;
    Ok(see_done(&address(&project.slug), Notice::Followed))
}

async fn unfollow(
    SignedInReader { visit, account, subject: project, .. }: SignedInReader<Project>,
    _: PageForm<NoFields>,
) -> Answer {
    visit.app.store.unfollow(account, project.id).await?;
    Ok(see_done(&address(&project.slug), Notice::Unfollowed))
}
