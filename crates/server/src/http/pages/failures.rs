//! What happens to requests that went wrong: the error page gets the navigation of the user who is
//! signed in, with a link back to the page they came from; an address without a route gets a page, too.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts as _, Request, State},
    http::{HeaderMap, Method, StatusCode, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use roundel_model::forge::ForgeKind;
use roundel_protocol::{ErrorCode, PREFIX};

use crate::{
    app::App,
    http::{
        address::{came_from, is_local},
        error_response::ErrorResponse,
        frame::{ErrorWords, Link, error_page, page_not_found},
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
    if visit.account.is_some() && may_be_project(asked.uri.path()) {
        failure = failure.for_project();
    }
    if failure.action.is_none() {
        failure.action =
            came_from(&asked).map(|path| Link { label: "Go back".into(), address: path.into() });
    }
    if visit.account.is_none() {
        failure = failure.for_signed_out();
    }
    let shell = visit.shell(&failure.title, Section::Elsewhere);
    failure.page(shell)
}

/// Whether an address is that of a project, or of something in one, as far as its form goes.
fn may_be_project(path: &str) -> bool {
    let path = path.strip_prefix("/pipelines").unwrap_or(path);
    let mut parts = path.split('/').skip(1);
    let forge = parts.next().is_some_and(|part| part.parse::<ForgeKind>().is_ok());
    forge && parts.take(2).filter(|part| !part.is_empty()).count() == 2
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
    let reads = method == Method::GET || method == Method::HEAD;
    let shorter = uri.path().trim_end_matches('/');
    if reads && shorter.len() < uri.path().len() && is_local(shorter) {
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
