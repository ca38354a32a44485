//! Signing in with Bitbucket: the consent page, the exchange, the refresh, and who a token belongs
//! to (`VCS` §4.2–§4.4).

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use roundel_model::{forge::ForgeUserId, secret::Secret};
use serde::Deserialize;
use url::Url;

use super::{Bitbucket, shape::Account};
use crate::{
    api::{AccessToken, AuthorizeRequest, ForgeSettings, ForgeUser, Grant, RequestedScope, SignIn},
    error::{ErrorClass, ForgeError},
    http::{self, Call},
    lenient::{maybe, scopes},
    sign_in::{self, Email, refresh_fields},
};

/// What the operator ticks in the OAuth consumer, and why: scopes belong to the consumer, not to
/// the request (`VCS` §4.3).
const SCOPES: &[RequestedScope] = &[
    RequestedScope { name: "account", reason: "to know who you are and to list your workspaces" },
    RequestedScope { name: "email", reason: "to offer your confirmed addresses for notifications" },
    RequestedScope {
        name: "repository",
        reason: "to list your repositories, read their config and set commit statuses",
    },
    RequestedScope {
        name: "repository:admin",
        reason: "to add an access key to the projects you set up",
    },
    RequestedScope { name: "webhook", reason: "to add a webhook to the projects you set up" },
    RequestedScope { name: "pullrequest", reason: "to receive webhooks about pull requests" },
];

fn page(settings: &ForgeSettings, name: &str) -> Result<Url, ForgeError> {
    http::at(&settings.web_url, &["site", "oauth2", name])
}

/// The answer of the token end point. Documents and answers disagree on `scope` or `scopes`.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Secret<String>,
    #[serde(default, deserialize_with = "maybe")]
    scopes: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    scope: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    expires_in: Option<u64>,
    #[serde(default)]
    refresh_token: Option<Secret<String>>,
}

impl From<Account> for ForgeUser {
    fn from(user: Account) -> Self {
        let avatar_url = user.avatar();
        // `username` vanished years ago; the nickname is not unique, so it is display data only.
        let login = user.nickname.or_else(|| user.display_name.clone()).unwrap_or_default();
        Self {
            id: ForgeUserId(user.uuid),
            name: user.display_name.unwrap_or_else(|| login.clone()),
            login,
            avatar_url,
            email: None,
        }
    }
}

#[derive(Deserialize)]
struct UserEmail {
    #[serde(rename = "email")]
    address: String,
    #[serde(default)]
    is_primary: bool,
    #[serde(default)]
    is_confirmed: bool,
}

impl Email for UserEmail {
    fn if_primary(self) -> Option<String> {
        (self.is_primary && self.is_confirmed).then_some(self.address)
    }
}

#[async_trait]
impl SignIn for Bitbucket {
    /// PKCE is not documented for Bitbucket, and scopes are not part of the request, so neither is
    /// sent.
    fn authorize_url(&self, request: &AuthorizeRequest) -> Url {
        let settings = self.client.settings();
        let mut url = page(settings, "authorize").unwrap_or_else(|_| settings.web_url.clone());
        url.query_pairs_mut()
            .append_pair("client_id", &settings.client_id)
            .append_pair("response_type", "code")
            .append_pair("state", &request.state)
            .append_pair("redirect_uri", &request.redirect_uri);
        url
    }

    fn requested_scopes(&self) -> &'static [RequestedScope] {
        SCOPES
    }

    async fn exchange_code(
        &self,
        code: &str,
        redirect_uri: &str,
        _verifier: &str,
    ) -> Result<Grant, ForgeError> {
        let fields =
            [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect_uri)];
        self.grant("finish signing in", &fields).await
    }

    /// The old refresh token stops working, so a refused one means to sign in again.
    async fn refresh(&self, refresh: &Secret<String>) -> Result<Grant, ForgeError> {
        let fields = refresh_fields(refresh);
        self.grant("renew a token", &fields).await.map_err(|mut error| {
            if !error.is_transient() && error.says("invalid_grant") {
                error.class = ErrorClass::Unauthorized;
                error.reason.push_str(". Sign in with Bitbucket again");
            }
            error
        })
    }

    async fn current_user(
        &self,
        token: &AccessToken,
    ) -> Result<(ForgeUser, Vec<String>), ForgeError> {
        sign_in::current_user::<Account, UserEmail>(self, token).await
    }

    async fn check_token(&self, token: &AccessToken) -> Result<(), ForgeError> {
        sign_in::check_token(self, token).await
    }
}

impl Bitbucket {
    async fn grant(
        &self,
        what: &'static str,
        fields: &[(&str, &str)],
    ) -> Result<Grant, ForgeError> {
        let settings = self.client.settings();
        let call = Call::new(Method::POST, what, page(settings, "access_token")?)
            .by_application(&settings.client_id, &settings.client_secret)
            .form(fields);
        let answer: TokenAnswer = self.client.ask(&call).await?;
        let granted = answer.scopes.or(answer.scope).unwrap_or_default();
        Ok(Grant {
            access: answer.access_token,
            scopes: scopes(&granted),
            expires_in: answer.expires_in.map(Duration::from_secs),
            refresh: answer.refresh_token,
        })
    }
}
