//! The projects that the user follows, and the page that adds one.
//!
//! *Add project* asks each forge for everything that the visitor can see there, and groups it by
//! organization. What cannot be added says why, and who can.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use roundel_forge::Repository;
use roundel_model::{
    forge::{ForgeKind, RepositoryId, Role},
    id::AccountId,
    limits,
};
use roundel_store::projects::Project;

use super::{
    home::{SignInChoice, choices},
    lists::PipelineSummary,
    status::DisplayStatus,
};
use crate::{
    http::{
        address::{address, see_other},
        form::PageForm,
        frame::Shell,
        rights::SignedIn,
        routes::Routes,
        section::Section,
        visit::{Answer, PageError, Visit},
    },
    markup::{Brief, Html, Untrusted, sentence},
    setup,
};

/// Routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::new().get("/projects", followed).get("/add", add).post("/add", begin)
}

#[derive(Template)]
#[template(path = "projects.html")]
struct Projects {
    shell: Shell,
    projects: Vec<ProjectCard>,
}

/// A followed project with the newest pipeline of its default branch, or else of any.
struct ProjectCard {
    name: String,
    forge: &'static str,
    at: String,
    status: DisplayStatus,
    active: bool,
    default_branch: Brief,
    /// Whether `newest` is of the default branch.
    of_default: bool,
    newest: Option<PipelineSummary>,
}

async fn followed(SignedIn { visit, account }: SignedIn) -> Answer {
    let mut projects = Vec::new();
    for project in visit.app.store.followed_projects(account).await? {
        if visit.may_see(&project).await {
            projects.push(card(&visit, &project).await?);
        }
    }
    visit.page(&Projects { shell: visit.shell("Projects", Section::Projects), projects })
}

async fn card(visit: &Visit, project: &Project) -> Result<ProjectCard, PageError> {
    let mut newest = visit.pipelines_of(project, Some(&project.default_branch), 1).await?;
    let of_default = !newest.is_empty();
    if !of_default {
        newest = visit.pipelines_of(project, None, 1).await?;
    }
    let newest =
        newest.first().map(|(row, workflows)| PipelineSummary::new(row, workflows, visit.now));
    Ok(ProjectCard {
        name: project.slug.full_name(),
        forge: project.slug.forge.title(),
        at: address(&project.slug),
        status: newest.as_ref().map_or(DisplayStatus::Nothing, |row| row.status),
        active: project.active,
        default_branch: Brief::name(&project.default_branch),
        of_default,
        newest,
    })
}

#[derive(Template)]
#[template(path = "add.html")]
struct AddPage {
    shell: Shell,
    forges: Vec<ForgeSection>,
}

/// One forge on the page.
struct ForgeSection {
    choice: SignInChoice,
    login: Option<String>,
    /// Why there is no list.
    error: Option<Html>,
    organizations: Vec<Organization>,
    count: usize,
}

/// An organization with its repositories.
struct Organization {
    name: Untrusted,
    repositories: Vec<Choice>,
}

/// A repository that may be added.
struct Choice {
    owner: String,
    name: String,
    private: bool,
    /// Its project, if it was added.
    added: Option<Added>,
    /// Why this person cannot add it.
    because: Option<String>,
}

/// The project of a repository that was added.
struct Added {
    /// URL of its page.
    at: String,
    /// Whether pushes start pipelines: setup has finished, and building was not stopped.
    is_building: bool,
}

async fn add(SignedIn { visit, account }: SignedIn) -> Answer {
    let mut forges = Vec::new();
    for (choice, kind) in choices(&visit).into_iter().zip(visit.app.forges.clients().keys()) {
        forges.push(section(&visit, account, *kind, choice).await?);
    }
    visit.page(&AddPage { shell: visit.shell("Add project", Section::Add), forges })
}

async fn section(
    visit: &Visit,
    account: AccountId,
    kind: ForgeKind,
    choice: SignInChoice,
) -> Result<ForgeSection, PageError> {
    let login = visit.app.store.identity(account, kind).await?.map(|identity| identity.login);
    let mut section =
        ForgeSection { choice, login, error: None, organizations: Vec::new(), count: 0 };
    if section.login.is_none() {
        return Ok(section);
    }
    match repositories(visit, account, kind).await {
        Ok(Some(found)) => {
            section.count = found.len();
            section.organizations = group(visit, kind, found).await?;
        }
        Ok(None) => section.login = None,
        Err(text) => section.error = Some(sentence(&text)),
    }
    Ok(section)
}

/// Everything that a person can see at a forge. `None`: the token no longer works.
async fn repositories(
    visit: &Visit,
    account: AccountId,
    kind: ForgeKind,
) -> Result<Option<Vec<Repository>>, String> {
    let Some(forge) = visit.app.forges.clients().get(&kind) else { return Ok(None) };
    let list = |token| async move { forge.repositories(&token).await };
    visit.app.forges.call_as(account, kind, list).await.map_err(|error| error.to_string())
}

async fn group(
    visit: &Visit,
    kind: ForgeKind,
    found: Vec<Repository>,
) -> Result<Vec<Organization>, PageError> {
    let all = visit.app.store.projects().await?;
    let added: BTreeMap<&RepositoryId, &Project> = all
        .iter()
        .filter(|project| project.slug.forge == kind)
        .map(|project| (&project.repository, project))
        .collect();
    let mut organizations: BTreeMap<String, Vec<Choice>> = BTreeMap::new();
    for repository in found {
        let project = added.get(&repository.id);
        let choice = Choice {
            added: project
                .map(|project| Added { at: address(&project.slug), is_building: project.active }),
            because: because(&repository, kind),
            owner: repository.owner.login.clone(),
            name: repository.name,
            private: repository.private,
        };
        organizations.entry(repository.owner.login).or_default().push(choice);
    }
    let organization = |(name, mut repositories): (String, Vec<Choice>)| {
        repositories.sort_by_key(|choice| choice.name.to_lowercase());
        Organization { name: Untrusted(name), repositories }
    };
    Ok(organizations.into_iter().map(organization).collect())
}

/// Why the user cannot add a repository (VCS-008).
fn because(repository: &Repository, kind: ForgeKind) -> Option<String> {
    if repository.archived {
        return Some("archived: cannot be pushed to".to_owned());
    }
    match repository.role {
        Some(Role::Admin) | None => None,
        Some(Role::Write | Role::Read) => {
            let key = kind.key_name();
            Some(format!("requires administrator access, to add a read-only {key} and a webhook"))
        }
    }
}

/// What the button of a repository sends.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct AddRequest {
    forge: String,
    owner: String,
    name: String,
}

async fn begin(
    SignedIn { visit, account }: SignedIn,
    PageForm(request): PageForm<AddRequest>,
) -> Result<Response, PageError> {
    let forge: ForgeKind =
        request.forge.parse().map_err(|_| PageError::Bad("Unknown Git provider.".to_owned()))?;
    let most = limits::REPOSITORY_NAME_CHARS;
    if [&request.owner, &request.name].iter().any(|name| name.chars().count() > most) {
        let text =
            format!("The owner or the name of the repository has more than {most} characters.");
        return Err(PageError::Bad(text));
    }
    let project =
        setup::begin(&visit.app.setups, account, forge, &request.owner, &request.name).await?;
    let project = visit.app.store.project(project).await?.ok_or_else(|| visit.not_found())?;
    Ok(see_other(&format!("{}/setup", address(&project.slug))))
}
