//! The first page: what Roundel is, for visitors; live pipelines, for those who signed in. And the
//! page that asks how to sign in.

use std::sync::Arc;

use askama::Template;
use roundel_model::{forge::ForgeKind, id::AccountId};
use roundel_store::{projects::Project, reading::PipelineFilter};

use super::lists::PipelineList;
use crate::{
    http::{
        address::{is_local, see_other},
        frame::{LATER, Shell},
        rights::{Anyone, SignedIn},
        routes::Routes,
        section::Section,
        visit::{Answer, PageError, Visit},
    },
    markup::Brief,
};

/// Routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::new().get("/", home).get("/live/pipelines", live).get("/login", login)
}

/// A forge that one can sign in with.
pub(crate) struct SignInChoice {
    pub(crate) title: &'static str,
    pub(crate) slug: &'static str,
    pub(crate) host: String,
    /// The scopes that sign-in requests, each with its reason.
    pub(crate) scopes: &'static [roundel_forge::RequestedScope],
}

/// The forges that this server knows.
pub(crate) fn choices(visit: &Visit) -> Vec<SignInChoice> {
    let choice = |(kind, forge): (&ForgeKind, &Arc<dyn roundel_forge::Forge>)| SignInChoice {
        title: kind.title(),
        slug: kind.long_slug(),
        host: forge.settings().web_url.host_str().unwrap_or_default().to_owned(),
        scopes: forge.requested_scopes(),
    };
    visit.app.forges.clients().iter().map(choice).collect()
}

/// How an administrator connects a Git provider.
struct Connect {
    title: &'static str,
    /// What is made there, and where.
    application: &'static str,
    /// What else its form asks for.
    fields: String,
    /// What the forge calls the client id.
    id_word: &'static str,
    callback: String,
    /// The table of the settings file: `github`.
    table: &'static str,
    /// What its variables begin with: `ROUNDEL_GITHUB`.
    variables: &'static str,
}

fn connect(visit: &Visit) -> Vec<Connect> {
    if !visit.app.forges.clients().is_empty() {
        return Vec::new();
    }
    let one = |kind: ForgeKind| {
        let (application, variables) = match kind {
            ForgeKind::GitHub => (
                "an OAuth app (Settings › Developer settings › OAuth Apps › New OAuth App)",
                "ROUNDEL_GITHUB",
            ),
            ForgeKind::Bitbucket => (
                "an OAuth consumer (Workspace settings › OAuth consumers › Add consumer)",
                "ROUNDEL_BITBUCKET",
            ),
        };
        let (fields, id_word) = match kind {
            ForgeKind::GitHub => {
                (format!("Homepage URL: {}.", visit.app.links.page(&[])), "client ID")
            }
            ForgeKind::Bitbucket => (
                "Make it private, with the permissions Account: Read and Email; Repositories: Read and \
                 Admin; Pull requests: Read; Webhooks: Read and write."
                    .to_owned(),
                "Key",
            ),
        };
        let callback = visit.app.links.callback(kind);
        let (title, table) = (kind.title(), kind.long_slug());
        Connect { title, application, fields, id_word, callback, table, variables }
    };
    ForgeKind::ALL.into_iter().map(one).collect()
}

#[derive(Template)]
#[template(path = "landing.html")]
struct Landing {
    shell: Shell,
    choices: Vec<SignInChoice>,
    /// How to connect a Git provider, while there is none.
    connect: Vec<Connect>,
    back: String,
    /// The visitor came to sign in, not to read.
    only_sign_in: bool,
}

impl Landing {
    /// The page of a pipeline, a job or a project that asked for the sign-in, without its query. Nothing else
    /// is shown: a link from elsewhere must not bring sentences to this page.
    fn asked_from(&self) -> Option<Brief> {
        let path = self.back.split(['?', '#']).next()?;
        let is_id = |id: &str| id.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        let by_id = ["/pipeline/", "/job/"].iter().find_map(|start| path.strip_prefix(start));
        let is_name = |c: char| c.is_ascii_alphanumeric() || "/-._".contains(c);
        let of_project =
            ForgeKind::ALL.iter().any(|kind| path.starts_with(&format!("/{}/", kind.slug())));
        let is_known = by_id.is_some_and(is_id) || of_project && path.chars().all(is_name);
        is_known.then(|| Brief::name(path))
    }

    /// The forges that one can sign in with: `GitHub or Bitbucket`.
    fn providers(&self) -> String {
        if self.choices.is_empty() {
            return "a Git provider".to_owned();
        }
        self.choices.iter().map(|choice| choice.title).collect::<Vec<_>>().join(" or ")
    }
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    shell: Shell,
    list: PipelineList,
    projects: Vec<ProjectChoice>,
    branch: String,
    /// Where the live part comes from.
    source: String,
}

/// A project in the filter.
struct ProjectChoice {
    id: String,
    name: String,
    chosen: bool,
}

async fn home(_: Anyone, visit: Visit) -> Answer {
    let Some(account) = visit.account.as_ref().map(|account| account.id) else {
        let shell = visit.shell("Continuous integration", Section::Elsewhere);
        let (choices, connect) = (choices(&visit), connect(&visit));
        let back = "/".to_owned();
        return visit.page(&Landing { shell, choices, connect, back, only_sign_in: false });
    };
    let (list, projects) = read(&visit, account).await?;
    let chosen = visit.parameter("project");
    let projects = projects
        .iter()
        .map(|project| ProjectChoice {
            id: project.id.to_string(),
            name: project.slug.full_name(),
            chosen: chosen.as_deref() == Some(&project.id.to_string()),
        })
        .collect();
    let query = visit.query.as_deref().map(|query| format!("?{query}")).unwrap_or_default();
    visit.page(&Home {
        shell: visit
            .shell("Pipelines", Section::Pipelines)
            .showing(list.family())
            .refreshing(list.is_going().then_some(LATER)),
        list,
        projects,
        branch: visit.parameter("branch").unwrap_or_default(),
        source: format!("/live/pipelines{query}"),
    })
}

async fn live(SignedIn { visit, account }: SignedIn) -> Answer {
    let (list, _) = read(&visit, account).await?;
    visit.page(&list)
}

/// The pipelines of the projects that the visitor follows and may still see.
async fn read(
    visit: &Visit,
    account: AccountId,
) -> Result<(PipelineList, Vec<Project>), PageError> {
    let mut projects = Vec::new();
    for project in visit.app.store.followed_projects(account).await? {
        if visit.may_see(&project).await {
            projects.push(project);
        }
    }
    let chosen = visit.parameter("project");
    let ids = projects
        .iter()
        .map(|project| project.id)
        .filter(|id| chosen.as_deref().is_none_or(|chosen| chosen == id.to_string()))
        .collect();
    let filter =
        PipelineFilter { projects: Some(ids), branch: visit.parameter("branch"), before: None };
    let mut list = PipelineList::read(visit, filter).await?.with_project();
    // A project that was chosen is a filter, also one that the visitor may not see.
    list.filtered |= chosen.is_some();
    Ok((list, projects))
}

async fn login(_: Anyone, visit: Visit) -> Answer {
    let back =
        visit.parameter("return").filter(|path| is_local(path)).unwrap_or_else(|| "/".to_owned());
    let linking = visit.parameter("link").is_some();
    if visit.account.is_some() && !linking {
        return Ok(see_other(&back));
    }
    let shell = visit.shell("Sign in", Section::Elsewhere);
    let (choices, connect) = (choices(&visit), connect(&visit));
    visit.page(&Landing { shell, choices, connect, back, only_sign_in: true })
}
