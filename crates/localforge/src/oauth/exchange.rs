//! Exchanging a code or a refresh token for a token (`VCS` §2.3.2, §2.4, §4.2).
//!
//! GitHub reports errors with status 200, but for an application that it does not know, Bitbucket with 400
//! and 401.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use roundel_model::{forge::ForgeKind, time::Timestamp};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{
    caller::{Credentials, credentials},
    forge::Forge,
    github,
    model::{Application, Code, NewToken, Token},
    shape::merge,
};

/// How long a GitHub token lives that can be refreshed.
const GITHUB_LIFE: Duration = Duration::from_hours(8);
/// How long GitHub's refresh token lives.
const GITHUB_REFRESH_SECONDS: u64 = 15_811_200;
/// How long a Bitbucket token lives.
const BITBUCKET_LIFE: Duration = Duration::from_hours(2);

/// The fields of the request.
struct Fields(Map<String, Value>);

impl Fields {
    fn read(headers: &HeaderMap, bytes: &Bytes) -> Self {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if kind.is_some_and(|kind| kind.starts_with("application/json")) {
            return Self(serde_json::from_slice(bytes).unwrap_or_default());
        }
        let pairs = url::form_urlencoded::parse(bytes);
        Self(pairs.map(|(name, value)| (name.into_owned(), json!(value))).collect())
    }

    fn get(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// Why there is no token.
enum ExchangeError {
    /// There is no such application.
    Application,
    /// The application's secret is wrong.
    Client,
    Code,
    Redirect,
    Refresh,
    GrantType,
}

/// Finds the code and invalidates it, even if it comes with a wrong verifier.
fn redeem(
    forge: &Forge,
    application: &Application,
    fields: &Fields,
) -> Result<Code, ExchangeError> {
    let now = Timestamp::now();
    let code = forge.write(|state| {
        let same =
            |one: &Code| one.value == fields.get("code") && one.client_id == application.client_id;
        let index = state.codes.iter().position(same)?;
        Some(state.codes.remove(index))
    });
    let code = code.filter(|code| code.expires_at > now).ok_or(ExchangeError::Code)?;
    if fields.has("redirect_uri") && fields.get("redirect_uri") != code.redirect_uri {
        return Err(ExchangeError::Redirect);
    }
    if let Some(challenge) = &code.challenge {
        let proof = Sha256::digest(fields.get("code_verifier").as_bytes());
        if URL_SAFE_NO_PAD.encode(proof) != *challenge {
            return Err(ExchangeError::Code);
        }
    }
    Ok(code)
}

/// Finds the token that a refresh token belongs to, and makes the next one.
fn refresh(
    forge: &Forge,
    application: &Application,
    fields: &Fields,
    lifetime: Duration,
) -> Result<Token, ExchangeError> {
    let now = Timestamp::now();
    forge.write(|state| {
        let ours = |one: &Token| {
            one.refresh.as_deref() == Some(fields.get("refresh_token"))
                && one.client_id.as_deref() == Some(application.client_id.as_str())
        };
        let index = state.tokens.iter().position(ours).ok_or(ExchangeError::Refresh)?;
        let old = match forge.kind {
            // GitHub's old pair is invalid at once; Bitbucket's token lives on until it expires.
            ForgeKind::GitHub => state.tokens.remove(index),
            ForgeKind::Bitbucket => {
                let old = state.tokens.get_mut(index).ok_or(ExchangeError::Refresh)?;
                old.refresh = None;
                old.clone()
            }
        };
        let wanted = NewToken {
            login: &old.login,
            scopes: old.scopes.clone(),
            client_id: old.client_id.clone(),
            lifetime: Some(lifetime),
        };
        Ok(state.issue(forge.kind, wanted, now))
    })
}

fn issue(
    forge: &Forge,
    application: &Application,
    code: Code,
    lifetime: Option<Duration>,
) -> Token {
    let wanted = NewToken {
        login: &code.login,
        scopes: code.scopes,
        client_id: Some(application.client_id.clone()),
        lifetime,
    };
    forge.write(|state| state.issue(forge.kind, wanted, Timestamp::now()))
}

/// `POST /login/oauth/access_token`
pub(super) async fn exchange_at_github(
    State(forge): State<Arc<Forge>>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let fields = Fields::read(&headers, &bytes);
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let as_json = accept.is_some_and(|accept| accept.contains("json"));
    let id = [("x-github-request-id", github::request_id())];
    let body = match github_token(&forge, &fields) {
        Ok(token) => github_answer(&token),
        // <https://github.com/octokit/auth-oauth-user.js/issues/239>
        Err(ExchangeError::Application) => {
            let body = axum::Json(json!({ "error": "Not Found" }));
            return (StatusCode::NOT_FOUND, id, body).into_response();
        }
        Err(error) => github_error(&error),
    };
    if as_json {
        return (id, axum::Json(body)).into_response();
    }
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in body.as_object().into_iter().flatten() {
        form.append_pair(name, value.as_str().unwrap_or(&value.to_string()));
    }
    let kind = "application/x-www-form-urlencoded; charset=utf-8";
    (id, [(header::CONTENT_TYPE, kind)], form.finish()).into_response()
}

fn github_token(forge: &Forge, fields: &Fields) -> Result<Token, ExchangeError> {
    let application = forge
        .read(|state| state.application(fields.get("client_id")).cloned())
        .ok_or(ExchangeError::Application)?;
    if application.client_secret != fields.get("client_secret") {
        return Err(ExchangeError::Client);
    }
    if fields.get("grant_type") == "refresh_token" {
        return refresh(forge, &application, fields, GITHUB_LIFE);
    }
    let code = redeem(forge, &application, fields)?;
    let expires = code.scopes.iter().any(|scope| scope == "offline_access");
    Ok(issue(forge, &application, code, expires.then_some(GITHUB_LIFE)))
}

fn github_answer(token: &Token) -> Value {
    let mut body = json!({
        "access_token": token.value, "scope": token.scopes.join(","), "token_type": "bearer",
    });
    if let Some(refresh) = &token.refresh {
        merge(
            &mut body,
            json!({
                "expires_in": GITHUB_LIFE.as_secs(), "refresh_token": refresh,
                "refresh_token_expires_in": GITHUB_REFRESH_SECONDS,
            }),
        );
    }
    body
}

fn github_error(error: &ExchangeError) -> Value {
    let (code, text) = match error {
        ExchangeError::Application | ExchangeError::Client => (
            "incorrect_client_credentials",
            "The client_id and/or client_secret passed are incorrect.",
        ),
        ExchangeError::Code => {
            ("bad_verification_code", "The code passed is incorrect or expired.")
        }
        ExchangeError::Redirect => (
            "redirect_uri_mismatch",
            "The redirect_uri MUST match the registered callback URL for this application.",
        ),
        ExchangeError::Refresh => {
            ("bad_refresh_token", "The refresh token passed is incorrect or expired.")
        }
        ExchangeError::GrantType => ("unsupported_grant_type", "The grant_type is not supported."),
    };
    json!({
        "error": code, "error_description": text,
        "error_uri": "https://docs.github.com/apps/oauth-apps",
    })
}

/// `POST /site/oauth2/access_token`
pub(super) async fn exchange_at_bitbucket(
    State(forge): State<Arc<Forge>>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let fields = Fields::read(&headers, &bytes);
    match bitbucket_token(&forge, &headers, &fields) {
        Ok(token) => axum::Json(json!({
            "access_token": token.value, "refresh_token": token.refresh,
            "scopes": token.scopes.join(" "), "expires_in": BITBUCKET_LIFE.as_secs(),
            "token_type": "bearer", "state": fields.get("grant_type"),
        }))
        .into_response(),
        Err(error) => {
            let (status, code, text) = bitbucket_error(&error);
            let body = json!({ "error": code, "error_description": text });
            (status, axum::Json(body)).into_response()
        }
    }
}

fn bitbucket_token(
    forge: &Forge,
    headers: &HeaderMap,
    fields: &Fields,
) -> Result<Token, ExchangeError> {
    let (id, secret) = match credentials(headers) {
        Credentials::Basic(id, secret) => (id, secret),
        Credentials::Nothing | Credentials::Bearer(_) => {
            (fields.get("client_id").to_owned(), fields.get("client_secret").to_owned())
        }
    };
    let application = forge.read(|state| state.application(&id).cloned());
    let application =
        application.filter(|one| one.client_secret == secret).ok_or(ExchangeError::Client)?;
    match fields.get("grant_type") {
        "refresh_token" => refresh(forge, &application, fields, BITBUCKET_LIFE),
        "authorization_code" => {
            let code = redeem(forge, &application, fields)?;
            Ok(issue(forge, &application, code, Some(BITBUCKET_LIFE)))
        }
        _ => Err(ExchangeError::GrantType),
    }
}

fn bitbucket_error(error: &ExchangeError) -> (StatusCode, &'static str, &'static str) {
    let bad = StatusCode::BAD_REQUEST;
    match error {
        ExchangeError::Application | ExchangeError::Client => {
            (StatusCode::UNAUTHORIZED, "invalid_client", "Invalid OAuth client credentials")
        }
        ExchangeError::Code => (bad, "invalid_grant", "The specified code is not valid."),
        ExchangeError::Redirect => {
            (bad, "invalid_grant", "The specified redirect_uri does not match.")
        }
        ExchangeError::Refresh => (bad, "invalid_grant", "Invalid refresh_token"),
        ExchangeError::GrantType => (bad, "unsupported_grant_type", "Unsupported grant type"),
    }
}
