//! Who a token belongs to (`VCS` §2.6).

use roundel_model::forge::ForgeUserId;
use serde::Deserialize;

use super::{GitHub, oauth::split_scopes};
use crate::{AccessToken, ErrorClass, ForgeError, ForgeUser, http::Call, lenient::maybe};

#[derive(Deserialize)]
struct User {
    id: u64,
    login: String,
    #[serde(default, deserialize_with = "maybe")]
    name: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    avatar_url: Option<String>,
}

#[derive(Deserialize)]
struct Email {
    #[serde(rename = "email")]
    address: String,
    #[serde(default)]
    primary: bool,
    /// Enterprise Servers that send no mail do not know.
    #[serde(default, deserialize_with = "maybe")]
    verified: Option<bool>,
}

impl GitHub {
    pub(super) async fn user_and_scopes(
        &self,
        token: &AccessToken,
    ) -> Result<(ForgeUser, Vec<String>), ForgeError> {
        let call = Call::get("read the signed-in user", self.api(&["user"])?).by(token);
        let answer = self.client.send(&call).await?;
        let user: User = answer.json().map_err(|error| self.unreadable(&call, &error))?;
        let scopes = split_scopes(answer.header("x-oauth-scopes"));
        let user = ForgeUser {
            id: ForgeUserId(user.id.to_string()),
            name: user.name.filter(|name| !name.is_empty()).unwrap_or_else(|| user.login.clone()),
            login: user.login,
            avatar_url: user.avatar_url,
            email: self.primary_email(token).await?,
        };
        Ok((user, scopes))
    }

    /// The primary, verified address. Without the scope there is none (404), and that is fine.
    async fn primary_email(&self, token: &AccessToken) -> Result<Option<String>, ForgeError> {
        let call = Call::get("read your addresses", self.api(&["user", "emails"])?).by(token);
        match self.list::<Email>(call).await {
            Ok(emails) => Ok(emails
                .into_iter()
                .find(|email| email.primary && email.verified != Some(false))
                .map(|email| email.address)),
            Err(error) if matches!(error.class, ErrorClass::Forbidden | ErrorClass::NotFound) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
