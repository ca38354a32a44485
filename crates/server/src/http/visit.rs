//! One visit to a page: who comes, when, with which query; and why there is no page.
//!
//! A visit proves nothing. A page that shows something of a project takes one of
//! [`crate::http::rights`] instead, which holds the visit together with what it may see.

use std::{fmt, sync::Arc};

use askama::Template;
use axum::{
    extract::FromRequestParts,
    http::{Method, StatusCode, header, request::Parts},
    response::{Html, IntoResponse, Response},
};
use roundel_engine::IllegalEvent;
use roundel_model::time::Timestamp;
use roundel_store::{
    StoreError,
    accounts::Account,
    projects::Project,
    reading::{PipelineFilter, PipelineRow, WorkflowRow},
};

use super::{
    address::{came_from, encode, see_other},
    family::Family,
    frame::{Shell, error_page, page_not_found, secured, window_title},
    notice::{Notice, showing},
    person::Person,
    section::Section,
};
use crate::{
    access::{self, SessionError, Visitor},
    app::App,
    drive::DriveError,
    markup::render,
    setup::SetupError,
};

/// Seconds after which a program may ask again for a page that the database kept from it.
const RETRY_AFTER: &str = "10";

/// A request for a page.
pub(crate) struct Visit {
    /// What everything shares.
    pub(crate) app: Arc<App>,
    /// Who comes, if that person has signed in.
    pub(crate) account: Option<Account>,
    /// Time of the request; everything on a page is relative to it.
    pub(crate) now: Timestamp,
    /// Path and query as they were asked for.
    pub(crate) path: String,
    /// The query alone.
    pub(crate) query: Option<String>,
    sign_in: SignInFirst,
}

/// What is answered when the visitor has to sign in first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SignInFirst {
    /// A browser is sent to this address, and comes back after signing in.
    At(String),
    /// A program, or a script of a page that is open, must not take that page for its answer: 401.
    Program,
}

impl SignInFirst {
    fn of(parts: &Parts) -> Self {
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let navigates = header("sec-fetch-mode").is_none_or(|mode| mode == "navigate");
        let is_browser = header("accept").is_some_and(|accepts| accepts.contains("text/html"));
        if !is_browser || !navigates {
            return Self::Program;
        }
        // A form cannot be sent again from here: its page says that nothing was changed.
        let again = parts.method == Method::GET || parts.method == Method::HEAD;
        if !again {
            let page = came_from(parts).map(|page| showing(&page, Notice::NotSent));
            return Self::At(sign_in_address(page.as_deref().unwrap_or("/")));
        }
        Self::At(sign_in_address(parts.uri.path_and_query().map_or("/", |path| path.as_str())))
    }
}

fn sign_in_address(back: &str) -> String {
    match back {
        "/" => "/login".to_owned(),
        back => format!("/login?return={}", encode(back)),
    }
}

impl FromRequestParts<Arc<App>> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let visitor = Visitor::from_request_parts(parts, app).await;
        let Visitor(account) =
            visitor.map_err(|SessionError(error)| PageError::Store(error).into_response())?;
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let query = parts.uri.query().map(str::to_owned);
        let sign_in = SignInFirst::of(parts);
        Ok(Self { app: Arc::clone(app), account, now: Timestamp::now(), path, query, sign_in })
    }
}

/// Why there is no page.
pub(crate) enum PageError {
    /// There is nothing, or nothing that this visitor may see.
    NotFound,
    /// There may be something for those who sign in.
    SignIn(SignInFirst),
    /// It has another address.
    Moved(String),
    /// The visitor may see it, but not do this.
    Forbidden(String),
    /// What was sent makes no sense: a sentence.
    Bad(String),
    /// A Git provider could not be asked: a sentence.
    ForgeFailed(String),
    Store(StoreError),
    /// A change would have broken an invariant of the engine.
    Engine(IllegalEvent),
    Render(askama::Error),
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<DriveError> for PageError {
    fn from(error: DriveError) -> Self {
        match error {
            DriveError::Store(error) => Self::Store(error),
            DriveError::Illegal(error @ IllegalEvent::Protocol { .. }) => {
                Self::Bad(error.to_string())
            }
            DriveError::Illegal(
                error @ (IllegalEvent::Invariant { .. } | IllegalEvent::Graph(_)),
            ) => Self::Engine(error),
        }
    }
}

impl From<SetupError> for PageError {
    fn from(error: SetupError) -> Self {
        match error {
            SetupError::Refused(text) => Self::Bad(text),
            SetupError::ForgeFailed(text) => Self::ForgeFailed(text),
            SetupError::Store(error) => Self::Store(error),
        }
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
            Self::NotFound => page_not_found(),
            Self::SignIn(SignInFirst::At(to)) => see_other(&to),
            Self::SignIn(SignInFirst::Program) => {
                (StatusCode::UNAUTHORIZED, "sign in first\n").into_response()
            }
            Self::Moved(to) => {
                (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, to)]).into_response()
            }
            Self::Forbidden(text) => error_page(StatusCode::FORBIDDEN, "Not allowed", &text, None),
            Self::Bad(text) => {
                error_page(StatusCode::UNPROCESSABLE_ENTITY, "Request failed", &text, None)
            }
            Self::ForgeFailed(text) => {
                error_page(StatusCode::BAD_GATEWAY, "Git provider unavailable", &text, None)
            }
            Self::Store(error) if error.is_unavailable() => unavailable(&error),
            Self::Store(error) => broken(&error),
            Self::Engine(error) => broken(&error),
            Self::Render(error) => broken(&error),
        }
    }
}

fn broken(error: &(dyn std::error::Error + 'static)) -> Response {
    tracing::error!(error, "failed to render a page");
    error_page(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Internal error",
        "This page could not be shown. The server's log has the details; trying again may help.",
        None,
    )
}

/// The database is not there: no mistake of the page, and likely to pass.
fn unavailable(error: &(dyn std::error::Error + 'static)) -> Response {
    tracing::error!(error, "failed to render a page: the database is unavailable");
    let text = "The server cannot reach its database. Try again in a minute; the server's log has \
                the cause.";
    let page = error_page(StatusCode::SERVICE_UNAVAILABLE, "Database unavailable", text, None);
    ([(header::RETRY_AFTER, RETRY_AFTER)], page).into_response()
}

pub(crate) type Answer = Result<Response, PageError>;

impl Visit {
    /// Makes the frame of a page.
    pub(crate) fn shell(&self, title: impl fmt::Display, section: Section) -> Shell {
        let person = self.account.as_ref().map(|account| Person {
            name: account.name.clone(),
            avatar: account.avatar_url.clone(),
        });
        let notice = self.parameter("done").and_then(|code| Notice::of(&code));
        // Signing in leads back here, and not from one sign-in page to the next.
        let back = if self.path.starts_with("/login") { "/" } else { &self.path };
        let sign_in = sign_in_address(back);
        let (title, family) = (window_title(&title.to_string()), Family::None);
        Shell { title, person, section, family, refresh: None, notice, sign_in }
    }

    /// Renders a page.
    pub(crate) fn page(&self, template: &impl Template) -> Answer {
        let mut targets = String::new();
        for forge in &self.app.settings.forges {
            targets.extend([" ", &forge.web_url.origin().ascii_serialization()]);
        }
        Ok(secured(Html(render(template)?).into_response(), &targets))
    }

    /// Renders the page of a form that was refused: the form again, with what is wrong at each field.
    pub(crate) fn refused_form(&self, template: &impl Template) -> Answer {
        let page = self.page(template)?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    }

    /// Lists the newest pipelines of a project, or of one of its branches.
    pub(crate) async fn pipelines_of(
        &self,
        project: &Project,
        branch: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(PipelineRow, Vec<WorkflowRow>)>, StoreError> {
        let (projects, branch) = (Some(vec![project.id]), branch.map(str::to_owned));
        let filter = PipelineFilter { projects, branch, before: None };
        self.app.store.pipelines(&filter, limit).await
    }

    /// Returns a value of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let query = self.query.as_deref()?;
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.into_owned())
    }

    /// The answer for what is not there, or must not be seen. The answer does not say which of the two it is:
    /// those who are not signed in are asked to, whatever the address.
    pub(crate) fn not_found(&self) -> PageError {
        match self.account {
            Some(_) => PageError::NotFound,
            None => PageError::SignIn(self.sign_in.clone()),
        }
    }

    /// Whether the visitor may see a project.
    pub(crate) async fn may_see(&self, project: &Project) -> bool {
        access::role(&self.app, self.account.as_ref(), project).await.is_some()
    }
}
