//! Who may do what with a repository over Bitbucket's API, and how repositories are named there.

use axum::http::StatusCode;
use roundel_model::forge::Role;
use serde_json::json;
use uuid::Uuid;

use super::answers::{hidden, refuse};
use crate::{
    answer::ErrorResponse,
    call::{Call, Right},
    caller::{Caller, Identity},
    forge::Forge,
    model::Repository,
};

/// Refuses a call without credentials.
pub(crate) fn signed_in(caller: &Caller) -> Result<&Identity, ErrorResponse> {
    let message = "Token is invalid, expired, or not supported for this endpoint.";
    caller.0.as_ref().ok_or_else(|| refuse(StatusCode::UNAUTHORIZED, message))
}

/// Refuses a token without the scope. A wider scope holds the narrower ones.
pub(crate) fn scoped<'a>(caller: &'a Caller, scope: &str) -> Result<&'a Identity, ErrorResponse> {
    let identity = signed_in(caller)?;
    let wider: &[&str] = match scope {
        "account" => &["account", "account:write"],
        "email" => &["email", "account", "account:write"],
        "repository" => &["repository", "repository:write"],
        "repository:write" => &["repository:write"],
        "repository:admin" => &["repository:admin"],
        "pullrequest" => &["pullrequest", "pullrequest:write"],
        "pullrequest:write" => &["pullrequest:write"],
        "account:write" => &["account:write"],
        _ => &["webhook"],
    };
    if identity.has_any(wider) {
        return Ok(identity);
    }
    Err(ErrorResponse::json(
        StatusCode::FORBIDDEN,
        json!({
            "type": "error",
            "error": {
                "message": "Your credentials lack one or more required privilege scopes.",
                "detail": { "required": [scope], "granted": identity.scopes },
            },
        }),
    ))
}

/// Reads a `{uuid}`, with or without braces.
pub(crate) fn uuid_of(text: &str) -> Option<Uuid> {
    Uuid::parse_str(text.trim_start_matches('{').trim_end_matches('}')).ok()
}

/// Finds a repository by slugs or ids. With its own id the workspace does not matter.
fn find(forge: &Forge, workspace: &str, name: &str) -> Option<Repository> {
    if let Some(uuid) = uuid_of(name) {
        return forge
            .read(|state| state.repositories.values().find(|one| one.uuid == uuid).cloned());
    }
    let owner = login_of(forge, workspace)?;
    forge.find(&owner, name)
}

/// Returns the login of a workspace that is named by slug or id.
pub(crate) fn login_of(forge: &Forge, workspace: &str) -> Option<String> {
    forge.read(|state| {
        if let Some(uuid) = uuid_of(workspace) {
            let organization = state.organizations.iter().find(|one| one.uuid == uuid);
            let user = state.users.iter().find(|one| one.uuid == uuid);
            return organization
                .map(|one| one.login.clone())
                .or_else(|| user.map(|one| one.login.clone()));
        }
        state.owner(workspace).map(|owner| owner.login().to_owned())
    })
}

/// What a call does with a repository.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequiredRight {
    pub(crate) role: Role,
    pub(crate) scope: &'static str,
}

impl RequiredRight {
    /// To look at a repository.
    pub(crate) const READ: Self = Self::new(Role::Read, "repository");

    pub(crate) const fn new(role: Role, scope: &'static str) -> Self {
        Self { role, scope }
    }
}

impl Right for RequiredRight {
    fn check(self, call: &Call) -> Result<Repository, ErrorResponse> {
        let Call { forge, caller, owner: workspace, name } = call;
        let Some(found) = find(forge, workspace, name) else {
            signed_in(caller)?;
            let message = format!("Repository {workspace}/{name} not found");
            return Err(refuse(StatusCode::NOT_FOUND, &message));
        };
        let role = caller.login().and_then(|login| forge.read(|state| state.role(login, &found)));
        if self.role == Role::Read && !found.private && self.scope == "repository" {
            return Ok(found);
        }
        if role.is_none() {
            signed_in(caller)?;
            return Err(hidden());
        }
        scoped(caller, self.scope)?;
        if role < Some(self.role) {
            let message = "Access denied. You must have write or admin access.";
            return Err(refuse(StatusCode::FORBIDDEN, message));
        }
        Ok(found)
    }
}
