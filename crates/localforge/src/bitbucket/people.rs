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
    shape,
};
use crate::{
    answer::{Outcome, ok},
    caller::Caller,
    page::Listing,
    side::Side,
};

/// `GET /user`
pub(super) async fn me(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
) -> Outcome {
    let login = &scoped(&caller, "account")?.login;
    ok(StatusCode::OK, shape::user(&side, &side.person(login)))
}

/// `GET /user/emails`
pub(super) async fn emails(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    listing: Listing,
) -> Outcome {
    let login = &scoped(&caller, "email")?.login;
    let email = side.person(login).email;
    let one = json!({
        "type": "email", "email": email, "is_primary": true, "is_confirmed": true,
        "links": { "self": { "href": side.api(&format!("user/emails/{email}")) } },
    });
    Ok(listing.paginated(&side, vec![one]))
}

/// Returns the workspaces of a user, and whether they administer them; their own comes first.
fn workspaces_of(side: &Side, login: &str) -> Vec<(String, bool)> {
    let own = std::iter::once((login.to_owned(), true));
    side.read(|state| {
        let others = state.organizations_of(login).map(|one| {
            (one.login.clone(), one.members.get(login).is_some_and(|is_owner| *is_owner))
        });
        own.chain(others).collect()
    })
}

/// `GET /user/workspaces`
pub(super) async fn workspaces(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    listing: Listing,
) -> Outcome {
    let login = &scoped(&caller, "account")?.login;
    let all = workspaces_of(&side, login).into_iter().map(|(slug, administrator)| {
        json!({
            "type": "workspace_access",
            "administrator": administrator,
            "workspace": shape::workspace_base(&side, &slug),
        })
    });
    Ok(listing.paginated(&side, all.collect()))
}

/// `GET /user/workspaces/{ws}/permission`
pub(super) async fn permission(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path(workspace): Path<String>,
) -> Outcome {
    let login = &scoped(&caller, "account")?.login;
    let slug = login_of(&side, &workspace);
    let found = workspaces_of(&side, login).into_iter().find(|(one, _)| Some(one) == slug.as_ref());
    let Some((slug, owner)) = found else {
        return Err(refuse(StatusCode::FORBIDDEN, "You are not a member of this workspace."));
    };
    let body = json!({
        "type": "workspace_membership",
        "permission": if owner { "owner" } else { "member" },
        "user": shape::user(&side, &side.person(login)),
        "workspace": shape::workspace(&side, &slug),
        "links": { "self": { "href": side.api(&format!("user/workspaces/{slug}/permission")) } },
    });
    ok(StatusCode::OK, body)
}

/// `GET /workspaces/{ws}`
pub(super) async fn workspace(
    State(side): State<Arc<Side>>,
    Path(workspace): Path<String>,
) -> Outcome {
    let Some(slug) = login_of(&side, &workspace) else {
        let message = format!("No workspace with identifier '{workspace}'.");
        return Err(refuse(StatusCode::NOT_FOUND, &message));
    };
    ok(StatusCode::OK, shape::workspace(&side, &slug))
}

/// `GET /users/{user}`, by id.
pub(super) async fn show(State(side): State<Arc<Side>>, Path(user): Path<String>) -> Outcome {
    let found = side.read(|state| {
        let uuid = uuid_of(&user);
        state.users.iter().find(|one| Some(one.uuid) == uuid).cloned()
    });
    let message = format!("{user} is not a valid user");
    let found = found.ok_or_else(|| refuse(StatusCode::NOT_FOUND, &message))?;
    ok(StatusCode::OK, shape::user(&side, &found))
}
