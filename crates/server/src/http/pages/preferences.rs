//! What a user is sent emails about: a default, and a choice for each project that they follow.

use askama::Template;
use roundel_model::text::first_chars;
use roundel_store::projects::Project;

use crate::{
    deliver::email::preference::{self, Changes, EmailPreference, ProjectChoice},
    http::{
        address::address,
        form::PageForm,
        frame::Shell,
        notice::{Notice, see_done},
        rights::SignedIn,
        routes::Routes,
        section::Section,
        visit::{Answer, PageError, Visit},
    },
    markup::Untrusted,
};

/// What a form's field for a project begins with, before the id of the project.
const FIELD: &str = "project-";

/// Characters of a value that a refusal shows.
const SHOWN_CHARS: usize = 100;

/// Routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::new().get("/preferences", page).post("/preferences", save)
}

#[derive(Template)]
#[template(path = "preferences.html")]
struct PreferencesPage {
    shell: Shell,
    address: Option<Untrusted>,
    email: bool,
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
    pub(crate) fn for_all(chosen: EmailPreference) -> Vec<Self> {
        let choice = |one: EmailPreference| Self {
            value: one.as_str(),
            title: one.title().to_owned(),
            chosen: one == chosen,
        };
        EmailPreference::ALL.into_iter().map(choice).collect()
    }

    /// The choices for one project, of which the first is the default of all projects.
    pub(crate) fn for_project(own: Option<EmailPreference>, default: EmailPreference) -> Vec<Self> {
        let title = format!("Default ({})", default.title().to_lowercase());
        let mut choices =
            vec![Self { value: ProjectChoice::DEFAULT, title, chosen: own.is_none() }];
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
    visit.page(&PreferencesPage {
        shell: visit.shell("Preferences", Section::Preferences),
        address: email.map(Untrusted),
        email: visit.app.settings.email.is_some(),
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

/// Reads what a form of the page asks for. Everything is read before anything is saved, and saved at
/// once: half of a form is not what was sent.
fn changes(fields: Vec<(String, String)>) -> Result<Changes, PageError> {
    if fields.is_empty() {
        return Err(empty());
    }
    let mut changes = Changes::default();
    for (name, value) in fields {
        if name == "account" {
            changes.default = Some(choice(&value)?);
        } else if name == "unfollow" {
            changes.unfollow.push(value.parse().map_err(|_| not_a_choice(&value))?);
        } else if let Some(project) = name.strip_prefix(FIELD) {
            let project = project.parse().map_err(|_| not_a_field(&name))?;
            changes.projects.push((project, choice_for_project(&value)?));
        } else {
            return Err(not_a_field(&name));
        }
    }
    Ok(changes)
}

/// Reads a choice for all projects.
pub(crate) fn choice(value: &str) -> Result<EmailPreference, PageError> {
    value.parse().map_err(|()| not_a_choice(value))
}

/// Reads a choice for one project.
pub(crate) fn choice_for_project(value: &str) -> Result<ProjectChoice, PageError> {
    if value == ProjectChoice::DEFAULT {
        return Ok(ProjectChoice::UseDefault);
    }
    choice(value).map(ProjectChoice::Own)
}

/// A value that the page does not offer.
pub(crate) fn not_a_choice(value: &str) -> PageError {
    PageError::Bad(format!(
        "`{}` is not one of the choices. Nothing was saved.",
        first_chars(value, SHOWN_CHARS)
    ))
}

/// A field that the form does not have.
pub(crate) fn not_a_field(name: &str) -> PageError {
    PageError::Bad(format!(
        "`{}` is not a field of this form. Nothing was saved.",
        first_chars(name, SHOWN_CHARS)
    ))
}

/// A form without fields asks for nothing, and must not look as if something had been done.
pub(crate) fn empty() -> PageError {
    PageError::Bad("The form was empty. Nothing was saved.".to_owned())
}

async fn save(
    SignedIn { visit, account }: SignedIn,
    PageForm(fields): PageForm<Vec<(String, String)>>,
) -> Answer {
    let changes = changes(fields)?;
    let store = &visit.app.store;
    for (project, _) in &changes.projects {
        if !store.follows(account, *project).await? {
            let text = "You no longer follow one of these projects. Nothing was saved.";
            return Err(PageError::Bad(text.to_owned()));
        }
    }
    let done =
        if changes.unfollow.is_empty() { Notice::PreferencesSaved } else { Notice::Unfollowed };
    preference::save(store, account, changes, visit.now).await?;
    Ok(see_done("/preferences", done))
}
