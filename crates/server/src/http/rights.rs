//! What a visitor must prove before a page answers, as types: `Reader<Project>`, `Writer<Job>`,
//! `Admin<Project>`, `SecretsAdmin<Project>`.
//!
//! A handler takes one of these as its first argument and gets the thing that the address names,
//! together with the role that was proven. What a visitor may not see gets the same answer as what
//! does not exist (404); what they see but may not do is 403, with the role that it needs. How a
//! thing is found is in [`subject`], how roles are found out in [`crate::access`].

mod subject;

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{Method, request::Parts},
    response::{IntoResponse as _, Response},
};
use roundel_model::{forge::Role, id::AccountId};

pub(crate) use super::routes::Anyone;
use super::{
    address::{address, encode, see_other},
    routes::Right,
    visit::{PageError, Visit},
};
use crate::{
    access::{self, ProjectAccess},
    app::App,
};

pub(crate) use subject::{Job, Names, Pipeline, Receipt, Subject};

/// A user is signed in. Others are sent to the sign-in page, programs are answered 401.
pub(crate) struct SignedIn {
    pub(crate) visit: Visit,
    pub(crate) account: AccountId,
}

/// May see the subject: a public one without signing in, too.
pub(crate) struct Reader<T> {
    pub(crate) visit: Visit,
    pub(crate) subject: T,
    pub(crate) role: Role,
}

/// May see the subject and is signed in: for what is public of a project is not all that its
/// readers may see.
pub(crate) struct SignedInReader<T> {
    pub(crate) visit: Visit,
    pub(crate) account: AccountId,
    pub(crate) subject: T,
    pub(crate) role: Role,
}

/// May push to the subject's repository.
pub(crate) struct Writer<T> {
    pub(crate) visit: Visit,
    pub(crate) account: AccountId,
    pub(crate) subject: T,
    pub(crate) role: Role,
}

/// Administers the subject's repository.
pub(crate) struct Admin<T> {
    pub(crate) visit: Visit,
    pub(crate) account: AccountId,
    pub(crate) subject: T,
}

/// Administers the subject's repository, by a role that the forge reported within the last minutes: for
/// changing secrets and keys, for which an older role is not good enough (`VCS` §7.4).
pub(crate) struct SecretsAdmin<T> {
    pub(crate) visit: Visit,
    pub(crate) subject: T,
}

impl Right for SignedIn {
    fn name() -> String {
        "SignedIn".to_owned()
    }
}

impl<T: Subject> Right for Reader<T> {
    fn name() -> String {
        format!("Reader<{}>", T::NAME)
    }
}

impl<T: Subject> Right for SignedInReader<T> {
    fn name() -> String {
        format!("SignedInReader<{}>", T::NAME)
    }
}

impl<T: Subject> Right for Writer<T> {
    fn name() -> String {
        format!("Writer<{}>", T::NAME)
    }
}

impl<T: Subject> Right for Admin<T> {
    fn name() -> String {
        format!("Admin<{}>", T::NAME)
    }
}

impl<T: Subject> Right for SecretsAdmin<T> {
    fn name() -> String {
        format!("SecretsAdmin<{}>", T::NAME)
    }
}

impl FromRequestParts<Arc<App>> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, app).await?;
        match &visit.account {
            Some(account) => Ok(Self { account: account.id, visit }),
            None => Err(visit.not_found().into_response()),
        }
    }
}

impl<T: Subject> FromRequestParts<Arc<App>> for Reader<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, app).await?;
        let (reader, _) = read(visit, parts, app).await.map_err(PageError::into_response)?;
        Ok(reader)
    }
}

impl<T: Subject> FromRequestParts<Arc<App>> for SignedInReader<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let Reader { visit, subject, role } = Reader::<T>::from_request_parts(parts, app).await?;
        match &visit.account {
            Some(account) => Ok(Self { account: account.id, visit, subject, role }),
            // A button that every visitor sees leads to signing in, and back to where it was.
            None if parts.method == Method::POST => {
                let back = encode(&address(&subject.project().slug));
                Err(see_other(&format!("/login?return={back}")))
            }
            None => Err(visit.not_found().into_response()),
        }
    }
}

impl<T: Subject> FromRequestParts<Arc<App>> for Writer<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let reader = Reader::<T>::from_request_parts(parts, app).await?;
        let account =
            require(&reader.visit, reader.role, Role::Write).map_err(PageError::into_response)?;
        let Reader { visit, subject, role } = reader;
        Ok(Self { visit, account, subject, role })
    }
}

impl<T: Subject> FromRequestParts<Arc<App>> for Admin<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let reader = Reader::<T>::from_request_parts(parts, app).await?;
        let account =
            require(&reader.visit, reader.role, Role::Admin).map_err(PageError::into_response)?;
        let Reader { visit, subject, .. } = reader;
        Ok(Self { visit, account, subject })
    }
}

impl<T: Subject> FromRequestParts<Arc<App>> for SecretsAdmin<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, app).await?;
        let read = read::<T>(visit, parts, app).await.map_err(PageError::into_response)?;
        let (Reader { visit, subject, role }, Freshness(is_fresh)) = read;
        let access = ProjectAccess { role, is_fresh };
        require_secrets(&visit, &subject, access).map_err(PageError::into_response)?;
        Ok(Self { visit, subject })
    }
}

/// Whether the forge reported the visitor's role within the last minutes.
struct Freshness(bool);

/// Passes on what the visitor may change the secrets of, as [`SecretsAdmin`] does: for a second project,
/// which a form names.
pub(crate) async fn secrets_admin<T: Subject>(
    visit: &Visit,
    found: Option<T>,
) -> Result<T, PageError> {
    let (subject, access) = proven(visit, found).await?;
    require_secrets(visit, &subject, access)?;
    Ok(subject)
}

/// Refuses a visitor who is not an administrator, or of whom the forge did not say so just now.
fn require_secrets<T: Subject>(
    visit: &Visit,
    subject: &T,
    access: ProjectAccess,
) -> Result<(), PageError> {
    require(visit, access.role, Role::Admin)?;
    if access.is_fresh {
        return Ok(());
    }
    let forge = subject.project().slug.forge;
    Err(PageError::Forbidden(format!(
        "{forge} does not answer, so your administrator access cannot be checked. Secrets and keys can \
         be changed again as soon as {forge} answers. Nothing was changed."
    )))
}

/// Finds what the address names and asks whether the visitor may see it.
async fn read<T: Subject>(
    visit: Visit,
    parts: &mut Parts,
    app: &Arc<App>,
) -> Result<(Reader<T>, Freshness), PageError> {
    let names = Names::read(parts, app).await.ok_or_else(|| visit.not_found())?;
    let (subject, ProjectAccess { role, is_fresh }) =
        proven(&visit, T::find(app, &names).await?).await?;
    match names.right_address(subject.project(), &visit) {
        Some(to) => Err(PageError::Moved(to)),
        None => Ok((Reader { visit, subject, role }, Freshness(is_fresh))),
    }
}

/// Passes on what the visitor may see. Anything else is not there.
pub(crate) async fn readable<T: Subject>(visit: &Visit, found: Option<T>) -> Result<T, PageError> {
    proven(visit, found).await.map(|(subject, _)| subject)
}

async fn proven<T: Subject>(
    visit: &Visit,
    found: Option<T>,
) -> Result<(T, ProjectAccess), PageError> {
    let subject = found.ok_or_else(|| visit.not_found())?;
    let project_access =
        access::project_access(&visit.app, visit.account.as_ref(), subject.project()).await;
    let project_access = project_access.ok_or_else(|| visit.not_found())?;
    Ok((subject, project_access))
}

/// Refuses a visitor who may see a thing but lacks the right to change it.
fn require(visit: &Visit, role: Role, needs: Role) -> Result<AccountId, PageError> {
    let Some(account) = &visit.account else { return Err(visit.not_found()) };
    if role >= needs {
        return Ok(account.id);
    }
    let what = match needs {
        Role::Admin => "administrator",
        Role::Write => "write",
        Role::Read => "read",
    };
    Err(PageError::Forbidden(format!(
        "This requires {what} access to the repository. Ask an administrator of the repository."
    )))
}
