//! Pull requests between branches of one repository (`VCS` §4.9).

use axum::{
    body::Bytes,
    extract::{Path, Query},
    http::StatusCode,
};
use roundel_model::forge::Role;
use serde::Deserialize;
use serde_json::Value;

use super::{
    answers::{body, invalid, refuse},
    rights::{RequiredRight, signed_in},
};
use crate::{
    answer::{ErrorResponse, Outcome, flag, ok, text_or_empty},
    call::Call,
    forge::Forge,
    model::{Pull, Repository},
    page::Listing,
    pulls::{self, NewPull, PullError},
    shape::bitbucket as shape,
};

const READ: RequiredRight = RequiredRight::new(Role::Read, "pullrequest");
const WRITE: RequiredRight = RequiredRight::new(Role::Write, "pullrequest:write");

/// What a list is narrowed by.
#[derive(Debug, Deserialize)]
pub(super) struct Filter {
    state: Option<String>,
}

/// `GET …/pullrequests`
pub(super) async fn list(call: Call, Query(filter): Query<Filter>, listing: Listing) -> Outcome {
    let found = call.repository(READ)?;
    let open = filter.state.as_deref().is_none_or(|state| state == "OPEN");
    let all = pulls::select(&call.forge, &found, |one| one.open == open);
    let all = all.iter().map(|one| shape::pull(&call.forge, &found, one)).collect();
    Ok(listing.paginated(&call.forge, all))
}

fn branch_of(fields: &Value, end: &str) -> String {
    let name = fields.get(end).and_then(|end| end.get("branch")).and_then(|one| one.get("name"));
    name.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// `POST …/pullrequests`
pub(super) async fn open(call: Call, bytes: Bytes) -> Outcome {
    let found = call.repository(WRITE)?;
    let fields = body(&bytes)?;
    let base = branch_of(&fields, "destination");
    let new = NewPull {
        title: text_or_empty(&fields, "title"),
        body: text_or_empty(&fields, "description"),
        head: branch_of(&fields, "source"),
        base: if base.is_empty() { found.default_branch.clone() } else { base },
        draft: flag(&fields, "draft").unwrap_or(false),
        author: signed_in(&call.caller)?.login.clone(),
    };
    let pull = pulls::open(&call.forge, &found, new).await.map_err(|error| match error {
        PullError::NoBranch("head") => invalid("source", "branch not found"),
        PullError::NoBranch(_) => invalid("destination", "branch not found"),
        PullError::NothingNew => {
            refuse(StatusCode::BAD_REQUEST, "There are no changes to be pulled")
        }
        PullError::Exists => {
            refuse(StatusCode::BAD_REQUEST, "A pull request for this branch is open already")
        }
        PullError::Git(error) => ErrorResponse::from(error),
    })?;
    ok(StatusCode::CREATED, shape::pull(&call.forge, &found, &pull))
}

fn find(forge: &Forge, repository: &Repository, number: u64) -> Result<Pull, ErrorResponse> {
    let pull = pulls::find(forge, repository, number);
    pull.ok_or_else(|| refuse(StatusCode::NOT_FOUND, "Pull request not found"))
}

/// `GET …/pullrequests/{number}`
pub(super) async fn show(call: Call, Path((.., number)): Path<(String, String, u64)>) -> Outcome {
    let found = call.repository(READ)?;
    ok(StatusCode::OK, shape::pull(&call.forge, &found, &find(&call.forge, &found, number)?))
}

/// `POST …/pullrequests/{number}/decline`
pub(super) async fn decline(
    call: Call,
    Path((.., number)): Path<(String, String, u64)>,
) -> Outcome {
    let found = call.repository(WRITE)?;
    find(&call.forge, &found, number)?;
    pulls::close(&call.forge, &found, number, &signed_in(&call.caller)?.login).await?;
    ok(StatusCode::OK, shape::pull(&call.forge, &found, &find(&call.forge, &found, number)?))
}
