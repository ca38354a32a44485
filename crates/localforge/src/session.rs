//! Who is signed in to the forge's own pages. There are no passwords: a visitor chooses a user.
//!
//! The cookie is named by forge, for cookies know no ports and both forges share a host. Requests
//! that change something are refused when another site sends them.

use std::sync::Arc;

use axum::{
    Form, Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use serde::Deserialize;

use crate::{
    forge::Forge,
    model::{SESSIONS, User},
    random,
};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Routes of signing in to the pages.
pub(crate) fn router() -> Router<Arc<Forge>> {
    Router::new().route("/session", post(sign_in)).route("/session/end", post(sign_out))
}

fn cookie_name(forge: &Forge) -> String {
    format!("localforge_{}", forge.kind.long_slug())
}

fn cookie(forge: &Forge, headers: &HeaderMap) -> Option<String> {
    let jar = CookieJar::from_headers(headers);
    jar.get(&cookie_name(forge)).map(|cookie| cookie.value().to_owned())
}

fn new_cookie(forge: &Forge, value: String) -> Cookie<'static> {
    Cookie::build((cookie_name(forge), value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .build()
}

/// Returns who is signed in.
pub(crate) fn visitor(forge: &Forge, headers: &HeaderMap) -> Option<User> {
    let id = cookie(forge, headers)?;
    forge.read(|state| state.sessions.get(&id).and_then(|login| state.user(login)).cloned())
}

/// A person, and where to go next.
#[derive(Debug, Deserialize)]
struct SignIn {
    login: String,
    return_to: String,
}

/// Keeps a way back on this site.
pub(crate) fn local(path: &str) -> &str {
    let good = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    if good { path } else { "/" }
}

async fn sign_in(State(forge): State<Arc<Forge>>, Form(choice): Form<SignIn>) -> Response {
    let id = random::text(40);
    let known = forge.write(|state| {
        let login = state.user(&choice.login)?.login.clone();
        while state.sessions.len() >= SESSIONS {
            state.sessions.pop_first();
        }
        state.sessions.insert(id.clone(), login);
        Some(())
    });
    if known.is_none() {
        return (StatusCode::NOT_FOUND, "There is no user of that name.\n").into_response();
    }
    let jar = CookieJar::new().add(new_cookie(&forge, id));
    (jar, Redirect::to(local(&choice.return_to))).into_response()
}

async fn sign_out(State(forge): State<Arc<Forge>>, headers: HeaderMap) -> Response {
    if let Some(id) = cookie(&forge, &headers) {
        forge.write(|state| state.sessions.remove(&id));
    }
    let mut cookie = new_cookie(&forge, String::new());
    cookie.make_removal();
    (CookieJar::new().add(cookie), Redirect::to("/")).into_response()
}

/// Refuses changes that another site's page asks for.
pub(crate) async fn same_site(request: Request, next: Next) -> Response {
    if request.method() == Method::POST && is_foreign(request.headers()) {
        return (StatusCode::FORBIDDEN, "This form belongs to another site.\n").into_response();
    }
    next.run(request).await
}

/// Returns whether a request comes from another site's page. Browsers say so by `Sec-Fetch-Site`, old
/// ones by `Origin` alone; a program that is not a browser sends neither.
fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    match (text(FETCH_SITE), text(header::ORIGIN)) {
        (Some(site), _) => !matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            text(header::HOST).is_none_or(|host| origin != format!("http://{host}"))
        }
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_back_stays_on_this_site() {
        assert_eq!(local("/login/oauth/authorize?x=1"), "/login/oauth/authorize?x=1");
        for bad in ["//evil.example", "https://evil.example", "/\\evil.example", ""] {
            assert_eq!(local(bad), "/");
        }
    }
}
