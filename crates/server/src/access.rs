//! Who may see and do what: one decision, used by every route (`VCS` §7).
//!
//! Roles follow the forge: there is no second system of rights. What the forge reported is kept for a
//! few minutes. While the forge is unavailable, an older role is good for a day of reading and for an
//! hour of writing, and never for changing secrets and keys (`VCS` §7.4).

use std::{sync::Arc, time::Duration};

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use axum_extra::extract::CookieJar;
use roundel_forge::ErrorClass;
use roundel_model::{forge::Role, id::AccountId, time::Timestamp};
use roundel_store::{StoreError, accounts::Account, projects::Project};
use sha2::{Digest as _, Sha256};

use crate::{
    app::App,
    forges::CallError,
    role_cache::{CachedRole, RoleKey},
};

/// Name of the session cookie.
pub const SESSION_COOKIE: &str = "roundel_session";

/// How long an answer of the forge is taken as it is (`VCS` §7.4).
const FRESH: Duration = Duration::from_mins(5);

/// How long an older role may be used for writing while the forge is unavailable.
const STALE_WRITE: Duration = Duration::from_hours(1);

/// How long it may be used for reading.
const STALE_READ: Duration = Duration::from_hours(24);

/// The user who is signed in, if there is one. Refuses no user, only when no session can be looked up.
pub struct Visitor(pub Option<Account>);

/// The session could not be looked up.
#[derive(Debug)]
pub struct SessionError(pub StoreError);

impl IntoResponse for SessionError {
    fn into_response(self) -> Response {
        tracing::error!(error = %self.0, "a session could not be looked up");
        (StatusCode::SERVICE_UNAVAILABLE, "the database is unavailable\n").into_response()
    }
}

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = SessionError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, SessionError> {
        let jar = CookieJar::from_headers(&parts.headers);
        let Some(hash) = session_hash(&jar) else { return Ok(Self(None)) };
        let account = app.store.session(&hash, Timestamp::now()).await;
        account.map(Self).map_err(SessionError)
    }
}

/// Returns the hash under which the session of a request is stored.
pub(crate) fn session_hash(jar: &CookieJar) -> Option<Vec<u8>> {
    jar.get(SESSION_COOKIE).map(|cookie| hash(cookie.value()))
}

/// Hashes a random value, so that a copy of the database opens nothing.
pub(crate) fn hash(value: &str) -> Vec<u8> {
    Sha256::digest(value.as_bytes()).to_vec()
}

/// What a person may do with a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProjectAccess {
    pub(crate) role: Role,
    /// The forge reported it within the last minutes. Secrets and keys are changed with nothing older
    /// (`VCS` §7.4).
    pub(crate) is_fresh: bool,
}

/// What a person may do with a project, as the forge reports it (cached for a few minutes). `None`:
/// the project must not be seen; answer 404.
pub async fn role(app: &App, account: Option<&Account>, project: &Project) -> Option<Role> {
    project_access(app, account, project).await.map(|project_access| project_access.role)
}

/// As [`role`], with whether the forge reported it just now.
pub(crate) async fn project_access(
    app: &App,
    account: Option<&Account>,
    project: &Project,
) -> Option<ProjectAccess> {
    let public = (!project.private).then_some(ProjectAccess { role: Role::Read, is_fresh: true });
    let Some(account) = account else { return public };
    match own_access(app, account.id, project).await {
        Some(own) if public.is_none_or(|public| own.role > public.role) => Some(own),
        _ => public,
    }
}

async fn own_access(app: &App, account: AccountId, project: &Project) -> Option<ProjectAccess> {
    let key = RoleKey { account, project: project.id };
    let now = Timestamp::now();
    let known = app.roles.get(key);
    if let Some(known) = known
        && now.since(known.at) < FRESH
    {
        return known.role.map(|role| ProjectAccess { role, is_fresh: true });
    }
    match ask(app, account, project).await {
        Ok(role) => {
            app.roles.put(key, CachedRole { role, at: now });
            role.map(|role| ProjectAccess { role, is_fresh: true })
        }
        Err(error) => {
            tracing::warn!(account.id = %account, project = %project.slug, %error, "a role could not be read");
            let known = known?;
            let role = stale(known.role?, now.since(known.at))?;
            Some(ProjectAccess { role, is_fresh: false })
        }
    }
}

fn stale(role: Role, age: Duration) -> Option<Role> {
    if age < STALE_WRITE { Some(role) } else { (age < STALE_READ).then_some(Role::Read) }
}

/// Asks the forge, with the user's own token. A clear refusal is an answer, too.
async fn ask(app: &App, account: AccountId, project: &Project) -> Result<Option<Role>, CallError> {
    let (kind, id) = (project.slug.forge, &project.repository);
    let forge = &app.forges.client(kind)?;
    let read = app
        .forges
        .call_as(account, kind, |token| async move { forge.repository_by_id(&token, id).await });
    match read.await {
        Ok(repository) => Ok(repository.and_then(|repository| repository.role)),
        Err(CallError::Forge(error))
            if matches!(error.class, ErrorClass::NotFound | ErrorClass::Forbidden) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `VCS` §7.4: an outage of the forge must neither lock readers out nor keep writers in.
    #[test]
    fn an_old_answer_opens_less_and_less() {
        assert_eq!(stale(Role::Admin, Duration::from_mins(50)), Some(Role::Admin));
        assert_eq!(stale(Role::Admin, Duration::from_hours(2)), Some(Role::Read));
        assert_eq!(stale(Role::Admin, Duration::from_hours(25)), None);
    }
}
