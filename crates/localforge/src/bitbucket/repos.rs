//! Repositories and what people may do with them (`VCS` §4.4).

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, Query, State},
    http::StatusCode,
};
use roundel_model::forge::Role;
use serde::Deserialize;
use serde_json::json;

use super::{
    answers::refuse,
    rights::{RequiredRight, login_of, scoped},
};
use crate::{
    answer::{Outcome, ok},
    call::Call,
    caller::Caller,
    forge::Forge,
    model::Repository,
    page::Listing,
    shape::bitbucket as shape,
};

/// What a list is narrowed by.
#[derive(Debug, Deserialize)]
pub(super) struct Filter {
    role: Option<String>,
    q: Option<String>,
}

/// Returns the repositories of a workspace that a user can see, with their role.
fn seen(forge: &Forge, login: Option<&str>, workspace: &str) -> Vec<(Repository, Role)> {
    let mut found: Vec<_> = forge.read(|state| {
        let here = state.repositories.values();
        here.filter(|one| one.owner.eq_ignore_ascii_case(workspace))
            .filter_map(|one| {
                let role = match login {
                    Some(login) => state.role(login, one),
                    None => (!one.private).then_some(Role::Read),
                };
                role.map(|role| (one.clone(), role))
            })
            .collect()
    });
    found.sort_by_key(|(one, _)| one.name.to_lowercase());
    found
}

/// `GET /repositories/{ws}`
pub(super) async fn list(
    State(forge): State<Arc<Forge>>,
    Extension(caller): Extension<Caller>,
    Path(workspace): Path<String>,
    Query(filter): Query<Filter>,
    listing: Listing,
) -> Outcome {
    let Some(slug) = login_of(&forge, &workspace) else {
        let message = format!("No workspace with identifier '{workspace}'.");
        return Err(refuse(StatusCode::NOT_FOUND, &message));
    };
    let login = match &caller.0 {
        Some(_) => Some(scoped(&caller, "repository")?.login.as_str()),
        None => None,
    };
    let least = match filter.role.as_deref() {
        Some("admin" | "owner") => Role::Admin,
        Some("contributor") => Role::Write,
        Some(_) | None => Role::Read,
    };
    let some = seen(&forge, login, &slug).into_iter().filter(|(_, role)| *role >= least);
    let all = some.map(|(one, _)| shape::repository(&forge, &one)).collect();
    Ok(listing.paginated(&forge, all))
}

/// `GET /repositories/{ws}/{repo}`
pub(super) async fn show(call: Call) -> Outcome {
    let found = call.repository(RequiredRight::READ)?;
    ok(StatusCode::OK, shape::repository(&call.forge, &found))
}

/// `GET /user/workspaces/{ws}/permissions/repositories`
pub(super) async fn permissions(
    State(forge): State<Arc<Forge>>,
    Extension(caller): Extension<Caller>,
    Path(workspace): Path<String>,
    Query(filter): Query<Filter>,
    listing: Listing,
) -> Outcome {
    scoped(&caller, "repository")?;
    let login = scoped(&caller, "account")?.login.clone();
    let Some(slug) = login_of(&forge, &workspace) else {
        return Err(refuse(StatusCode::FORBIDDEN, "You are not a member of this workspace."));
    };
    let query = filter.q.unwrap_or_default();
    let fits = |one: &Repository, role: Role| {
        let word = |field: &str| term(&query, field);
        word("permission").is_none_or(|wanted| wanted == shape::role_name(role))
            && word("repository.full_name")
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(&one.full_name()))
            && word("repository.uuid")
                .is_none_or(|wanted| super::rights::uuid_of(&wanted) == Some(one.uuid))
            && word("repository.name").is_none_or(|wanted| wanted.eq_ignore_ascii_case(&one.name))
    };
    let user = shape::user(&forge, &forge.person(&login));
    let some = seen(&forge, Some(&login), &slug).into_iter().filter(|(one, role)| fits(one, *role));
    let all = some.map(|(one, role)| {
        json!({
            "type": "repository_permission",
            "permission": shape::role_name(role),
            "user": user,
            "repository": shape::short_repository(&forge, &one),
        })
    });
    Ok(listing.paginated(&forge, all.collect()))
}

/// Returns what a query wants a field to be: `permission="admin" AND repository.name="web"`.
fn term(query: &str, field: &str) -> Option<String> {
    query.split(" AND ").find_map(|part| {
        let (name, value) = part.split_once('=')?;
        (name.trim() == field).then(|| value.trim().trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_taken_apart() {
        let query = r#"permission="admin" AND repository.full_name="acme/web""#;
        assert_eq!(term(query, "permission").as_deref(), Some("admin"));
        assert_eq!(term(query, "repository.full_name").as_deref(), Some("acme/web"));
        assert_eq!(term(query, "repository.uuid"), None);
    }
}
