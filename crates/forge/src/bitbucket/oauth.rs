//! Signing in with Bitbucket: the consent page, the exchange, the refresh (`VCS` §4.2, §4.3).

use std::time::Duration;

use reqwest::Method;
use roundel_model::secret::Secret;
use serde::Deserialize;
use url::Url;

use super::Bitbucket;
use crate::{
    AuthorizeRequest, ErrorClass, ForgeError, ForgeSettings, Grant, http, http::Call,
    lenient::maybe,
};

/// What the operator ticks in the OAuth consumer, and why: scopes belong to the consumer, not to
/// the request (`VCS` §4.3).
pub(super) const WANTED_SCOPES: [(&str, &str); 6] = [
    ("account", "to know who you are and to list your workspaces"),
    ("email", "to offer your confirmed addresses for notifications"),
    ("repository", "to list your repositories, read their config and mark commits"),
    ("repository:admin", "to add an access key to the projects you set up"),
    ("webhook", "to add a webhook to the projects you set up"),
    ("pullrequest", "to be told of pull requests"),
];

/// The address of the consent page. PKCE is not documented for Bitbucket, and scopes are not part
/// of the request, so neither is sent.
pub(super) fn authorize_url(settings: &ForgeSettings, request: &AuthorizeRequest) -> Url {
    let mut url = page(settings, "authorize").unwrap_or_else(|_| settings.web_url.clone());
    url.query_pairs_mut()
        .append_pair("client_id", &settings.client_id)
        .append_pair("response_type", "code")
        .append_pair("state", &request.state)
        .append_pair("redirect_uri", &request.redirect_uri);
    url
}

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

impl Bitbucket {
    pub(super) async fn grant_for_code(
        &self,
        code: &str,
        redirect_uri: &str,
    ) -> Result<Grant, ForgeError> {
        let fields =
            [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect_uri)];
        self.grant("finish signing in", &fields).await
    }

    /// The old refresh token dies, so a refused one means to sign in again.
    pub(super) async fn grant_for_refresh(
        &self,
        refresh: &Secret<String>,
    ) -> Result<Grant, ForgeError> {
        let fields =
            [("grant_type", "refresh_token"), ("refresh_token", refresh.expose().as_str())];
        self.grant("renew a token", &fields).await.map_err(|mut error| {
            if error.says("invalid_grant") {
                error.class = ErrorClass::Unauthorized;
                error.message.push_str(". Sign in with Bitbucket again");
            }
            error
        })
    }

    async fn grant(
        &self,
        what: &'static str,
        fields: &[(&str, &str)],
    ) -> Result<Grant, ForgeError> {
        let call = Call::new(Method::POST, what, page(&self.settings, "access_token")?)
            .by_application(&self.settings.client_id, &self.settings.client_secret)
            .form(fields);
        let answer: TokenAnswer = self.ask(call).await?;
        let scopes = answer.scopes.or(answer.scope).unwrap_or_default();
        Ok(Grant {
            access: answer.access_token,
            scopes: split_scopes(&scopes),
            expires_in: answer.expires_in.map(Duration::from_secs),
            refresh: answer.refresh_token,
        })
    }
}

/// Takes apart a list of scopes, with spaces or commas.
pub(super) fn split_scopes(scopes: &str) -> Vec<String> {
    let scopes = scopes.split([',', ' ']).map(str::trim).filter(|scope| !scope.is_empty());
    scopes.map(str::to_owned).collect()
}
