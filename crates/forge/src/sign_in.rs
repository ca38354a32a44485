//! Signing in: the parts of it that are the same at both forges.

use roundel_model::secret::Secret;
use serde::de::DeserializeOwned;

use crate::{
    api::{AccessToken, ForgeUser},
    error::ForgeError,
    http::Call,
    lenient::scopes,
    rest::Rest,
};

/// Returns the fields that ask for a new token in exchange for a refresh token.
pub(crate) fn refresh_fields(refresh: &Secret<String>) -> [(&'static str, &str); 2] {
    [("grant_type", "refresh_token"), ("refresh_token", refresh.expose().as_str())]
}

/// Where both forges say whose token it is.
const USER: &[&str] = &["user"];

/// Reads the user of a token, written by this forge as `U`, with the primary address; and the scopes of
/// the token, which both forges say in a header.
pub(crate) async fn current_user<U, E>(
    forge: &impl Rest,
    token: &AccessToken,
) -> Result<(ForgeUser, Vec<String>), ForgeError>
where
    U: DeserializeOwned + Into<ForgeUser>,
    E: Email,
{
    let client = forge.client();
    let call = Call::get("read the signed-in user", client.api(USER)?).by(token);
    let answer = client.send_for_json(&call).await?;
    let user = client.read::<U>(&call, &answer)?.into();
    let granted = scopes(answer.header("x-oauth-scopes"));
    let email = primary_email::<E>(forge, token).await?;
    Ok((ForgeUser { email, ..user }, granted))
}

/// Asks whether a token is still accepted, by reading its user.
pub(crate) async fn check_token(forge: &impl Rest, token: &AccessToken) -> Result<(), ForgeError> {
    let client = forge.client();
    let call = Call::get("check a token", client.api(USER)?).by(token);
    client.send_for_json(&call).await.map(|_user| ())
}

/// One of a user's addresses as the forge answers it.
pub(crate) trait Email: DeserializeOwned {
    /// Returns the address, if it is the primary one and confirmed.
    fn if_primary(self) -> Option<String>;
}

/// Reads the primary, confirmed address. Without the scope there is none, and that is fine. So it is when
/// the forge fails with this only: it keeps no user from signing in, and a known address stays.
async fn primary_email<E: Email>(
    forge: &impl Rest,
    token: &AccessToken,
) -> Result<Option<String>, ForgeError> {
    let client = forge.client();
    let call = Call::get("read your addresses", client.api(&["user", "emails"])?).by(token);
    let emails = match client.list_readable::<E>(call).await {
        Err(error) if error.is_transient() => {
            tracing::warn!(%error, "a user signs in without an email address");
            Vec::new()
        }
        answer => answer.or_else(ForgeError::empty_if_hidden)?,
    };
    Ok(emails.into_iter().find_map(Email::if_primary))
}
