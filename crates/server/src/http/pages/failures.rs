//! What happens to requests that went wrong: the error page gets the navigation of the user who is
//! signed in, with a link back to the page they came from; an address without a route gets a page, too.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts as _, Request, State},
    http::{HeaderMap, Method, StatusCode, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use roundel_model::{
    forge::{ForgeKind, ProjectSlug},
    limits,
    text::cut,
};
use roundel_protocol::{ErrorCode, PREFIX};
use roundel_store::projects::Project;

use crate::{
    app::App,
    http::{
        address::{came_from, is_local},
        error_response::ErrorResponse,
        frame::{ErrorWords, Link, error_page, page_not_found},
        rights,
        section::Section,
        visit::Visit,
    },
    orbs::wire,
};

/// Puts the header of the visitor on error pages. The session is looked up for these alone.
pub(crate) async fn framed(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (mut asked, body) = request.into_parts();
    let response = next.run(Request::from_parts(asked.clone(), body)).await;
    let response = explained(&asked, response);
    let Some(mut failure) = response.extensions().get::<ErrorWords>().cloned() else {
        return response;
    };
    if failure.status == StatusCode::SERVICE_UNAVAILABLE {
        // The frame of a page needs the session, which is in the same database.
        return response;
    }
    let Ok(visit) = Visit::from_request_parts(&mut asked, &app).await else { return response };
    let place = ProjectPlace::of(asked.uri.path());
    let is_missing = failure.status == StatusCode::NOT_FOUND && reads(&asked.method);
    let project = match &place {
        Some(place) if is_missing => place.project(&visit).await,
        Some(_) | None => None,
    };
    if let (Some(place), Some(project)) = (&place, &project) {
        failure = failure.in_project(&project.slug, &place.missing());
    } else if visit.account.is_some() && place.is_some() {
        failure = failure.for_project();
    }
    if failure.action.is_none() {
        failure.action =
            came_from(&asked).map(|path| Link { label: "Go back".into(), address: path.into() });
    }
    if visit.account.is_none() && project.is_none() {
        failure = failure.for_signed_out();
    }
    let shell = visit.shell(&failure.title, Section::Elsewhere);
    failure.page(shell)
}

/// The address of a project, or of something in one, as far as its form goes.
struct ProjectPlace<'a> {
    slug: ProjectSlug,
    of_pipelines: bool,
    /// What follows the project: `settings/x`.
    rest: &'a str,
}

impl<'a> ProjectPlace<'a> {
    fn of(path: &'a str) -> Option<Self> {
        let below = path.strip_prefix("/pipelines");
        let mut parts = below.unwrap_or(path).strip_prefix('/')?.splitn(4, '/');
        let forge = parts.next()?.parse::<ForgeKind>().ok()?;
        let slug = ProjectSlug::new(forge, parts.next()?, parts.next()?).ok()?;
        let rest = parts.next().unwrap_or_default();
        Some(Self { slug, of_pipelines: below.is_some(), rest })
    }

    /// The project, if it was added and the visitor may see it: to everyone else it does not exist.
    async fn project(&self, visit: &Visit) -> Option<Project> {
        let found = visit.app.store.project_by_slug(&self.slug).await.ok()?;
        rights::readable(visit, found).await.ok()
    }

    /// Names what is not there.
    fn missing(&self) -> String {
        match self.rest.parse::<u64>() {
            Ok(number) if self.of_pipelines => format!("pipeline {number}"),
            Ok(number) => format!("job {number}"),
            Err(_) if self.rest.is_empty() => "such page".to_owned(),
            Err(_) => {
                let rest = cut(self.rest, limits::LISTED_NAME_CHARS).replace('`', "");
                format!("page `{rest}`")
            }
        }
    }
}

fn reads(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}

/// Gives the refusals that layers and the router make a body, for they come without one.
fn explained(asked: &Parts, response: Response) -> Response {
    let status = response.status();
    let (title, text) = match status {
        _ if response.headers().contains_key(header::CONTENT_TYPE) => return response,
        StatusCode::FORBIDDEN => (
            "Form not accepted",
            "It was sent from another website, or the browser did not say from where. Nothing was \
             changed. Open its page here, and send it from there."
                .to_owned(),
        ),
        StatusCode::METHOD_NOT_ALLOWED => {
            let text = format!(
                "This address does not answer `{}`: a button or a program sends something to it. Go back, and use \
                 the button on the page.",
                asked.method
            );
            ("Method not allowed", text)
        }
        StatusCode::GATEWAY_TIMEOUT => (
            "No answer in time",
            "The server took too long to answer. Try again in a minute.".to_owned(),
        ),
        _ => return response,
    };
    let mut explained = if is_api(asked.uri.path()) {
        let code = match status {
            StatusCode::GATEWAY_TIMEOUT => ErrorCode::Unavailable,
            _ => ErrorCode::BadRequest,
        };
        ErrorResponse::new(status, code, text).into_response()
    } else if accepts_pages(&asked.headers) || sends_form(&asked.headers) {
        error_page(status, title, &text, None)
    } else {
        (status, format!("{}\n", title.to_lowercase())).into_response()
    };
    // What the layers around wrote, and `Allow`.
    for (name, value) in response.headers() {
        if *name != header::CONTENT_LENGTH && !explained.headers().contains_key(name) {
            explained.headers_mut().append(name, value.clone());
        }
    }
    explained
}

/// Programs read what is below these: runners, and those that publish and read orbs.
fn is_api(path: &str) -> bool {
    [PREFIX, wire::PATH].iter().any(|prefix| {
        path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

fn accepts_pages(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepts.is_some_and(|accepts| accepts.contains("text/html"))
}

fn sends_form(headers: &HeaderMap) -> bool {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    sent.is_some_and(|sent| sent.starts_with("application/x-www-form-urlencoded"))
}

/// Answers for addresses that no route has. One that ends with a slash is looked for without it.
pub(crate) async fn unknown_address(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let shorter = uri.path().trim_end_matches('/');
    if reads(&method) && shorter.len() < uri.path().len() && is_local(shorter) {
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let to = format!("{shorter}{query}");
        return (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, to)]).into_response();
    }
    if is_api(uri.path()) {
        let text = "there is nothing at this address";
        return ErrorResponse::new(StatusCode::NOT_FOUND, ErrorCode::NotFound, text)
            .into_response();
    }
    if accepts_pages(&headers) {
        return page_not_found();
    }
    (StatusCode::NOT_FOUND, "not found\n").into_response()
}
