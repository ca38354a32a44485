//! The forges that this server is connected to, and whose token is used where no user is present: for
//! reading configurations, setting commit statuses, repairing.
//!
//! A token can expire or be revoked at any time (`VCS` §0 rule 6). The user who set the project up comes first, then
//! its other followers, always in the same order, so that commit statuses keep their author (VCS-022).
//! A token that the forge refuses is not used again until its owner signs in again ([`tokens`]).

#[cfg(test)]
mod tests;
mod tokens;
mod turns;

use std::{collections::BTreeMap, sync::Arc};

use roundel_forge::{AccessToken, ErrorClass, Forge, ForgeError, RepositoryRef};
use roundel_model::{forge::ForgeKind, id::AccountId};
use roundel_store::{Store, StoreError, projects::Project};

pub(crate) use self::tokens::CallError;
use self::tokens::{Refused, Tokens};

/// The forges that this server is connected to, with the tokens of its users.
pub struct Forges {
    tokens: Tokens,
}

/// How a call with the token of one user ended, if not in an error about what was asked for.
enum TokenAttempt<T> {
    Answered(T),
    /// There is no token that works.
    NoToken,
    /// The token may work later: the forge refused it for this call only, or could not say. The error is
    /// transient.
    Unclear(ForgeError),
}

impl Forges {
    pub(crate) fn new(store: Store, clients: BTreeMap<ForgeKind, Arc<dyn Forge>>) -> Self {
        Self { tokens: Tokens::new(store, clients) }
    }

    /// Returns the clients, by kind.
    pub const fn clients(&self) -> &BTreeMap<ForgeKind, Arc<dyn Forge>> {
        &self.tokens.clients
    }

    /// Calls a forge with the first token of the project that works.
    ///
    /// # Errors
    ///
    /// A transient error, if one token may work later: what waits for that is not lost. Otherwise the forge's
    /// answer to the last token that it did not refuse outright; if there is no token left, an error of class
    /// `Unauthorized` that says who can help.
    pub(crate) async fn call<T, F>(
        &self,
        project: &Project,
        request: impl Fn(AccessToken) -> F,
    ) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, ForgeError>>,
    {
        let kind = project.slug.forge;
        self.client(kind)?;
        let (mut refused, mut unclear) = (None, None);
        for account in self.candidates(project).await? {
            match self.attempt(account, kind, &request).await {
                Ok(TokenAttempt::Answered(answer)) => return Ok(answer),
                Ok(TokenAttempt::NoToken) => {}
                // The first one counts: whatever becomes of the tokens of others, this one may work.
                Ok(TokenAttempt::Unclear(error)) => drop(unclear.get_or_insert(error)),
                Err(CallError::Forge(error)) if about_the_user(error.class) => {
                    refused = Some(error);
                }
                // A forge that is unavailable is so for every follower, and each would take as long.
                Err(error) => return Err(error),
            }
        }
        Err(unclear.or(refused).unwrap_or_else(|| none_left(kind)).into())
    }

    /// Calls a forge with the token of one user. `None`: there is no token that works.
    ///
    /// # Errors
    ///
    /// The forge's answer, never of class `Unauthorized`: it is transient if the token was refused for this call
    /// only, or if the forge does not say whether it is still good.
    pub(crate) async fn call_as<T, F>(
        &self,
        account: AccountId,
        kind: ForgeKind,
        request: impl Fn(AccessToken) -> F,
    ) -> Result<Option<T>, CallError>
    where
        F: Future<Output = Result<T, ForgeError>>,
    {
        match self.attempt(account, kind, &request).await? {
            TokenAttempt::Answered(answer) => Ok(Some(answer)),
            TokenAttempt::NoToken => Ok(None),
            TokenAttempt::Unclear(error) => Err(error.into()),
        }
    }

    async fn attempt<T, F>(
        &self,
        account: AccountId,
        kind: ForgeKind,
        request: &impl Fn(AccessToken) -> F,
    ) -> Result<TokenAttempt<T>, CallError>
    where
        F: Future<Output = Result<T, ForgeError>>,
    {
        let token = match self.tokens.working(account, kind).await {
            Ok(Some(token)) => token,
            Ok(None) => return Ok(TokenAttempt::NoToken),
            Err(error) => return unclear(error),
        };
        let refusal = match request(token.clone()).await {
            Ok(answer) => return Ok(TokenAttempt::Answered(answer)),
            Err(error) if error.class == ErrorClass::Unauthorized => error,
            Err(error) => return Err(error.into()),
        };
        tracing::warn!(account.id = %account, forge = %kind, error = %refusal, "a call was refused with a token");
        let next = match self.tokens.after_refusal(account, kind, &token).await {
            Ok(Refused::Replaced(next)) => next,
            Ok(Refused::HereOnly) => return Ok(TokenAttempt::Unclear(refused_once(refusal))),
            Ok(Refused::Everywhere) => return Ok(TokenAttempt::NoToken),
            Err(error) => return unclear(error),
        };
        match request(next).await {
            Ok(answer) => Ok(TokenAttempt::Answered(answer)),
            Err(error) if error.class == ErrorClass::Unauthorized => {
                Ok(TokenAttempt::Unclear(refused_once(error)))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the client of a forge.
    ///
    /// # Errors
    ///
    /// If this server is no longer connected to it.
    pub(crate) fn client(&self, kind: ForgeKind) -> Result<Arc<dyn Forge>, ForgeError> {
        self.tokens.client(kind)
    }

    /// Returns a user's token for a forge, renewed if it is about to end; `None` if there is none that works.
    ///
    /// # Errors
    ///
    /// If the token has ended and the forge did not say whether it can be renewed.
    pub(crate) async fn token(
        &self,
        account: AccountId,
        kind: ForgeKind,
    ) -> Result<Option<AccessToken>, CallError> {
        self.tokens.working(account, kind).await
    }

    /// Lists the people whose token may be used: the one who set the project up first.
    async fn candidates(&self, project: &Project) -> Result<Vec<AccountId>, StoreError> {
        let mut accounts = vec![project.integration];
        let mut followers = self.tokens.store.followers(project.id).await?;
        followers.sort_unstable();
        accounts.extend(followers.into_iter().filter(|account| *account != project.integration));
        Ok(accounts)
    }

    /// Returns the `known_hosts` lines of a forge: the operator's, or those that we ship.
    pub(crate) fn known_hosts(&self, kind: ForgeKind) -> String {
        let configured = self.clients().get(&kind).map(|forge| forge.settings().known_hosts.trim());
        match configured {
            Some(lines) if !lines.is_empty() => format!("{lines}\n"),
            _ => roundel_forge::host_keys::pinned(kind).to_owned(),
        }
    }
}

/// Returns whether an error is about the user whose token it was: another one's may do.
const fn about_the_user(class: ErrorClass) -> bool {
    match class {
        ErrorClass::Forbidden | ErrorClass::NotFound => true,
        ErrorClass::Unauthorized
        | ErrorClass::Invalid
        | ErrorClass::RateLimited
        | ErrorClass::Unavailable
        | ErrorClass::Broken => false,
    }
}

/// Sorts why nothing is known of a token. A forge that is unavailable is so for the tokens of all users: the call
/// ends. Any other answer is about this token, but says nothing about what the call asked for: no role, no
/// repository and no configuration may be judged by it, so it becomes one that passes.
fn unclear<T>(error: CallError) -> Result<TokenAttempt<T>, CallError> {
    match error {
        CallError::Forge(error) if !error.is_transient() => {
            Ok(TokenAttempt::Unclear(ForgeError { class: ErrorClass::Unavailable, ..error }))
        }
        error @ (CallError::Store(_) | CallError::Forge(_)) => Err(error),
    }
}

/// Makes the error for a token that was refused for one call.
fn refused_once(refusal: ForgeError) -> ForgeError {
    let said = refusal.details.join("; ");
    let reason = format!("it refused a token for this call, and accepts it for another: {said}");
    ForgeError { class: ErrorClass::Unavailable, reason, ..refusal }
}

fn none_left(kind: ForgeKind) -> ForgeError {
    let reason = format!(
        "no follower of this project has a working connection to {kind}; \
         one of them must sign in again with {kind}"
    );
    ForgeError::new(ErrorClass::Unauthorized, reason)
}

/// Names a project's repository in calls.
pub(crate) fn repository_ref(project: &Project) -> RepositoryRef {
    RepositoryRef {
        id: project.repository.clone(),
        owner: project.slug.owner.clone(),
        name: project.slug.repository.clone(),
    }
}
