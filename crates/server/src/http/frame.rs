//! What every page has around it: the head with its navigation, the headers that keep foreign code
//! out, and the page that says what went wrong.

use std::{borrow::Cow, time::Duration};

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html as Body, IntoResponse as _, Response},
};
use roundel_model::{
    forge::ProjectSlug,
    limits,
    text::{cut, one_line},
};

use super::{
    address::address, assets, family::Family, notice::Notice, person::Person, section::Section,
};
use crate::markup::{Html, render, sentence};

/// How often a page is loaded again on which nothing can be typed.
pub(crate) const SOON: Duration = Duration::from_secs(5);
/// How often a page with a form is: what is typed into it is lost.
pub(crate) const LATER: Duration = Duration::from_secs(30);

/// What the frame of every page needs.
pub(crate) struct Shell {
    pub(crate) title: String,
    /// Who is signed in.
    pub(crate) person: Option<Person>,
    /// Which part of the navigation is the current one.
    pub(crate) section: Section,
    /// Which favicon.
    pub(crate) family: Family,
    /// Something on it changes on its own: a browser without script loads it again after so long.
    pub(crate) refresh: Option<Duration>,
    /// What was just done.
    pub(crate) notice: Option<Notice>,
    /// Where to sign in, and come back from.
    pub(crate) sign_in: String,
}

/// The title of a window: one line, of a length that can be read.
pub(crate) fn window_title(text: &str) -> String {
    cut(&one_line(text), limits::LISTED_SUBJECT_CHARS).into_owned()
}

impl Shell {
    /// The frame of a page whose visitor is not known.
    pub(crate) fn bare(title: &str) -> Self {
        let title = window_title(title);
        let sign_in = "/login".to_owned();
        let (section, family) = (Section::Elsewhere, Family::None);
        Self { title, person: None, section, family, refresh: None, notice: None, sign_in }
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

    /// Lets a browser without script load the page again after this time, if there is one.
    pub(crate) fn refreshing(mut self, after: Option<Duration>) -> Self {
        self.refresh = after;
        self
    }

    /// Chooses the favicon.
    pub(crate) fn showing(mut self, family: Family) -> Self {
        self.family = family;
        self
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    shell: Shell,
    status: u16,
    title: &'a str,
    text: Html,
    action: &'a Link,
}

/// Where an error page leads.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) label: Cow<'static, str>,
    pub(crate) address: Cow<'static, str>,
}

impl Link {
    /// A link that is always the same.
    pub(crate) const fn fixed(label: &'static str, address: &'static str) -> Self {
        Self { label: Cow::Borrowed(label), address: Cow::Borrowed(address) }
    }
}

/// The link of an error page that has no better one.
static PIPELINES: Link = Link::fixed("Go to pipelines", "/");

/// What an error page says. It travels with the answer until [`super::pages::failures`] knows whose
/// navigation to put around it.
#[derive(Clone, Debug)]
pub(crate) struct ErrorWords {
    pub(crate) status: StatusCode,
    pub(crate) title: String,
    text: String,
    /// What to do about it.
    pub(crate) action: Option<Link>,
}

impl ErrorWords {
    /// Says of a page that is not found what signing in may change, to those who are signed out.
    pub(crate) fn for_signed_out(self) -> Self {
        if self.status != StatusCode::NOT_FOUND {
            return self;
        }
        let text = "This page does not exist. Check the address, or sign in to see the pages of your \
                    projects.";
        Self { text: text.to_owned(), action: Some(Link::fixed("Sign in", "/login")), ..self }
    }

    /// Says of a project that is not found what adding it may change, to those who are signed in.
    pub(crate) fn for_project(self) -> Self {
        if self.status != StatusCode::NOT_FOUND {
            return self;
        }
        let text = "There is no such page, or your account has no access to it. A repository that you have \
                    access to gets its pages when it is added as a project.";
        Self { text: text.to_owned(), action: Some(Link::fixed("Add project", "/add")), ..self }
    }

    /// Says what is missing in a project that the visitor may see.
    pub(crate) fn in_project(self, project: &ProjectSlug, missing: &str) -> Self {
        let name = project.full_name();
        let text = format!("There is no {missing} in {name}.");
        let action =
            Link { label: format!("Go to {name}").into(), address: address(project).into() };
        Self { text, action: Some(action), ..self }
    }

    pub(crate) fn page(&self, shell: Shell) -> Response {
        let page = ErrorPage {
            shell,
            status: self.status.as_u16(),
            title: &self.title,
            text: sentence(&self.text),
            action: self.action.as_ref().unwrap_or(&PIPELINES),
        };
        match render(&page) {
            Ok(html) => (self.status, secured(Body(html).into_response(), "")).into_response(),
            Err(_) => (self.status, format!("{}\n{}\n", self.title, self.text)).into_response(),
        }
    }
}

/// A page that says what went wrong and, where there is one, what to do.
/// Back-quoted words of `text` are shown as code.
pub(crate) fn error_page(
    status: StatusCode,
    title: &str,
    text: &str,
    action: Option<Link>,
) -> Response {
    let failure = ErrorWords { status, title: title.to_owned(), text: text.to_owned(), action };
    let mut response = failure.page(Shell::bare(title));
    response.extensions_mut().insert(failure);
    response
}

/// The page for an address that leads nowhere.
pub(crate) fn page_not_found() -> Response {
    error_page(
        StatusCode::NOT_FOUND,
        "Page not found",
        "This page does not exist, or your account has no access to it. Access follows your \
         repository permissions.",
        None,
    )
}

/// Adds the headers that every page has. `form_targets` are origins other than our own that a form may
/// lead to: signing in posts to us, and we redirect to the forge.
pub(crate) fn secured(mut response: Response, form_targets: &str) -> Response {
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; \
         img-src 'self' data: https: http://127.0.0.1:*; connect-src 'self'; \
         form-action 'self'{form_targets}; base-uri 'none'; frame-ancestors 'none'"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}
