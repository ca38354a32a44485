//! One visit to a page: who comes, when, and what that person may see.
//!
//! Every page that shows something of a project gets it through [`Visit::project`] and its likes,
//! which ask [`access::role`] first. Whoever may not see a thing gets the same answer as if it did
//! not exist. Deliberately absent: how rights are found out (`access`).

use std::{fmt, sync::Arc};

use askama::Template;
use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
    response::{Html, IntoResponse, Response},
};
use roundel_model::{
    forge::{ForgeKind, ProjectSlug, Role},
    id::{JobId, PipelineId, ProjectId},
    time::Timestamp,
};
use roundel_store::{
    StoreError,
    accounts::Account,
    projects::Project,
    reading::{JobRow, PipelineRow},
};

use super::{encode, error_page, secured, words::Person};
use crate::{
    access::{self, Visitor},
    app::App,
    http::assets,
};

/// A request for a page.
pub(crate) struct Visit {
    /// What everything shares.
    pub(crate) app: Arc<App>,
    /// Who comes, if that person has signed in.
    pub(crate) account: Option<Account>,
    /// When.
    pub(crate) now: Timestamp,
    /// Path and query as they were asked for.
    pub(crate) path: String,
    /// The query alone.
    pub(crate) query: Option<String>,
}

impl FromRequestParts<Arc<App>> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let Visitor(account) = Visitor::from_request_parts(parts, app).await?;
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let query = parts.uri.query().map(str::to_owned);
        Ok(Self { app: Arc::clone(app), account, now: Timestamp::now(), path, query })
    }
}

/// Why there is no page.
pub(crate) enum PageError {
    /// There is nothing, or nothing that this visitor may see. Holds the way to sign in, if nobody is.
    NotFound(Option<String>),
    /// It has another address.
    Moved(String),
    /// The visitor may see it, but not do this.
    Refused(String),
    /// What was sent makes no sense: a sentence.
    Bad(String),
    /// The store failed.
    Store(StoreError),
    /// The template failed.
    Render(askama::Error),
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<askama::Error> for PageError {
    fn from(error: askama::Error) -> Self {
        Self::Render(error)
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        match self {
            Self::NotFound(login) => error_page(
                StatusCode::NOT_FOUND,
                "Nothing here",
                match login {
                    Some(_) => "There is no such page, or you have to sign in to see it.",
                    None => {
                        "There is no such page, or your account may not see it. Rights follow the \
                             forge: whoever can read a repository there can see its pipelines here."
                    }
                },
                Some(login.as_deref().map_or(("To the pipelines", "/"), |to| ("Sign in", to))),
            ),
            Self::Moved(to) => {
                (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, to)]).into_response()
            }
            Self::Refused(text) => {
                error_page(StatusCode::FORBIDDEN, "Not allowed", &text, Some(("Back", "/")))
            }
            Self::Bad(text) => {
                error_page(StatusCode::UNPROCESSABLE_ENTITY, "That does not work", &text, None)
            }
            Self::Store(error) => broken(&error),
            Self::Render(error) => broken(&error),
        }
    }
}

fn broken(error: &(dyn std::error::Error + 'static)) -> Response {
    tracing::error!(error, "a page could not be made");
    error_page(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Something is wrong on our side",
        "The page could not be made. The server's log says why; trying again may help.",
        Some(("To the pipelines", "/")),
    )
}

/// What a page answers.
pub(crate) type Answer = Result<Response, PageError>;

/// What the frame of every page needs.
pub(crate) struct Shell {
    /// Title of the page.
    pub(crate) title: String,
    /// Who is signed in.
    pub(crate) person: Option<Person>,
    /// Which part of the navigation is lit.
    pub(crate) section: &'static str,
    /// Which favicon: `ok`, `bad`, `busy`, `hold`, `none`.
    pub(crate) family: &'static str,
    /// A sentence on what was just done.
    pub(crate) notice: Option<&'static str>,
}

impl Shell {
    /// The frame of a page that knows nobody.
    pub(crate) fn bare(title: &str) -> Self {
        let title = title.to_owned();
        Self { title, person: None, section: "", family: "none", notice: None }
    }

    /// The address of an asset, for templates.
    #[expect(clippy::unused_self, reason = "templates call it as a method")]
    pub(crate) fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    /// The address of the favicon.
    pub(crate) fn favicon(&self) -> String {
        assets::address(&format!("favicon-{}.svg", self.family))
    }

    /// Chooses the favicon.
    pub(crate) fn showing(mut self, family: &'static str) -> Self {
        self.family = family;
        self
    }
}

impl Visit {
    /// Makes the frame of a page.
    pub(crate) fn shell(&self, title: impl fmt::Display, section: &'static str) -> Shell {
        let person = self
            .account
            .as_ref()
            .map(|account| Person { name: account.name.clone(), avatar: None });
        let notice = self.parameter("done").and_then(|code| notice(&code));
        Shell { title: title.to_string(), person, section, family: "none", notice }
    }

    /// Renders a page.
    pub(crate) fn page(&self, template: &impl Template) -> Answer {
        let mut targets = String::new();
        for forge in &self.app.settings.forges {
            targets.extend([" ", &forge.web_url.origin().ascii_serialization()]);
        }
        Ok(secured(Html(template.render()?).into_response(), &targets))
    }

    /// Returns a value of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let query = self.query.as_deref()?;
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.into_owned())
    }

    /// The answer for what is not there, or must not be seen.
    pub(crate) fn not_found(&self) -> PageError {
        let login = format!("/login?return={}", encode(&self.path));
        PageError::NotFound(self.account.is_none().then_some(login))
    }

    /// Opens the project that the address names. Another spelling of its name moves to the right one.
    pub(crate) async fn project(
        &self,
        names: &(String, String),
    ) -> Result<(Project, Role), PageError> {
        let path = self.path.strip_prefix("/pipelines").unwrap_or(&self.path);
        let first = path.split('/').nth(1).unwrap_or_default();
        let forge: ForgeKind = first.parse().map_err(|_| self.not_found())?;
        let slug = ProjectSlug { forge, owner: names.0.clone(), repository: names.1.clone() };
        let project = self.app.store.project_by_slug(&slug).await?;
        let project = project.ok_or_else(|| self.not_found())?;
        let role = self.role(&project).await?;
        if project.slug != slug || first != forge.slug() {
            let rest: String =
                path.splitn(5, '/').nth(4).map(|rest| format!("/{rest}")).unwrap_or_default();
            let query = match (&self.query, rest.is_empty()) {
                (Some(query), true) => format!("?{query}"),
                _ => String::new(),
            };
            return Err(PageError::Moved(format!("{}{rest}{query}", address(&project.slug))));
        }
        Ok((project, role))
    }

    /// Opens a project whose id is known.
    pub(crate) async fn project_by_id(&self, id: ProjectId) -> Result<(Project, Role), PageError> {
        let project = self.app.store.project(id).await?.ok_or_else(|| self.not_found())?;
        let role = self.role(&project).await?;
        Ok((project, role))
    }

    /// Opens a pipeline.
    pub(crate) async fn pipeline(
        &self,
        id: &str,
    ) -> Result<(PipelineRow, Project, Role), PageError> {
        let id: PipelineId = id.parse().map_err(|_| self.not_found())?;
        let row = self.app.store.pipeline(id).await?.ok_or_else(|| self.not_found())?;
        let (project, role) = self.project_by_id(row.project).await?;
        Ok((row, project, role))
    }

    /// Opens a job.
    pub(crate) async fn job(&self, id: JobId) -> Result<(JobRow, PipelineRow, Role), PageError> {
        let job = self.app.store.job(id).await?.ok_or_else(|| self.not_found())?;
        let (row, _, role) = self.pipeline(&job.pipeline.to_string()).await?;
        Ok((job, row, role))
    }

    /// What is public of a project is not all that its readers may see.
    pub(crate) fn signed_in(&self) -> Result<(), PageError> {
        if self.account.is_some() { Ok(()) } else { Err(self.not_found()) }
    }

    /// Says no to somebody who may see a thing but lacks the right to change it.
    #[expect(clippy::unused_self, reason = "reads like the other questions of a visit")]
    pub(crate) fn require(&self, has: Role, needs: Role) -> Result<(), PageError> {
        if has >= needs {
            return Ok(());
        }
        let what = match needs {
            Role::Admin => "administrator",
            Role::Write => "write",
            Role::Read => "read",
        };
        Err(PageError::Refused(format!(
            "This needs {what} access to the repository. Rights follow the forge: ask an \
             administrator of the repository there."
        )))
    }

    async fn role(&self, project: &Project) -> Result<Role, PageError> {
        access::role(&self.app, self.account.as_ref(), project)
            .await
            .ok_or_else(|| self.not_found())
    }
}

/// The path of a project's page, each name escaped.
pub(crate) fn address(slug: &ProjectSlug) -> String {
    format!("/{}/{}/{}", slug.forge.slug(), encode(&slug.owner), encode(&slug.repository))
}

/// Answers a form: go there and look.
pub(crate) fn see_other(to: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, to.to_owned())]).into_response()
}

/// What `?done=` says. Only words of ours: an address must not put text on a page.
fn notice(code: &str) -> Option<&'static str> {
    Some(match code {
        "triggered" => "A pipeline was started.",
        "canceled" => "The workflow is being canceled.",
        "approved" => "Approved. What waited for it goes on.",
        "followed" => "You follow this project: its pipelines are on your dashboard.",
        "unfollowed" => "You no longer follow this project.",
        "variable-set" => "The variable is set. Jobs that start from now on get it.",
        "variable-deleted" => "The variable is deleted.",
        "badge-token" => "There is a new badge token. Older ones no longer open anything.",
        "late" => "Nothing changed: it had ended or been decided already.",
        _ => return None,
    })
}
