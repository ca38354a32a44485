//! The OAuth web flow: a user authorizes an application (`VCS` §2.3, §4.2).
//!
//! Here are the pages; [`exchange`] is what the application then asks for. Codes are used once and
//! live ten minutes; PKCE is honored with S256.

use std::{sync::Arc, time::Duration};

use askama::Template;
use axum::{
    Form, Router,
    extract::{OriginalUri, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use roundel_model::{forge::ForgeKind, time::Timestamp};
use serde::Deserialize;
use url::Url;

use crate::{
    answer::ErrorResponse,
    forge::Forge,
    model::{Application, Code, User},
    random, session,
    web::{
        frame::{Frame, html, message},
        sign_in::{Purpose, sign_in_page},
    },
};

mod exchange;
mod scopes;

/// How long a code lives (`VCS` §2.3.2).
const CODE_LIFE: Duration = Duration::from_mins(10);
/// Codes that wait to be exchanged.
const CODES: usize = 1_000;

/// Returns the routes, at the addresses that each forge has.
pub(crate) fn router(kind: ForgeKind) -> Router<Arc<Forge>> {
    let (authorize, token) = match kind {
        ForgeKind::GitHub => ("/login/oauth/authorize", "/login/oauth/access_token"),
        ForgeKind::Bitbucket => ("/site/oauth2/authorize", "/site/oauth2/access_token"),
    };
    let pages = Router::new()
        .route(authorize, get(ask).post(decide))
        .layer(axum::middleware::from_fn(session::same_site));
    let exchange = match kind {
        ForgeKind::GitHub => post(exchange::exchange_at_github),
        ForgeKind::Bitbucket => post(exchange::exchange_at_bitbucket),
    };
    pages.route(token, exchange)
}

/// What an application sends the browser with.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct AuthorizationQuery {
    #[serde(default)]
    client_id: String,
    redirect_uri: Option<String>,
    scope: Option<String>,
    state: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
    login: Option<String>,
    prompt: Option<String>,
}

/// A request for consent that makes sense.
struct Request {
    application: Application,
    redirect: Url,
    scopes: Vec<String>,
    asked: AuthorizationQuery,
}

/// The page that asks for consent.
#[derive(Template)]
#[template(path = "consent.html")]
struct Consent<'a> {
    frame: Frame,
    application: &'a str,
    host: String,
    user: &'a User,
    scopes: Vec<(String, &'static str)>,
    fields: Vec<(&'static str, String)>,
    switch: String,
}

fn unusable(forge: &Forge, headers: &HeaderMap, title: &str, text: &str) -> ErrorResponse {
    ErrorResponse::new(message(forge, headers, StatusCode::BAD_REQUEST, title, text))
}

/// Validates a request. Errors are shown to the user, or reported to the application where its
/// address is known to be good.
fn validate(
    forge: &Forge,
    headers: &HeaderMap,
    asked: AuthorizationQuery,
) -> Result<Request, ErrorResponse> {
    let application = forge.read(|state| state.application(&asked.client_id).cloned());
    let Some(application) = application else {
        let text = "No application is registered here under this client id.";
        return Err(unusable(forge, headers, "Unknown application", text));
    };
    let registered = Url::parse(&application.redirect_uri);
    let Ok(registered) = registered else {
        let text = "The application's registered callback address is not a valid URL.";
        return Err(unusable(forge, headers, "Broken application", text));
    };
    let wanted = match &asked.redirect_uri {
        Some(wanted) => Url::parse(wanted).ok().filter(|one| fits(&registered, one)),
        None => Some(registered.clone()),
    };
    let Some(redirect) = wanted else {
        if forge.kind == ForgeKind::GitHub {
            let text = "The redirect_uri MUST match the registered callback URL for this \
                        application.";
            let back =
                with_error(&registered, "redirect_uri_mismatch", text, asked.state.as_deref());
            return Err(ErrorResponse::new(Redirect::to(back.as_str())));
        }
        let text = "The callback address of the request is not the one that was registered.";
        return Err(unusable(forge, headers, "Invalid redirect_uri", text));
    };
    let method = asked.code_challenge_method.as_deref();
    if asked.code_challenge.is_some() && method.is_some_and(|method| method != "S256") {
        let text = "Only S256 is supported as code_challenge_method.";
        let back = with_error(&redirect, "invalid_request", text, asked.state.as_deref());
        return Err(ErrorResponse::new(Redirect::to(back.as_str())));
    }
    let scopes = match forge.kind {
        ForgeKind::GitHub => scopes::normal(asked.scope.as_deref().unwrap_or_default()),
        ForgeKind::Bitbucket => application.scopes.clone(),
    };
    Ok(Request { application, redirect, scopes, asked })
}

/// The same place or one below it; on loopback any port (`VCS` §2.3.1).
fn fits(registered: &Url, wanted: &Url) -> bool {
    let loopback = matches!(registered.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    let port = loopback || registered.port_or_known_default() == wanted.port_or_known_default();
    registered.scheme() == wanted.scheme()
        && registered.host_str() == wanted.host_str()
        && port
        && wanted.path().starts_with(registered.path())
}

/// Returns the application's address with an error in it.
fn with_error(redirect: &Url, error: &str, text: &str, state: Option<&str>) -> Url {
    let mut back = redirect.clone();
    back.query_pairs_mut().append_pair("error", error).append_pair("error_description", text);
    if let Some(state) = state {
        back.query_pairs_mut().append_pair("state", state);
    }
    back
}

async fn ask(
    State(forge): State<Arc<Forge>>,
    OriginalUri(uri): OriginalUri,
    Query(asked): Query<AuthorizationQuery>,
    headers: HeaderMap,
) -> Response {
    let mut request = match validate(&forge, &headers, asked) {
        Ok(request) => request,
        Err(error) => return error.into_response(),
    };
    let user = session::visitor(&forge, &headers);
    let choose = request.asked.prompt.as_deref() == Some("select_account");
    let (Some(user), false) = (user, choose) else {
        return choose_user(&forge, &headers, &request, &uri);
    };
    let client_id = &request.application.client_id;
    let before = forge.read(|state| state.allowed(client_id, &user.login).cloned());
    if let Some(before) = before {
        // Left out, the scopes are what they were, without a question (`VCS` §2.3.2).
        if request.asked.scope.is_none() && forge.kind == ForgeKind::GitHub {
            request.scopes = scopes::normal(&before.scopes.join(" "));
        }
        if request.scopes.iter().all(|scope| before.scopes.contains(scope)) {
            return hand_over(&forge, &request, &user);
        }
    }
    consent_page(&forge, &headers, &request, &user)
}

fn choose_user(
    forge: &Forge,
    headers: &HeaderMap,
    request: &Request,
    uri: &axum::http::Uri,
) -> Response {
    // Back to the same question, without the request to choose again.
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        if name != "prompt" {
            query.append_pair(&name, &value);
        }
    }
    let purpose = Purpose {
        application: &request.application.name,
        return_to: &format!("{}?{}", uri.path(), query.finish()),
        suggested: request.asked.login.as_deref().unwrap_or_default(),
    };
    sign_in_page(forge, headers, purpose)
}

fn consent_page(forge: &Forge, headers: &HeaderMap, request: &Request, user: &User) -> Response {
    let asked = &request.asked;
    let field = |value: &Option<String>| value.clone().unwrap_or_default();
    let fields = [
        ("client_id", asked.client_id.clone()),
        ("redirect_uri", request.redirect.to_string()),
        ("scope", request.scopes.join(" ")),
        ("state", field(&asked.state)),
        ("code_challenge", field(&asked.code_challenge)),
        ("code_challenge_method", field(&asked.code_challenge_method)),
    ];
    let fields: Vec<_> = fields.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let mut again = url::form_urlencoded::Serializer::new(String::new());
    again.extend_pairs(&fields).append_pair("prompt", "select_account");
    let scopes = request.scopes.iter();
    let page = Consent {
        frame: Frame::of(forge, headers, "Authorize"),
        application: &request.application.name,
        host: request.redirect.origin().ascii_serialization(),
        user,
        scopes: scopes.map(|one| (one.clone(), scopes::explained(one))).collect(),
        fields,
        switch: again.finish(),
    };
    html(&page)
}

/// The answer of the person.
#[derive(Debug, Deserialize)]
struct Decision {
    decision: String,
    #[serde(flatten)]
    asked: AuthorizationQuery,
}

async fn decide(
    State(forge): State<Arc<Forge>>,
    headers: HeaderMap,
    Form(decision): Form<Decision>,
) -> Response {
    let request = match validate(&forge, &headers, decision.asked) {
        Ok(request) => request,
        Err(error) => return error.into_response(),
    };
    let Some(user) = session::visitor(&forge, &headers) else {
        let text = "Please start again and sign in first.";
        return unusable(&forge, &headers, "Not signed in", text).into_response();
    };
    if decision.decision != "allow" {
        let text = "The user has denied your application access.";
        let back =
            with_error(&request.redirect, "access_denied", text, request.asked.state.as_deref());
        return Redirect::to(back.as_str()).into_response();
    }
    hand_over(&forge, &request, &user)
}

/// Gives the application a code.
fn hand_over(forge: &Forge, request: &Request, user: &User) -> Response {
    let now = Timestamp::now();
    let code = random::text(20);
    let client_id = &request.application.client_id;
    forge.write(|state| {
        state.allow(client_id, &user.login, &request.scopes);
        state.codes.retain(|one| one.expires_at > now);
        if state.codes.len() >= CODES {
            state.codes.remove(0);
        }
        state.codes.push(Code {
            value: code.clone(),
            client_id: client_id.clone(),
            login: user.login.clone(),
            scopes: request.scopes.clone(),
            redirect_uri: request.redirect.to_string(),
            challenge: request.asked.code_challenge.clone(),
            expires_at: now.plus(CODE_LIFE),
        });
    });
    let mut back = request.redirect.clone();
    back.query_pairs_mut().append_pair("code", &code);
    if let Some(state) = &request.asked.state {
        back.query_pairs_mut().append_pair("state", state);
    }
    Redirect::to(back.as_str()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(registered: &str, wanted: &str) -> bool {
        fits(&registered.parse().unwrap(), &wanted.parse().unwrap())
    }

    #[test]
    fn an_application_is_called_back_where_it_was_registered() {
        assert!(fit("https://ci.example/login", "https://ci.example/login/github"));
        assert!(fit("http://127.0.0.1:1/login", "http://127.0.0.1:2/login"));
        assert!(!fit("https://ci.example/login", "https://ci.example:8443/login"));
        assert!(!fit("https://ci.example/login", "https://evil.example/login"));
        assert!(!fit("https://ci.example/login", "http://ci.example/login"));
    }
}
