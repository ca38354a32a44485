//! Signing in with GitHub: the consent page, the exchange, the refresh, and who a token belongs to
//! (`VCS` §2.3, §2.4, §2.6).

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use roundel_model::{
    forge::{ForgeKind, ForgeUserId},
    secret::Secret,
};
use serde::Deserialize;
use url::Url;

use super::{GitHub, diagnose::APPLICATION};
use crate::{
    api::{AccessToken, AuthorizeRequest, ForgeSettings, ForgeUser, Grant, RequestedScope, SignIn},
    error::{ErrorClass, ForgeError},
    http::{self, Call},
    lenient::{maybe, scopes},
    sign_in::{self, Email, refresh_fields},
};

/// What sign-in asks for, and why (`VCS` §2.3.3).
const SCOPES: &[RequestedScope] = &[
    RequestedScope {
        name: "user:email",
        reason: "to offer your verified addresses for notifications",
    },
    RequestedScope {
        name: "read:org",
        reason: "to list your organizations and to know who may see their projects",
    },
    RequestedScope {
        name: "repo",
        reason: "to list your repositories, read their config, set commit statuses, and add a \
                 deploy key and a webhook to the projects you set up. GitHub has no read-only form \
                 of this scope",
    },
];

fn page(settings: &ForgeSettings, name: &str) -> Result<Url, ForgeError> {
    http::at(&settings.web_url, &["login", "oauth", name])
}

/// The answer of the token end point, which reports its errors with HTTP 200.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Option<Secret<String>>,
    scope: Option<String>,
    expires_in: Option<u64>,
    refresh_token: Option<Secret<String>>,
    error: Option<String>,
    error_description: Option<String>,
}

#[derive(Deserialize)]
struct User {
    id: u64,
    login: String,
    #[serde(default, deserialize_with = "maybe")]
    name: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    avatar_url: Option<String>,
}

impl From<User> for ForgeUser {
    fn from(user: User) -> Self {
        Self {
            id: ForgeUserId(user.id.to_string()),
            name: user.name.filter(|name| !name.is_empty()).unwrap_or_else(|| user.login.clone()),
            login: user.login,
            avatar_url: user.avatar_url,
            email: None,
        }
    }
}

#[derive(Deserialize)]
struct UserEmail {
    #[serde(rename = "email")]
    address: String,
    #[serde(default)]
    primary: bool,
    /// Enterprise Servers that send no email do not know.
    #[serde(default, deserialize_with = "maybe")]
    verified: Option<bool>,
}

impl Email for UserEmail {
    fn if_primary(self) -> Option<String> {
        (self.primary && self.verified != Some(false)).then_some(self.address)
    }
}

#[async_trait]
impl SignIn for GitHub {
    /// The scope is always sent: without it GitHub silently grants what it granted before. Older
    /// Enterprise Servers ignore the PKCE challenge, which is harmless.
    fn authorize_url(&self, request: &AuthorizeRequest) -> Url {
        let settings = self.client.settings();
        let mut url = page(settings, "authorize").unwrap_or_else(|_| settings.web_url.clone());
        url.query_pairs_mut()
            .append_pair("client_id", &settings.client_id)
            .append_pair("redirect_uri", &request.redirect_uri)
            .append_pair("scope", &request.scopes.join(" "))
            .append_pair("state", &request.state)
            .append_pair("code_challenge", &request.code_challenge)
            .append_pair("code_challenge_method", "S256")
            .append_pair("allow_signup", "false")
            .extend_pairs(request.login.as_deref().map(|login| ("login", login)));
        url
    }

    fn requested_scopes(&self) -> &'static [RequestedScope] {
        SCOPES
    }

    async fn exchange_code(
        &self,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<Grant, ForgeError> {
        let fields = [("code", code), ("redirect_uri", redirect_uri), ("code_verifier", verifier)];
        self.grant("finish signing in", &fields).await
    }

    async fn refresh(&self, refresh: &Secret<String>) -> Result<Grant, ForgeError> {
        let fields = refresh_fields(refresh);
        self.grant("renew a token", &fields).await
    }

    async fn current_user(
        &self,
        token: &AccessToken,
    ) -> Result<(ForgeUser, Vec<String>), ForgeError> {
        sign_in::current_user::<User, UserEmail>(self, token).await
    }

    async fn check_token(&self, token: &AccessToken) -> Result<(), ForgeError> {
        sign_in::check_token(self, token).await
    }
}

impl GitHub {
    async fn grant(
        &self,
        what: &'static str,
        fields: &[(&str, &str)],
    ) -> Result<Grant, ForgeError> {
        let settings = self.client.settings();
        let mut all = vec![
            ("client_id", settings.client_id.as_str()),
            ("client_secret", settings.client_secret.expose().as_str()),
        ];
        all.extend(fields);
        let call = Call::new(Method::POST, what, page(settings, "access_token")?)
            .accept("application/json")
            .form(&all);
        let answer: TokenAnswer = self.client.ask(&call).await?;
        if let Some(error) = answer.error {
            let description = answer.error_description.map(|text| call.masked(&text));
            return Err(refused(what, &call.masked(&error), description.as_deref()));
        }
        let Some(access) = answer.access_token else {
            return Err(self.client.broken(&call, "its answer holds no token"));
        };
        Ok(Grant {
            access,
            scopes: scopes(answer.scope.as_deref().unwrap_or_default()),
            expires_in: answer.expires_in.map(Duration::from_secs),
            refresh: answer.refresh_token,
        })
    }
}

/// An error that came with HTTP 200.
fn refused(what: &str, error: &str, description: Option<&str>) -> ForgeError {
    let (class, hint) = match error {
        "bad_verification_code" => {
            (ErrorClass::Invalid, "The code was used already or is too old: sign in once more")
        }
        "bad_refresh_token" => (ErrorClass::Unauthorized, "Sign in with GitHub again"),
        "incorrect_client_credentials" => (ErrorClass::Forbidden, APPLICATION),
        "redirect_uri_mismatch" => (
            ErrorClass::Forbidden,
            "The operator of this server must register its callback address with the OAuth app",
        ),
        "unverified_user_email" => {
            (ErrorClass::Forbidden, "Verify your email address on GitHub, then sign in once more")
        }
        "application_suspended" => {
            (ErrorClass::Forbidden, "GitHub has suspended the OAuth app of this server")
        }
        // GitHub describes each of its errors. A gateway that does not is not GitHub, and what it says must
        // not end a session.
        _ if description.is_none() => {
            (ErrorClass::Unavailable, "Check the proxy or firewall between this server and GitHub")
        }
        _ => (ErrorClass::Invalid, "Sign in once more"),
    };
    let said = description.unwrap_or(error);
    let reason = format!("{said}. {hint}");
    let details = [Some(error), description].into_iter().flatten().map(str::to_owned).collect();
    let error = ForgeError::of_call(class, what, ForgeKind::GitHub, reason);
    ForgeError { status: Some(200), details, ..error }
}
