//! The forges that this server is connected to, and whose token is used where no user is present: for
//! reading configurations, setting commit statuses, repairing.
//!
//! A token can expire or be revoked at any time (`VCS` §0 rule 6). The user who set the project up comes first, then
//! its other followers, always in the same order, so that commit statuses keep their author (VCS-022).
//! A token that the forge refuses is not used again until its owner signs in again.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use roundel_forge::{AccessToken, ErrorClass, Forge, ForgeError, RepositoryRef};
use roundel_model::{forge::ForgeKind, id::AccountId, time::Timestamp};
use roundel_store::{
    Store, StoreError,
    accounts::{Identity, Token},
    projects::Project,
};
use tokio::sync::Semaphore;

/// Tokens are renewed this long before they end, so that none ends in the middle of a call.
const RENEW_BEFORE: Duration = Duration::from_mins(10);

/// Why a call on behalf of a project did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Forge(#[from] ForgeError),
}

/// The forges that this server is connected to, with the tokens of its users.
pub struct Forges {
    store: Store,
    clients: BTreeMap<ForgeKind, Arc<dyn Forge>>,
    /// One refresh of a rotating token at a time: two at once would invalidate each other's (`VCS` §4.2).
    refreshing: Semaphore,
}

impl Forges {
    pub(crate) fn new(store: Store, clients: BTreeMap<ForgeKind, Arc<dyn Forge>>) -> Self {
        Self { store, clients, refreshing: Semaphore::new(1) }
    }

    /// Returns the clients, by kind.
    pub const fn clients(&self) -> &BTreeMap<ForgeKind, Arc<dyn Forge>> {
        &self.clients
    }

    /// Calls a forge with the first token of the project that works.
    ///
    /// # Errors
    ///
    /// The forge's answer to the last token that it did not refuse outright; if there is no token left,
    /// an error of class `Unauthorized` that says who can help.
    pub(crate) async fn call<T, F>(
        &self,
        project: &Project,
        request: impl Fn(AccessToken) -> F,
    ) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, ForgeError>>,
    {
        let kind = project.slug.forge;
        let (mut refused, mut unconfirmed) = (None, None);
        for account in self.candidates(project).await? {
            let Some(token) = self.token(account, kind).await? else { continue };
            let error = match request(token.clone()).await {
                Ok(answer) => return Ok(answer),
                // Whatever another call with the token says, the next follower's may do.
                Err(error) if error.class == ErrorClass::Unauthorized => {
                    let error = self.confirm(account, kind, &token, error).await?;
                    unconfirmed =
                        Some(error).filter(|error| error.class != ErrorClass::Unauthorized);
                    continue;
                }
                Err(error) => error,
            };
            match error.class {
                ErrorClass::Unauthorized => {}
                ErrorClass::Forbidden | ErrorClass::NotFound => refused = Some(error),
                ErrorClass::Invalid
                | ErrorClass::RateLimited
                | ErrorClass::Unavailable
                | ErrorClass::Broken => return Err(error.into()),
            }
        }
        Err(unconfirmed.or(refused).unwrap_or_else(|| none_left(kind)).into())
    }

    /// Asks the forge again about a token that it refused, and records the refusal if it stands: the token is
    /// not used again until its owner signs in. Any other error is returned as it is.
    ///
    /// One answer 401 proves nothing: proxies give it, and forges that are recovering. What follows from it
    /// lasts, so the second call is one that needs nothing but a token (`VCS` §2.13). Returns the error to
    /// handle: `Unauthorized` if the forge refuses the token there too, otherwise one that is transient.
    pub(crate) async fn confirm(
        &self,
        account: AccountId,
        kind: ForgeKind,
        token: &AccessToken,
        error: ForgeError,
    ) -> Result<ForgeError, StoreError> {
        if error.class != ErrorClass::Unauthorized {
            return Ok(error);
        }
        let checked = match self.client(kind) {
            Ok(forge) => forge.check_token(token).await,
            Err(not_connected) => return Ok(not_connected),
        };
        let unconfirmed = match checked {
            Err(refusal) if refusal.class == ErrorClass::Unauthorized => {
                if self.store.mark_token_refused(account, kind, token).await? {
                    tracing::warn!(account.id = %account, forge = %kind, %error, "a token was refused");
                    return Ok(error);
                }
                "it refused a token that was replaced meanwhile".to_owned()
            }
            Err(failure) => {
                tracing::warn!(account.id = %account, forge = %kind, %error, %failure, "a refused token could not be checked");
                return Ok(failure);
            }
            Ok(()) => {
                let said = error.details.join("; ");
                format!("it refused a token for this call, and accepts it for another: {said}")
            }
        };
        tracing::warn!(account.id = %account, forge = %kind, %error, %unconfirmed, "a token was refused once");
        Ok(ForgeError { class: ErrorClass::Unavailable, message: unconfirmed, ..error })
    }

    /// Returns the forge of a project.
    ///
    /// # Errors
    ///
    /// If this server is no longer connected to it.
    pub(crate) fn client(&self, kind: ForgeKind) -> Result<Arc<dyn Forge>, ForgeError> {
        self.clients.get(&kind).cloned().ok_or_else(|| ForgeError {
            class: ErrorClass::Broken,
            message: format!(
                "this server is not connected to {kind}; its settings name no such forge"
            ),
            status: None,
            retry_after: None,
            details: Vec::new(),
        })
    }

    /// Returns a person's token for a forge, renewed if it is about to end; `None` if there is none that
    /// works.
    pub(crate) async fn token(
        &self,
        account: AccountId,
        kind: ForgeKind,
    ) -> Result<Option<AccessToken>, CallError> {
        let Some(token) = self.stored(account, kind).await? else { return Ok(None) };
        let due = |token: &Token| {
            token.expires_at.is_some_and(|end| end <= Timestamp::now().plus(RENEW_BEFORE))
        };
        if !due(&token) {
            return Ok(Some(token.access.clone()));
        }
        // What waited here finds the token that the call before it has stored.
        let Ok(_turn) = self.refreshing.acquire().await else { return Ok(None) };
        let Some(token) = self.stored(account, kind).await? else { return Ok(None) };
        if !due(&token) {
            return Ok(Some(token.access.clone()));
        }
        self.renew(account, kind, &token).await
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
        old: &Token,
    ) -> Result<Option<AccessToken>, CallError> {
        let now = Timestamp::now();
        let lives = old.expires_at.is_none_or(|end| end > now);
        let Some(refresh) = &old.refresh else {
            return Ok(lives.then(|| old.access.clone()));
        };
        match self.client(kind)?.refresh(refresh).await {
            Ok(grant) => {
                let token = Token {
                    access: grant.access.clone(),
                    scopes: if grant.scopes.is_empty() { old.scopes.clone() } else { grant.scopes },
                    expires_at: grant.expires_in.map(|lasts| now.plus(lasts)),
                    refresh: grant.refresh.or_else(|| old.refresh.clone()),
                    refused: false,
                };
                // Written before it is used: a rotated token that is lost is lost for good.
                self.store.replace_token(account, kind, &token).await?;
                Ok(Some(token.access.clone()))
            }
            Err(error) if matches!(error.class, ErrorClass::Unauthorized | ErrorClass::Invalid) => {
                let refusal = ForgeError { class: ErrorClass::Unauthorized, ..error };
                let error = self.confirm(account, kind, &old.access, refusal).await?;
                if error.class == ErrorClass::Unauthorized {
                    Ok(None)
                } else if lives {
                    Ok(Some(old.access.clone()))
                } else {
                    Err(error.into())
                }
            }
            Err(error) if lives => {
                tracing::warn!(account.id = %account, forge = %kind, %error, "a token could not be renewed yet");
                Ok(Some(old.access.clone()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Lists the people whose token may be used: the one who set the project up first.
    async fn candidates(&self, project: &Project) -> Result<Vec<AccountId>, StoreError> {
        let mut accounts = vec![project.integration];
        let mut followers = self.store.followers(project.id).await?;
        followers.sort_unstable();
        accounts.extend(followers.into_iter().filter(|account| *account != project.integration));
        Ok(accounts)
    }

    /// Returns the `known_hosts` lines of a forge: the operator's, or those that we ship.
    pub(crate) fn known_hosts(&self, kind: ForgeKind) -> String {
        let configured = self.clients.get(&kind).map(|forge| forge.settings().known_hosts.trim());
        match configured {
            Some(lines) if !lines.is_empty() => format!("{lines}\n"),
            _ => roundel_forge::host_keys::pinned(kind).to_owned(),
        }
    }
}

fn none_left(kind: ForgeKind) -> ForgeError {
    ForgeError {
        class: ErrorClass::Unauthorized,
        message: format!(
            "no follower of this project has a working connection to {kind}; \
             one of them must sign in again with {kind}"
        ),
        status: None,
        retry_after: None,
        details: Vec::new(),
    }
}

/// Names a project's repository in calls.
pub(crate) fn repository_ref(project: &Project) -> RepositoryRef {
    RepositoryRef {
        id: project.repository.clone(),
        owner: project.slug.owner.clone(),
        name: project.slug.repository.clone(),
    }
}
