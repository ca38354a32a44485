//! Codes, tokens and grants: how they are issued and revoked (`VCS` §2.4, §4.2).

use std::time::Duration;

use roundel_model::{forge::ForgeKind, time::Timestamp};

use super::{Grant, State, Token};
use crate::random;

/// GitHub revokes the oldest of more than these for one user, application and set of scopes.
const TOKENS_PER_GRANT: usize = 10;

/// A token to issue.
pub(crate) struct NewToken<'a> {
    pub(crate) login: &'a str,
    pub(crate) scopes: Vec<String>,
    pub(crate) client_id: Option<String>,
    /// How long it is valid; a token that expires comes with a refresh token.
    pub(crate) lifetime: Option<Duration>,
}

impl State {
    /// Issues a token.
    pub(crate) fn issue(&mut self, kind: ForgeKind, wanted: NewToken<'_>, now: Timestamp) -> Token {
        let prefix = match kind {
            ForgeKind::GitHub => "gho_",
            ForgeKind::Bitbucket => "",
        };
        let token = Token {
            id: self.fresh_id(),
            value: format!("{prefix}{}", random::text(40)),
            login: wanted.login.to_owned(),
            scopes: wanted.scopes,
            client_id: wanted.client_id,
            refresh: wanted.lifetime.map(|_| match kind {
                ForgeKind::GitHub => format!("ghr_{}", random::text(60)),
                ForgeKind::Bitbucket => random::text(32),
            }),
            created_at: now,
            expires_at: wanted.lifetime.map(|lifetime| now.plus(lifetime)),
        };
        self.tokens.push(token.clone());
        self.drop_surplus(&token);
        token
    }

    fn drop_surplus(&mut self, like: &Token) {
        let alike = |one: &Token| {
            one.client_id.is_some()
                && one.client_id == like.client_id
                && one.login == like.login
                && one.scopes == like.scopes
        };
        let surplus = self.tokens.iter().filter(|one| alike(one)).count();
        let mut surplus = surplus.saturating_sub(TOKENS_PER_GRANT);
        self.tokens.retain(|one| {
            let goes = surplus > 0 && alike(one);
            surplus -= usize::from(goes);
            !goes
        });
    }

    /// Adds scopes to what a user allowed an application.
    pub(crate) fn allow(&mut self, client_id: &str, login: &str, scopes: &[String]) {
        let known = self
            .grants
            .iter_mut()
            .find(|grant| grant.client_id == client_id && grant.login == login);
        match known {
            Some(grant) => {
                for scope in scopes {
                    if !grant.scopes.contains(scope) {
                        grant.scopes.push(scope.clone());
                    }
                }
            }
            None => self.grants.push(Grant {
                client_id: client_id.to_owned(),
                login: login.to_owned(),
                scopes: scopes.to_vec(),
            }),
        }
    }

    /// Returns what a user allowed an application.
    pub(crate) fn allowed(&self, client_id: &str, login: &str) -> Option<&Grant> {
        self.grants.iter().find(|grant| grant.client_id == client_id && grant.login == login)
    }

    /// Revokes an authorization, with all its tokens and every key that was added with them (`VCS` §2.4).
    pub(crate) fn revoke_grant(&mut self, client_id: &str, login: &str) {
        let ours = |application: &Option<String>| application.as_deref() == Some(client_id);
        self.grants.retain(|grant| !(grant.client_id == client_id && grant.login == login));
        self.tokens.retain(|token| !(ours(&token.client_id) && token.login == login));
        self.deploy_keys.retain(|key| !(ours(&key.application) && key.added_by == login));
        self.user_keys.retain(|key| !(ours(&key.application) && key.login == login));
    }
}
