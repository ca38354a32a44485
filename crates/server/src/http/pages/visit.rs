//! One visit to a page: who comes, when, with which query; and why there is no page.
//!
//! A visit proves nothing. A page that shows something of a project takes one of
//! [`crate::http::rights`] instead, which holds the visit together with what it may see.

use std::{fmt, sync::Arc};

use askama::Template;
use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
    response::{Html, IntoResponse, Response},
};
use roundel_model::time::Timestamp;
use roundel_store::{StoreError, accounts::Account, projects::Project};

use super::{
    address::encode,
    frame::{Shell, error_page, secured},
    words::Person,
};
use crate::{
    access::{self, Visitor},
    app::App,
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
                "Page not found",
                match login {
                    Some(_) => "This page does not exist, or you have to sign in to see it.",
                    None => {
                        "This page does not exist, or your account has no access to it. Access \
                             follows your repository permissions."
                    }
                },
                Some(login.as_deref().map_or(("Go to pipelines", "/"), |to| ("Sign in", to))),
            ),
            Self::Moved(to) => {
                (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, to)]).into_response()
            }
            Self::Refused(text) => {
                error_page(StatusCode::FORBIDDEN, "Not allowed", &text, Some(("Back", "/")))
            }
            Self::Bad(text) => {
                error_page(StatusCode::UNPROCESSABLE_ENTITY, "Request failed", &text, None)
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
        "Internal error",
        "This page could not be shown. The server's log has the details; trying again may help.",
        Some(("Go to pipelines", "/")),
    )
}

/// What a page answers.
pub(crate) type Answer = Result<Response, PageError>;

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

    /// Whether the visitor may see a project.
    pub(crate) async fn may_see(&self, project: &Project) -> bool {
        access::role(&self.app, self.account.as_ref(), project).await.is_some()
    }
}

/// What `?done=` says. Only words of ours: an address must not put text on a page.
fn notice(code: &str) -> Option<&'static str> {
    Some(match code {
        "triggered" => "A pipeline was started.",
        "canceled" => "Cancellation requested.",
        "approved" => "Approved; dependent jobs will start.",
        "followed" => "You follow this project: its pipelines are on your dashboard.",
        "unfollowed" => "You no longer follow this project.",
        "variable-set" => "Variable saved. Jobs that start from now on get it.",
        "variable-deleted" => "Variable deleted.",
        "badge-token" => "New badge token generated. The previous token no longer works.",
        "late" => "No change: already finished or decided.",
        _ => return None,
    })
}
