//! Whose token is used when nobody is there: for reading configurations, reporting, repairing.
//!
//! A token is a perishable loan (`VCS` §0 rule 6). The person who set the project up is asked first,
//! then its other followers, always in the same order, so that marks on commits keep their author
//! (VCS-022). A token that the forge refuses is not used again until its owner signs in anew.

use std::{sync::Arc, time::Duration};

use roundel_forge::{AccessToken, ErrorClass, Forge, ForgeError, RepositoryRef};
use roundel_model::{forge::ForgeKind, id::AccountId, time::Timestamp};
use roundel_store::{
    StoreError,
    accounts::{Identity, Token},
    projects::Project,
};

use crate::app::App;

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

/// Calls a forge with the first token of the project that works.
///
/// # Errors
///
/// The forge's answer to the last token that it did not refuse outright; if there is no token left,
/// an error of class `Unauthorized` that says who can help.
pub(crate) async fn call<T, F>(
    app: &App,
    project: &Project,
    request: impl Fn(AccessToken) -> F,
) -> Result<T, CallError>
where
    F: Future<Output = Result<T, ForgeError>>,
{
    let kind = project.slug.forge;
    let mut refused = None;
    for account in candidates(app, project).await? {
        let Some(token) = usable(app, account, kind).await? else { continue };
        match request(token).await {
            Ok(answer) => return Ok(answer),
            Err(error) => match error.class {
                ErrorClass::Unauthorized => {
                    tracing::warn!(account.id = %account, forge = %kind, %error, "a token was refused");
                    app.store.mark_token_refused(account, kind).await?;
                }
                ErrorClass::Forbidden | ErrorClass::NotFound => refused = Some(error),
                ErrorClass::Invalid
                | ErrorClass::RateLimited
                | ErrorClass::Unavailable
                | ErrorClass::Broken => return Err(error.into()),
            },
        }
    }
    Err(refused.unwrap_or_else(|| nobody_left(kind)).into())
}

/// Returns the forge of a project.
///
/// # Errors
///
/// If this server is no longer connected to it.
pub(crate) fn forge_of(app: &App, kind: ForgeKind) -> Result<Arc<dyn Forge>, ForgeError> {
    app.forges.get(&kind).cloned().ok_or_else(|| ForgeError {
        class: ErrorClass::Broken,
        message: format!("this server is not connected to {kind}; its settings name no such forge"),
        status: None,
        retry_after: None,
        details: Vec::new(),
    })
}

/// Returns a person's token for a forge, renewed if it is about to end; `None` if there is none that
/// works.
pub(crate) async fn usable(
    app: &App,
    account: AccountId,
    kind: ForgeKind,
) -> Result<Option<AccessToken>, CallError> {
    let Some(token) = stored(app, account, kind).await? else { return Ok(None) };
    let due = |token: &Token| {
        token.expires_at.is_some_and(|end| end <= Timestamp::now().plus(RENEW_BEFORE))
    };
    if !due(&token) {
        return Ok(Some(token.access.clone()));
    }
    // Whoever waited here finds the token that the one before has brought.
    let Ok(_turn) = app.refreshing.acquire().await else { return Ok(None) };
    let Some(token) = stored(app, account, kind).await? else { return Ok(None) };
    if !due(&token) {
        return Ok(Some(token.access.clone()));
    }
    renew(app, account, kind, &token).await
}

async fn stored(
    app: &App,
    account: AccountId,
    kind: ForgeKind,
) -> Result<Option<Token>, StoreError> {
    let identity: Option<Identity> = app.store.identity(account, kind).await?;
    Ok(identity.and_then(|identity| identity.token).filter(|token| !token.refused))
}

async fn renew(
    app: &App,
    account: AccountId,
    kind: ForgeKind,
    old: &Token,
) -> Result<Option<AccessToken>, CallError> {
    let now = Timestamp::now();
    let lives = old.expires_at.is_none_or(|end| end > now);
    let Some(refresh) = &old.refresh else {
        return Ok(lives.then(|| old.access.clone()));
    };
    match forge_of(app, kind)?.refresh(refresh).await {
        Ok(grant) => {
            let token = Token {
                access: grant.access.clone(),
                scopes: if grant.scopes.is_empty() { old.scopes.clone() } else { grant.scopes },
                expires_at: grant.expires_in.map(|lasts| now.plus(lasts)),
                refresh: grant.refresh.or_else(|| old.refresh.clone()),
                refused: false,
            };
            // Written before it is used: a rotated token that is lost is lost for good.
            app.store.replace_token(account, kind, &token).await?;
            Ok(Some(token.access.clone()))
        }
        Err(error) if matches!(error.class, ErrorClass::Unauthorized | ErrorClass::Invalid) => {
            tracing::warn!(account.id = %account, forge = %kind, %error, "a token could not be renewed");
            app.store.mark_token_refused(account, kind).await?;
            Ok(None)
        }
        Err(_) if lives => Ok(Some(old.access.clone())),
        Err(error) => Err(error.into()),
    }
}

/// Lists the people whose token may be used: the one who set the project up first.
async fn candidates(app: &App, project: &Project) -> Result<Vec<AccountId>, StoreError> {
    let mut accounts = vec![project.integration];
    let mut followers = app.store.followers(project.id).await?;
    followers.sort_unstable();
    accounts.extend(followers.into_iter().filter(|account| *account != project.integration));
    Ok(accounts)
}

fn nobody_left(kind: ForgeKind) -> ForgeError {
    ForgeError {
        class: ErrorClass::Unauthorized,
        message: format!(
            "nobody who follows this project has a working connection to {kind}; \
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

/// Returns the `known_hosts` lines of a forge: the operator's, or those that we ship.
pub(crate) fn known_hosts(app: &App, kind: ForgeKind) -> String {
    let configured = app.forges.get(&kind).map(|forge| forge.settings().known_hosts.trim());
    match configured {
        Some(lines) if !lines.is_empty() => format!("{lines}\n"),
        _ => roundel_forge::host_keys::pinned(kind).to_owned(),
    }
}
