//! Who may do what with a repository over GitHub's API.

use axum::http::{StatusCode, header};
use roundel_model::forge::Role;
use serde_json::json;

use super::answers::{DOCS, not_found, refuse};
use crate::{
    answer::ErrorResponse,
    call::{Call, Right},
    caller::{Caller, Identity},
    forge::Forge,
    model::Repository,
};

/// What a call wants to do with a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequiredRight {
    /// See the repository.
    Read,
    /// See what needs a role, or change something.
    Role(Role, &'static [&'static str]),
}

/// Scopes that let one do anything with a private repository, or a public one.
const REPO: &[&str] = &["repo"];

const PUBLIC: &[&str] = &["repo", "public_repo"];

impl Right for RequiredRight {
    fn check(self, call: &Call) -> Result<Repository, ErrorResponse> {
        let Some(found) = call.forge.find(&call.owner, &call.name) else {
            return Err(moved_or_gone(&call.forge, &call.owner, &call.name));
        };
        allowed(&call.forge, &call.caller, &found, self).map(|()| found)
    }
}

/// Redirects a call by a former name to the repository's id.
fn moved_or_gone(forge: &Forge, owner: &str, name: &str) -> ErrorResponse {
    let old = format!("{owner}/{name}");
    let id = forge.read(|state| {
        let had = |one: &&Repository| {
            one.former_names.iter().any(|former| former.eq_ignore_ascii_case(&old))
        };
        state.repositories.values().find(had).map(|one| one.id)
    });
    let Some(id) = id else { return not_found() };
    let url = forge.api(&format!("repositories/{id}"));
    let body = json!({ "message": "Moved Permanently", "url": url, "documentation_url": DOCS });
    ErrorResponse::new((StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, url)], axum::Json(body)))
}

/// Checks whether the caller has the right.
pub(crate) fn allowed(
    forge: &Forge,
    caller: &Caller,
    repository: &Repository,
    need: RequiredRight,
) -> Result<(), ErrorResponse> {
    let role = caller.login().and_then(|login| forge.read(|state| state.role(login, repository)));
    let seen = !repository.private || (role.is_some() && caller.has_any(REPO));
    if !seen {
        return Err(not_found());
    }
    let RequiredRight::Role(wanted, scopes) = need else { return Ok(()) };
    let general = if repository.private { REPO } else { PUBLIC };
    let permitted = caller.has_any(general) || (!repository.private && caller.has_any(scopes));
    if role < Some(wanted) || !permitted {
        return Err(not_found());
    }
    Ok(())
}

/// Refuses changes to an archived repository.
pub(crate) fn writable(repository: &Repository) -> Result<(), ErrorResponse> {
    if repository.archived {
        let message = "Repository was archived so is read-only.";
        return Err(refuse(StatusCode::FORBIDDEN, message));
    }
    Ok(())
}

/// Refuses a call without credentials.
pub(crate) fn signed_in(caller: &Caller) -> Result<&Identity, ErrorResponse> {
    caller.0.as_ref().ok_or_else(|| refuse(StatusCode::UNAUTHORIZED, "Requires authentication"))
}
