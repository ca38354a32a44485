//! The caller: credentials of a request, and the user that they stand for.

use axum::http::{HeaderMap, header::AUTHORIZATION};
use base64::{Engine, engine::general_purpose::STANDARD};
use roundel_model::time::Timestamp;

use crate::forge::Forge;

/// The credentials of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Credentials {
    Nothing,
    Bearer(String),
    /// Name and password.
    Basic(String, String),
}

/// A caller with a valid token.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) login: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) client_id: Option<String>,
}

impl Identity {
    /// Returns whether the token has one of these scopes.
    pub(crate) fn has_any(&self, scopes: &[&str]) -> bool {
        self.scopes.iter().any(|scope| scopes.contains(&scope.as_str()))
    }
}

/// The caller; `None` without credentials.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caller(pub(crate) Option<Identity>);

impl Caller {
    pub(crate) fn login(&self) -> Option<&str> {
        self.0.as_ref().map(|identity| identity.login.as_str())
    }

    pub(crate) fn has_any(&self, scopes: &[&str]) -> bool {
        self.0.as_ref().is_some_and(|identity| identity.has_any(scopes))
    }
}

/// Whether a token is valid.
pub(crate) enum TokenCheck {
    Good(Identity),
    Expired,
    /// It was never issued, or was revoked.
    Unknown,
}

/// Reads the `Authorization` header.
pub(crate) fn credentials(headers: &HeaderMap) -> Credentials {
    let Some(value) = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()) else {
        return Credentials::Nothing;
    };
    let Some((scheme, rest)) = value.split_once(' ') else { return Credentials::Nothing };
    let rest = rest.trim();
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "token" => Credentials::Bearer(rest.to_owned()),
        "basic" => {
            let decoded = STANDARD.decode(rest).ok().and_then(|raw| String::from_utf8(raw).ok());
            match decoded.as_deref().and_then(|text| text.split_once(':')) {
                Some((name, password)) => Credentials::Basic(name.into(), password.into()),
                None => Credentials::Basic(String::new(), String::new()),
            }
        }
        _ => Credentials::Nothing,
    }
}

impl Forge {
    /// Looks a token up.
    pub(crate) fn check_token(&self, token: &str) -> TokenCheck {
        let now = Timestamp::now();
        self.read(|state| {
            let Some(found) = state.tokens.iter().find(|one| one.value == token) else {
                return TokenCheck::Unknown;
            };
            if found.expires_at.is_some_and(|end| end <= now) {
                return TokenCheck::Expired;
            }
            TokenCheck::Good(Identity {
                login: found.login.clone(),
                scopes: found.scopes.clone(),
                client_id: found.client_id.clone(),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Credentials {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, value.parse().unwrap());
        credentials(&headers)
    }

    #[test]
    fn all_spellings_of_a_token_are_read() {
        assert_eq!(read("Bearer abc"), Credentials::Bearer("abc".into()));
        assert_eq!(read("token abc"), Credentials::Bearer("abc".into()));
        assert_eq!(read("Basic YTpi"), Credentials::Basic("a".into(), "b".into()));
        assert_eq!(read("Digest abc"), Credentials::Nothing);
    }
}
