//! `/mail/PROJECT/ACCOUNT/SIGNATURE`: the link at the end of every email, which works without signing
//! in. It says for whom and about which project it is, and changes that only.
//!
//! Looking at it changes nothing (scanners follow links); a form does, and so does the one click of an
//! email client (RFC 8058), which stops the emails about this project. No protection against forged
//! requests: the signature is the right. For those who are signed in: [`super::pages`].

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use roundel_model::id::{AccountId, ProjectId};
use roundel_store::{accounts::Account, projects::Project};

use super::{
    form::{self, PageForm},
    frame::{self, Link, Shell},
    notice::{Notice, see_done},
    pages::preferences::{self, Choice},
    routes::{Right, Routes},
    section::Section,
    visit::{Answer, PageError, Visit},
};
use crate::{
    access,
    app::App,
    deliver::email::preference::{self, Changes, EmailPreference, ProjectChoice},
    markup::Untrusted,
};

/// Routes of the pages that choose emails.
pub(crate) fn routes() -> Routes {
    const LINK: &str = "/mail/{project}/{account}/{signature}";
    Routes::new().get(LINK, page).post(LINK, change)
}

/// Came by a link that we sent: the signature in the address is right for the user and the project in it.
struct EmailLink {
    visit: Visit,
    account: Account,
    project: Project,
    at: String,
}

impl Right for EmailLink {
    fn name() -> String {
        "EmailLink".to_owned()
    }
}

impl FromRequestParts<Arc<App>> for EmailLink {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, app).await?;
        let names = Path::<(ProjectId, AccountId, String)>::from_request_parts(parts, app).await;
        let Ok(Path((project, account, signature))) = names else { return Err(refused()) };
        if !preference::is_signature(&app.settings.instance_key, account, project, &signature) {
            return Err(refused());
        }
        let broken = |error| PageError::Store(error).into_response();
        let account = app.store.account(account).await.map_err(broken)?;
        let project = app.store.project(project).await.map_err(broken)?;
        match (account, project) {
            (Some(account), Some(project)) => {
                Ok(Self { visit, account, project, at: parts.uri.path().to_owned() })
            }
            _ => Err(refused()),
        }
    }
}

#[derive(Template)]
#[template(path = "email_preferences.html")]
struct EmailPreferencesPage {
    shell: Shell,
    name: Untrusted,
    project: Untrusted,
    follows: bool,
    here: Vec<Choice>,
    elsewhere: Vec<Choice>,
}

async fn page(link: EmailLink) -> Answer {
    let EmailLink { visit, account, project, .. } = link;
    let name = project.slug.full_name();
    let default = preference::default_of(&visit.app.store, account.id).await?;
    let own = preference::of_project(&visit.app.store, account.id, project.id).await?;
    visit.page(&EmailPreferencesPage {
        shell: visit.shell(format!("Email notifications for {name}"), Section::Elsewhere),
        name: Untrusted(account.name),
        follows: visit.app.store.follows(account.id, project.id).await?,
        here: Choice::for_project(own, default),
        elsewhere: Choice::for_all(default),
        project: Untrusted(name),
    })
}

/// What email clients send for their one click, and nothing else (RFC 8058 §3.2).
const ONE_CLICK: &str = "List-Unsubscribe";

/// What came to the address of a link.
enum Sent {
    /// The one click of an email client.
    OneClick,
    /// A form of the page.
    Fields(Vec<(String, String)>),
}

impl FromRequest<Arc<App>> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if kind.is_some_and(|kind| kind.starts_with("multipart/form-data")) {
            // Email clients may send their one field in this form, too, which our pages never do.
            let body = form::bytes(request, app).await?;
            let field = format!("name=\"{ONE_CLICK}\"");
            let is_one_click = String::from_utf8_lossy(&body).contains(&field);
            return if is_one_click { Ok(Self::OneClick) } else { Err(form::other_type()) };
        }
        let PageForm(fields) =
            PageForm::<Vec<(String, String)>>::from_request(request, app).await?;
        let is_one_click = fields.iter().any(|(name, _)| name == ONE_CLICK);
        Ok(if is_one_click { Self::OneClick } else { Self::Fields(fields) })
    }
}

/// What a form of the page asks for.
#[derive(Default)]
struct Change {
    project: Option<ProjectChoice>,
    account: Option<EmailPreference>,
    follow: Option<bool>,
}

impl Change {
    /// Reads everything before anything is saved. Of a field that comes twice the last counts.
    fn read(fields: &[(String, String)]) -> Result<Self, PageError> {
        let mut change = Self::default();
        for (name, value) in fields {
            match (name.as_str(), value.as_str()) {
                ("project", value) => {
                    change.project = Some(preferences::choice_for_project(value)?);
                }
                ("account", value) => change.account = Some(preferences::choice(value)?),
                ("follow", "yes") => change.follow = Some(true),
                ("follow", "no") => change.follow = Some(false),
                ("follow", other) => return Err(preferences::not_a_choice(other)),
                (other, _) => return Err(preferences::not_a_field(other)),
            }
        }
        if fields.is_empty() { Err(preferences::empty()) } else { Ok(change) }
    }

    /// Returns the changes that it asks for, for the project of the link.
    fn of(self, project: ProjectId) -> Changes {
        let only_if = |it_is: bool| if it_is { vec![project] } else { Vec::new() };
        Changes {
            default: self.account,
            projects: self.project.map(|choice| (project, choice)).into_iter().collect(),
            follow: only_if(self.follow == Some(true)),
            unfollow: only_if(self.follow == Some(false)),
        }
    }
}

async fn change(link: EmailLink, sent: Sent) -> Answer {
    let EmailLink { visit, account, project, at } = link;
    let app = &visit.app;
    let Sent::Fields(fields) = sent else {
        let none = ProjectChoice::Own(EmailPreference::Nothing);
        let changes = Changes { projects: vec![(project.id, none)], ..Changes::default() };
        preference::save(&app.store, account.id, changes, visit.now).await?;
        // An email client must not be sent on (RFC 8058 §3.1).
        let done = format!("You will get no more emails about {}.\n", project.slug.full_name());
        return Ok(done.into_response());
    };
    let change = Change::read(&fields)?;
    // The link proves who was sent the email, not that they may still see the project.
    if change.follow == Some(true) && access::role(app, Some(&account), &project).await.is_none() {
        let text = "You no longer have access to this repository.";
        return Err(PageError::Forbidden(text.to_owned()));
    }
    let done = match change.follow {
        Some(true) => Notice::Followed,
        Some(false) => Notice::Unfollowed,
        None => Notice::PreferencesSaved,
    };
    preference::save(&app.store, account.id, change.of(project.id), visit.now).await?;
    Ok(see_done(&at, done))
}

fn refused() -> Response {
    frame::error_page(
        StatusCode::NOT_FOUND,
        "This link does not work",
        "It was cut off or changed on its way. Use the link at the end of a newer email, or sign in \
         and open your preferences.",
        Some(Link::fixed("Open preferences", "/preferences")),
    )
}
