//! What a user is sent mail about: a default, and a choice for each project that they follow.

use askama::Template;
use axum::Form;
use roundel_model::id::ProjectId;
use roundel_store::projects::Project;

use super::{
    address::{address, see_other},
    frame::Shell,
    text::Untrusted,
    visit::{Answer, PageError, Visit},
};
use crate::{
    deliver::mail::preference::{self, MailPreference},
    http::{rights::SignedIn, routes::Routes},
};

/// What a form's field for a project begins with, before the id of the project.
const FIELD: &str = "project-";

/// Routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::new().get("/preferences", page).post("/preferences", save)
}

#[derive(Template)]
#[template(path = "preferences.html")]
struct Page {
    shell: Shell,
    address: Option<Untrusted>,
    mail: bool,
    default: Vec<Choice>,
    projects: Vec<ProjectLine>,
}

struct ProjectLine {
    id: String,
    at: String,
    name: Untrusted,
    forge: &'static str,
    choices: Vec<Choice>,
}

/// One of the choices that a page offers.
pub(crate) struct Choice {
    pub(crate) value: &'static str,
    pub(crate) title: String,
    pub(crate) chosen: bool,
}

impl Choice {
    /// The choices for all projects.
    pub(crate) fn for_all(chosen: MailPreference) -> Vec<Self> {
        let choice = |one: MailPreference| Self {
            value: one.as_str(),
            title: one.title().to_owned(),
            chosen: one == chosen,
        };
        MailPreference::ALL.into_iter().map(choice).collect()
    }

    /// The choices for one project, of which the first is to have no choice of its own.
    pub(crate) fn for_project(own: Option<MailPreference>, default: MailPreference) -> Vec<Self> {
        let title = format!("Default ({})", default.title().to_lowercase());
        let mut choices = vec![Self { value: "default", title, chosen: own.is_none() }];
        for mut choice in Self::for_all(default) {
            choice.chosen = own.is_some_and(|own| own.as_str() == choice.value);
            choices.push(choice);
        }
        choices
    }
}

async fn page(SignedIn { visit, account }: SignedIn) -> Answer {
    let default = preference::default_of(&visit.app.store, account).await?;
    let mut projects = Vec::new();
    for project in followed(&visit, account).await? {
        let own = preference::of_project(&visit.app.store, account, project.id).await?;
        projects.push(ProjectLine {
            id: project.id.to_string(),
            at: address(&project.slug),
            name: Untrusted(project.slug.full_name()),
            forge: project.slug.forge.title(),
            choices: Choice::for_project(own, default),
        });
    }
    let email = visit.account.as_ref().and_then(|account| account.email.clone());
    visit.page(&Page {
        shell: visit.shell("Preferences", "preferences"),
        address: email.map(Untrusted),
        mail: visit.app.settings.mail.is_some(),
        default: Choice::for_all(default),
        projects,
    })
}

/// The projects that a user follows and may still see.
async fn followed(
    visit: &Visit,
    account: roundel_model::id::AccountId,
) -> Result<Vec<Project>, PageError> {
    let mut projects = visit.app.store.followed_projects(account).await?;
    let mut visible = Vec::with_capacity(projects.len());
    for project in projects.drain(..) {
        if visit.may_see(&project).await {
            visible.push(project);
        }
    }
    Ok(visible)
}

async fn save(
    SignedIn { visit, account }: SignedIn,
    Form(fields): Form<Vec<(String, String)>>,
) -> Answer {
    let app = &visit.app;
    let mut done = "mail-saved";
    for (name, value) in fields {
        if name == "account" {
            let preference = value.parse();
            let preference = preference
                .map_err(|()| PageError::Bad(format!("`{value}` is not one of the choices.")))?;
            preference::set_default(&app.store, account, preference).await?;
        } else if name == "unfollow" {
            let project: ProjectId = value.parse().map_err(|_| visit.not_found())?;
            app.store.unfollow(account, project).await?;
            done = "unfollowed";
        } else if let Some(project) = name.strip_prefix(FIELD) {
            let project: ProjectId = project.parse().map_err(|_| visit.not_found())?;
            if app.store.follows(account, project).await? {
                preference::set_of_project(&app.store, account, project, value.parse().ok())
                    .await?;
            }
        }
    }
    Ok(see_other(&format!("/preferences?done={done}")))
}
