//! Signing in with GitHub: the consent page, the exchange, the refresh (`VCS` §2.3, §2.4).

use std::time::Duration;

use reqwest::Method;
use roundel_model::secret::Secret;
use serde::Deserialize;
use url::Url;

use super::GitHub;
use crate::{AuthorizeRequest, ErrorClass, ForgeError, ForgeSettings, Grant, http, http::Call};

/// What sign-in asks for, and why (`VCS` §2.3.3).
pub(super) const WANTED_SCOPES: [(&str, &str); 3] = [
    ("user:email", "to offer your verified addresses for notifications"),
    ("read:org", "to list your organizations and to know who may see their projects"),
    (
        "repo",
        "to list your repositories, read their config, mark commits, and add a deploy key and a \
         webhook to the projects you set up. GitHub has no read-only form of this scope",
    ),
];

/// The address of the consent page.
///
/// The scope is always sent: without it GitHub silently grants what it granted before. Older
/// Enterprise Servers ignore the PKCE challenge, which is harmless.
pub(super) fn authorize_url(settings: &ForgeSettings, request: &AuthorizeRequest) -> Url {
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

impl GitHub {
    pub(super) async fn grant_for_code(
        &self,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<Grant, ForgeError> {
        let fields = [("code", code), ("redirect_uri", redirect_uri), ("code_verifier", verifier)];
        self.grant("finish signing in", &fields).await
    }

    pub(super) async fn grant_for_refresh(
        &self,
        refresh: &Secret<String>,
    ) -> Result<Grant, ForgeError> {
        let fields =
            [("grant_type", "refresh_token"), ("refresh_token", refresh.expose().as_str())];
        self.grant("renew a token", &fields).await
    }

    async fn grant(
        &self,
        what: &'static str,
        fields: &[(&str, &str)],
    ) -> Result<Grant, ForgeError> {
        let mut all = vec![
            ("client_id", self.settings.client_id.as_str()),
            ("client_secret", self.settings.client_secret.expose().as_str()),
        ];
        all.extend(fields);
        let call = Call::new(Method::POST, what, page(&self.settings, "access_token")?)
            .accept("application/json")
            .form(&all);
        let answer: TokenAnswer = self.ask(call).await?;
        if let Some(error) = answer.error {
            return Err(refused(what, &error, answer.error_description.as_deref()));
        }
        let Some(access) = answer.access_token else {
            let message = format!("could not {what} on GitHub: its answer holds no token");
            return Err(ForgeError::new(ErrorClass::Broken, message));
        };
        Ok(Grant {
            access,
            scopes: split_scopes(answer.scope.as_deref().unwrap_or_default()),
            expires_in: answer.expires_in.map(Duration::from_secs),
            refresh: answer.refresh_token,
        })
    }
}

/// Takes apart a list of scopes, with commas or spaces.
pub(super) fn split_scopes(scopes: &str) -> Vec<String> {
    let scopes = scopes.split([',', ' ']).map(str::trim).filter(|scope| !scope.is_empty());
    scopes.map(str::to_owned).collect()
}

/// An error that came with HTTP 200.
fn refused(what: &str, error: &str, description: Option<&str>) -> ForgeError {
    let (class, hint) = match error {
        "bad_verification_code" => {
            (ErrorClass::Invalid, "The code was used already or is too old: sign in once more")
        }
        "bad_refresh_token" => (ErrorClass::Unauthorized, "Sign in with GitHub again"),
        "incorrect_client_credentials" => (
            ErrorClass::Forbidden,
            "The operator of this server must correct the client id and secret of the OAuth app",
        ),
        "redirect_uri_mismatch" => (
            ErrorClass::Forbidden,
            "The operator of this server must register its callback address with the OAuth app",
        ),
        "unverified_user_email" => {
            (ErrorClass::Forbidden, "Verify your e-mail address on GitHub, then sign in once more")
        }
        "application_suspended" => {
            (ErrorClass::Forbidden, "GitHub has suspended the OAuth app of this server")
        }
        _ => (ErrorClass::Invalid, "Sign in once more"),
    };
    let said = description.unwrap_or(error);
    let message = format!("could not {what} on GitHub: {said}. {hint}");
    let details = [Some(error), description].into_iter().flatten().map(str::to_owned).collect();
    ForgeError { status: Some(200), details, ..ForgeError::new(class, message) }
}
