//! What happens to requests that went wrong: the error page gets the navigation of the user who is
//! signed in, with a link back to the page they came from; an address without a route gets a page, too.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts as _, Request, State},
    http::{HeaderMap, Method, StatusCode, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use url::Url;

use super::{
    address::is_local,
    frame::{Failure, page_not_found},
    visit::Visit,
};
use crate::app::App;

/// Puts the header of the visitor on error pages. The session is looked up for these alone.
pub(crate) async fn framed(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (mut asked, body) = request.into_parts();
    let response = next.run(Request::from_parts(asked.clone(), body)).await;
    let Some(mut failure) = response.extensions().get::<Failure>().cloned() else {
        return response;
    };
    if failure.status == StatusCode::SERVICE_UNAVAILABLE {
        // The frame of a page needs the session, which is in the same database.
        return response;
    }
    let Ok(visit) = Visit::from_request_parts(&mut asked, &app).await else { return response };
    if failure.action.is_none() {
        failure.action = came_from(&asked).map(|path| ("Go back".to_owned(), path));
    }
    let shell = visit.shell(&failure.title, "");
    failure.page(shell)
}

/// The page whose form was sent. Only its path counts, so it cannot lead to another server.
fn came_from(asked: &Parts) -> Option<String> {
    if asked.method != Method::POST {
        return None;
    }
    let referrer = Url::parse(asked.headers.get(header::REFERER)?.to_str().ok()?).ok()?;
    let query = referrer.query().map(|query| format!("?{query}")).unwrap_or_default();
    let path = format!("{}{query}", referrer.path());
    is_local(&path).then_some(path)
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
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if accepts.is_some_and(|accepts| accepts.contains("text/html")) {
        return page_not_found();
    }
    (StatusCode::NOT_FOUND, "not found\n").into_response()
}
