//! The tokens of users: renewed before they end, and not used again once their forge refuses them.
//!
//! One answer 401 proves nothing: proxies give it, and forges that are recovering. What follows from it lasts,
//! so the forge is asked again, with a call that needs nothing but a token (`VCS` §2.13).

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use roundel_forge::{AccessToken, ErrorClass, Forge, ForgeError, Grant};
use roundel_model::{forge::ForgeKind, id::AccountId, secret::Secret, time::Timestamp};
use roundel_store::{
    Store, StoreError,
    accounts::{Identity, Token},
};

use super::turns::Turns;

/// Tokens are renewed this long before they end, so that none ends in the middle of a call.
const RENEW_BEFORE: Duration = Duration::from_mins(10);

/// Why a call on behalf of a user or a project did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Forge(#[from] ForgeError),
}

/// The tokens of all users, and the forges that they are for.
pub(super) struct Tokens {
    pub(super) store: Store,
    pub(super) clients: BTreeMap<ForgeKind, Arc<dyn Forge>>,
    /// One refresh of a user's token at a time.
    turns: Turns,
}

/// The verdict on a token that a call was refused with.
pub(super) enum Refused {
    /// The forge accepts it for another call.
    HereOnly,
    /// Another one takes its place.
    Replaced(AccessToken),
    /// The forge refuses it for every call. It is not used again until its owner signs in.
    Everywhere,
}

/// What a forge says about a token by itself.
enum Check {
    Accepted,
    Refused,
    /// It did not say.
    Unknown(ForgeError),
}

impl Tokens {
    pub(super) fn new(store: Store, clients: BTreeMap<ForgeKind, Arc<dyn Forge>>) -> Self {
        Self { store, clients, turns: Turns::default() }
    }

    /// Returns the client of a forge.
    ///
    /// # Errors
    ///
    /// If this server is no longer connected to it.
    pub(super) fn client(&self, kind: ForgeKind) -> Result<Arc<dyn Forge>, ForgeError> {
        self.clients.get(&kind).cloned().ok_or_else(|| {
            let reason =
                format!("this server is not connected to {kind}; its settings name no such forge");
            ForgeError::new(ErrorClass::Broken, reason)
        })
    }

    /// Returns a user's token for a forge, renewed if it is about to end; `None` if there is none that works.
    ///
    /// # Errors
    ///
    /// If the token has ended and the forge did not say whether it can be renewed.
    pub(super) async fn working(
        &self,
        account: AccountId,
        kind: ForgeKind,
    ) -> Result<Option<AccessToken>, CallError> {
        let Some(token) = self.stored(account, kind).await? else { return Ok(None) };
        let due = |token: &Token| {
            token.expires_at.is_some_and(|end| end <= Timestamp::now().plus(RENEW_BEFORE))
        };
        if !due(&token) {
            return Ok(Some(token.access));
        }
        // What waited here finds the token that the call before it has stored.
        let _turn = self.turns.take(account, kind).await;
        let Some(token) = self.stored(account, kind).await? else { return Ok(None) };
        if !due(&token) {
            return Ok(Some(token.access));
        }
        self.renew(account, kind, token).await
    }

    /// Finds out about a token that a call was refused with. One that the forge refuses everywhere is renewed once
    /// if that is possible (`VCS` §4.12): it may have ended earlier than it should. Otherwise the refusal is
    /// recorded.
    ///
    /// # Errors
    ///
    /// If the forge did not say whether the token is still good.
    pub(super) async fn after_refusal(
        &self,
        account: AccountId,
        kind: ForgeKind,
        token: &AccessToken,
    ) -> Result<Refused, CallError> {
        match self.check(account, kind, token).await? {
            Check::Accepted => Ok(Refused::HereOnly),
            Check::Unknown(error) => Err(error.into()),
            Check::Refused => self.replace(account, kind, token).await,
        }
    }

    /// Renews a token that the forge refuses, or records that.
    async fn replace(
        &self,
        account: AccountId,
        kind: ForgeKind,
        token: &AccessToken,
    ) -> Result<Refused, CallError> {
        // What waited here finds the token that the call before it has stored.
        let _turn = self.turns.take(account, kind).await;
        let Some(stored) = self.stored(account, kind).await? else {
            return Ok(Refused::Everywhere);
        };
        if stored.access != *token {
            return Ok(Refused::Replaced(stored.access));
        }
        if let Some(refresh) = stored.refresh.clone() {
            match self.exchange(account, kind, &stored, &refresh).await? {
                Exchange::Renewed(next) => return Ok(Refused::Replaced(next)),
                Exchange::Unknown(error) => return Err(error.into()),
                Exchange::Refused => {}
            }
        }
        Ok(self.mark_refused(account, kind, token).await?)
    }

    async fn stored(
        &self,
        account: AccountId,
        kind: ForgeKind,
    ) -> Result<Option<Token>, StoreError> {
        let identity: Option<Identity> = self.store.identity(account, kind).await?;
        Ok(identity.and_then(|identity| identity.token).filter(|token| !token.refused))
    }

    async fn renew(
        &self,
        account: AccountId,
        kind: ForgeKind,
        old: Token,
    ) -> Result<Option<AccessToken>, CallError> {
        let lives = old.expires_at.is_none_or(|end| end > Timestamp::now());
        let Some(refresh) = old.refresh.clone() else {
            return Ok(lives.then_some(old.access));
        };
        let unknown = match self.exchange(account, kind, &old, &refresh).await? {
            Exchange::Renewed(token) => return Ok(Some(token)),
            Exchange::Unknown(error) => error,
            Exchange::Refused => match self.check(account, kind, &old.access).await? {
                Check::Accepted => return Ok(Some(old.access)),
                Check::Unknown(error) => error,
                Check::Refused => {
                    return Ok(match self.mark_refused(account, kind, &old.access).await? {
                        Refused::Replaced(token) => Some(token),
                        Refused::HereOnly | Refused::Everywhere => None,
                    });
                }
            },
        };
        if lives { Ok(Some(old.access)) } else { Err(unknown.into()) }
    }

    /// Exchanges a refresh token for the next pair, and keeps that.
    async fn exchange(
        &self,
        account: AccountId,
        kind: ForgeKind,
        old: &Token,
        refresh: &Secret<String>,
    ) -> Result<Exchange, CallError> {
        let now = Timestamp::now();
        match self.client(kind)?.refresh(refresh).await {
            Ok(grant) => {
                let token = next_token(old, grant, now);
                // Written before it is used: a rotated token that is lost is lost for good.
                self.store.replace_token(account, kind, &token).await?;
                Ok(Exchange::Renewed(token.access))
            }
            Err(error) => {
                tracing::warn!(account.id = %account, forge = %kind, %error, "a token could not be renewed");
                Ok(match error.class {
                    ErrorClass::Unauthorized | ErrorClass::Invalid => Exchange::Refused,
                    ErrorClass::Forbidden
                    | ErrorClass::NotFound
                    | ErrorClass::RateLimited
                    | ErrorClass::Unavailable
                    | ErrorClass::Broken => Exchange::Unknown(error),
                })
            }
        }
    }

    async fn check(
        &self,
        account: AccountId,
        kind: ForgeKind,
        token: &AccessToken,
    ) -> Result<Check, ForgeError> {
        match self.client(kind)?.check_token(token).await {
            Ok(()) => Ok(Check::Accepted),
            Err(error) if error.class == ErrorClass::Unauthorized => Ok(Check::Refused),
            Err(error) => {
                tracing::warn!(account.id = %account, forge = %kind, %error, "a refused token could not be checked");
                Ok(Check::Unknown(error))
            }
        }
    }

    /// Records that a token is refused, unless its owner has signed in meanwhile.
    async fn mark_refused(
        &self,
        account: AccountId,
        kind: ForgeKind,
        token: &AccessToken,
    ) -> Result<Refused, StoreError> {
        if self.store.mark_token_refused(account, kind, token).await? {
            tracing::warn!(account.id = %account, forge = %kind, "a token was refused: it is not used again");
            return Ok(Refused::Everywhere);
        }
        let other = self.stored(account, kind).await?;
        Ok(other.map_or(Refused::Everywhere, |token| Refused::Replaced(token.access)))
    }
}

/// How the exchange of a refresh token ended.
enum Exchange {
    Renewed(AccessToken),
    Refused,
    /// The forge did not say.
    Unknown(ForgeError),
}

fn next_token(old: &Token, grant: Grant, now: Timestamp) -> Token {
    Token {
        access: grant.access,
        scopes: if grant.scopes.is_empty() { old.scopes.clone() } else { grant.scopes },
        expires_at: grant.expires_in.map(|lasts| now.plus(lasts)),
        refresh: grant.refresh.or_else(|| old.refresh.clone()),
        refused: false,
    }
}
