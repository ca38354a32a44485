//! Signing in: the parts of it that are the same at both forges.

use roundel_model::secret::Secret;
use serde::de::DeserializeOwned;

use crate::{api::AccessToken, error::ForgeError, http::Call, rest::Rest};

/// Returns the fields that ask for a new token in exchange for a refresh token.
pub(crate) fn refresh_fields(refresh: &Secret<String>) -> [(&'static str, &str); 2] {
    [("grant_type", "refresh_token"), ("refresh_token", refresh.expose().as_str())]
}

/// Asks whether a token is still accepted, by reading its user. Both forges have that under one address,
/// and neither has more to say there than whose token it is.
pub(crate) async fn check_token(forge: &impl Rest, token: &AccessToken) -> Result<(), ForgeError> {
    let client = forge.client();
    let call = Call::get("check a token", client.api(&["user"])?).by(token);
    client.send_for_json(&call).await.map(|_user| ())
}

/// One of a user's addresses as the forge answers it.
pub(crate) trait Email: DeserializeOwned {
    /// Returns the address, if it is the primary one and confirmed.
    fn if_primary(self) -> Option<String>;
}

/// Reads the primary, confirmed address. Without the scope there is none, and that is fine. So it is when
/// the forge fails with this only: it keeps no user from signing in, and a known address stays.
pub(crate) async fn primary_email<E: Email>(
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
