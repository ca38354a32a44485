//! Who a token belongs to (`VCS` §4.4).

use roundel_model::forge::ForgeUserId;
use serde::Deserialize;

use super::{Bitbucket, Link, oauth::split_scopes};
use crate::{AccessToken, ErrorClass, ForgeError, ForgeUser, http::Call, lenient::maybe};

#[derive(Deserialize)]
pub(super) struct User {
    pub(super) uuid: String,
    #[serde(default, deserialize_with = "maybe")]
    pub(super) nickname: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    pub(super) display_name: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    pub(super) links: Option<UserLinks>,
}

#[derive(Deserialize)]
pub(super) struct UserLinks {
    #[serde(default, deserialize_with = "maybe")]
    pub(super) avatar: Option<Link>,
}

#[derive(Deserialize)]
struct Email {
    #[serde(rename = "email")]
    address: String,
    #[serde(default)]
    is_primary: bool,
    #[serde(default)]
    is_confirmed: bool,
}

impl User {
    pub(super) fn avatar(&self) -> Option<String> {
        let avatar = self.links.as_ref()?.avatar.as_ref()?;
        Some(avatar.href.clone())
    }
}

impl Bitbucket {
    pub(super) async fn user_and_scopes(
        &self,
        token: &AccessToken,
    ) -> Result<(ForgeUser, Vec<String>), ForgeError> {
        let call = Call::get("read the signed-in user", self.api(&["user"])?).by(token);
        let answer = self.client.send(&call).await?;
        let user: User = answer.json().map_err(|error| self.unreadable(&call, &error))?;
        let scopes = split_scopes(answer.header("x-oauth-scopes"));
        let avatar_url = user.avatar();
        // `username` vanished years ago; the nickname is not unique, so it is display data only.
        let login = user.nickname.or_else(|| user.display_name.clone()).unwrap_or_default();
        let user = ForgeUser {
            id: ForgeUserId(user.uuid),
            name: user.display_name.unwrap_or_else(|| login.clone()),
            login,
            avatar_url,
            email: self.primary_email(token).await?,
        };
        Ok((user, scopes))
    }

    /// The primary, confirmed address. Without the scope there is none, and that is fine.
    async fn primary_email(&self, token: &AccessToken) -> Result<Option<String>, ForgeError> {
        let call = Call::get("read your addresses", self.api(&["user", "emails"])?).by(token);
        match self.list::<Email>(call).await {
            Ok(emails) => Ok(emails
                .into_iter()
                .find(|email| email.is_primary && email.is_confirmed)
                .map(|email| email.address)),
            Err(error) if matches!(error.class, ErrorClass::Forbidden | ErrorClass::NotFound) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
