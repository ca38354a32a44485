//! Signing in with a forge, and the tokens that come of it.

use std::time::Duration;

use async_trait::async_trait;
use roundel_model::{forge::ForgeUserId, secret::Secret};
use url::Url;

use crate::error::ForgeError;

/// A user's token for calls.
pub type AccessToken = Secret<String>;

/// The answer of a code exchange or a refresh.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The token for calls.
    pub access: AccessToken,
    /// The scopes that were granted; users may have unticked some.
    pub scopes: Vec<String>,
    /// How long it lasts; `None` for one that lasts until it is revoked.
    pub expires_in: Option<Duration>,
    /// The token that is exchanged for the next one. It can be used once: store it before anything else.
    pub refresh: Option<Secret<String>>,
}

/// A user at the forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgeUser {
    /// Identity (`VCS` §0 rule 2).
    pub id: ForgeUserId,
    /// The account's name; the nickname on Bitbucket. Display data.
    pub login: String,
    /// The display name, or else the login.
    pub name: String,
    pub avatar_url: Option<String>,
    /// The primary, verified address, if it may be seen.
    pub email: Option<String>,
}

/// A scope that sign-in asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestedScope {
    /// Its name at the forge.
    pub name: &'static str,
    /// Completes "Roundel needs it …", for the page before the redirect.
    pub reason: &'static str,
}

/// The parameters of the consent page.
#[derive(Clone, Debug)]
pub struct AuthorizeRequest {
    /// The callback URL; exactly as registered.
    pub redirect_uri: String,
    /// A random value that ties the answer to this browser.
    pub state: String,
    /// The requested scopes. On Bitbucket the consumer decides.
    pub scopes: Vec<String>,
    /// PKCE S256 challenge. Bitbucket does not know PKCE and is not sent it (`VCS` §4.2).
    pub code_challenge: String,
    /// Suggests an account.
    pub login: Option<String>,
}

/// OAuth: consent, tokens, and the user of a token.
#[async_trait]
pub trait SignIn: Send + Sync {
    /// Returns the address of the consent page.
    fn authorize_url(&self, request: &AuthorizeRequest) -> Url;
    /// Returns the scopes that sign-in asks for, each with its reason.
    fn requested_scopes(&self) -> &'static [RequestedScope];
    /// Turns the code that the browser returned with into a token. A code that is used or too old is
    /// [`crate::ErrorClass::Invalid`]: start over. An application that the forge does not know is
    /// [`crate::ErrorClass::Forbidden`]: the operator has to correct the settings.
    async fn exchange_code(
        &self,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<Grant, ForgeError>;
    /// Gets the next token. The old pair is invalid at once, so one refresh at a time; a lost answer
    /// means to authorize again ([`crate::ErrorClass::Unauthorized`]).
    async fn refresh(&self, refresh: &Secret<String>) -> Result<Grant, ForgeError>;
    /// Reads the user, and the scopes that the token really has; none if the forge does not say.
    async fn current_user(
        &self,
        token: &AccessToken,
    ) -> Result<(ForgeUser, Vec<String>), ForgeError>;
    /// Asks whether a token is still accepted, with one call that needs nothing but a token.
    /// [`crate::ErrorClass::Unauthorized`] says that it is not.
    async fn check_token(&self, token: &AccessToken) -> Result<(), ForgeError>;
}
