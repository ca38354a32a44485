//! Users and workspaces (`VCS` §4.4).

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::json;

use super::{
    answers::refuse,
    rights::{login_of, scoped, uuid_of},
};
use crate::{
    answer::{Outcome, ok},
    caller::Caller,
    forge::Forge,
    page::Listing,
    shape::bitbucket as shape,
};

/// `GET /user`
pub(super) async fn me(
    State(forge): State<Arc<Forge>>,
    Extension(caller): Extension<Caller>,
) -> Outcome {
    let login = &scoped(&caller, "account")?.login;
    ok(StatusCode::OK, shape::user(&forge, &forge.person(login)))
}

/// `GET /user/emails`
pub(super) async fn emails(
    State(forge): State<Arc<Forge>>,
    Extension(caller): Extension<Caller>,
    listing: Listing,
) -> Outcome {
    let login = &scoped(&caller, "email")?.login;
    let email = forge.person(login).email;
    let one = json!({
        "type": "email", "email": email, "is_primary": true, "is_confirmed": true,
        "links": { "self": { "href": forge.api(&format!("user/emails/{email}")) } },
    });
    Ok(listing.paginated(&forge, vec![one]))
}

/// Returns the workspaces of a user, and whether they administer them; their own comes first.
fn workspaces_of(forge: &Forge, login: &str) -> Vec<(String, bool)> {
    let own = std::iter::once((login.to_owned(), true));
    forge.read(|state| {
        let others = state.organizations_of(login).map(|one| {
            (one.login.clone(), one.members.get(login).is_some_and(|is_owner| *is_owner))
        });
        own.chain(others).collect()
    })
}

/// `GET /user/workspaces`
pub(super) async fn workspaces(
    State(forge): State<Arc<Forge>>,
    Extension(caller): Extension<Caller>,
    listing: Listing,
) -> Outcome {
    let login = &scoped(&caller, "account")?.login;
    let all = workspaces_of(&forge, login).into_iter().map(|(slug, administrator)| {
        json!({
            "type": "workspace_access",
            "administrator": administrator,
            "workspace": shape::workspace_base(&forge, &slug),
        })
    });
    Ok(listing.paginated(&forge, all.collect()))
}

/// `GET /user/workspaces/{ws}/permission`
pub(super) async fn permission(
    State(forge): State<Arc<Forge>>,
    Extension(caller): Extension<Caller>,
    Path(workspace): Path<String>,
) -> Outcome {
    let login = &scoped(&caller, "account")?.login;
    let slug = login_of(&forge, &workspace);
    let found =
        workspaces_of(&forge, login).into_iter().find(|(one, _)| Some(one) == slug.as_ref());
    let Some((slug, owner)) = found else {
        return Err(refuse(StatusCode::FORBIDDEN, "You are not a member of this workspace."));
    };
    let body = json!({
        "type": "workspace_membership",
        "permission": if owner { "owner" } else { "member" },
        "user": shape::user(&forge, &forge.person(login)),
        "workspace": shape::workspace(&forge, &slug),
        "links": { "self": { "href": forge.api(&format!("user/workspaces/{slug}/permission")) } },
    });
    ok(StatusCode::OK, body)
}

/// `GET /workspaces/{ws}`
pub(super) async fn workspace(
    State(forge): State<Arc<Forge>>,
    Path(workspace): Path<String>,
) -> Outcome {
    let Some(slug) = login_of(&forge, &workspace) else {
        let message = format!("No workspace with identifier '{workspace}'.");
        return Err(refuse(StatusCode::NOT_FOUND, &message));
    };
    ok(StatusCode::OK, shape::workspace(&forge, &slug))
}

/// `GET /users/{user}`, by id.
pub(super) async fn show(State(forge): State<Arc<Forge>>, Path(user): Path<String>) -> Outcome {
    let found = forge.read(|state| {
        let uuid = uuid_of(&user);
        state.users.iter().find(|one| Some(one.uuid) == uuid).cloned()
    });
    let message = format!("{user} is not a valid user");
    let found = found.ok_or_else(|| refuse(StatusCode::NOT_FOUND, &message))?;
    ok(StatusCode::OK, shape::user(&forge, &found))
}
