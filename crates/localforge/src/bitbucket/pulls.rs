//! Pull requests between branches of one repository (`VCS` §4.9).

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, Query, State},
    http::{StatusCode, Uri},
};
use roundel_model::forge::Role;
use serde::Deserialize;
use serde_json::Value;

use super::{
    answers::{body, invalid, refuse},
    rights::{repository, signed_in},
    shape,
};
use crate::{
    answer::{Outcome, Refusal, ok, text},
    caller::Caller,
    model::{Pull, Repository},
    page::{Paging, paginated},
    pulls::{self, NewPull, PullRefusal},
    side::Side,
};

const READ: (Role, &str) = (Role::Read, "pullrequest");
const WRITE: (Role, &str) = (Role::Write, "pullrequest:write");

/// What a list is narrowed by.
#[derive(Debug, Deserialize)]
pub(super) struct Filter {
    state: Option<String>,
}

/// `GET …/pullrequests`
pub(super) async fn list(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name)): Path<(String, String)>,
    (Query(filter), Query(paging)): (Query<Filter>, Query<Paging>),
    uri: Uri,
) -> Outcome {
    let found = repository(&side, &caller, (&workspace, &name), READ)?;
    let open = filter.state.as_deref().is_none_or(|state| state == "OPEN");
    let pulls: Vec<Pull> = side.read(|state| {
        let ours = state.pulls.iter().rev();
        ours.filter(|one| one.repository == found.id && one.open == open).cloned().collect()
    });
    let all = pulls.iter().map(|one| shape::pull(&side, &found, one)).collect();
    Ok(paginated(&side, &uri, &paging, all))
}

fn branch_of(wanted: &Value, end: &str) -> String {
    let name = wanted.get(end).and_then(|end| end.get("branch")).and_then(|one| one.get("name"));
    name.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// `POST …/pullrequests`
pub(super) async fn open(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name)): Path<(String, String)>,
    bytes: Bytes,
) -> Outcome {
    let found = repository(&side, &caller, (&workspace, &name), WRITE)?;
    let wanted = body(&bytes)?;
    let base = branch_of(&wanted, "destination");
    let new = NewPull {
        title: text(&wanted, "title").unwrap_or_default().to_owned(),
        body: text(&wanted, "description").unwrap_or_default().to_owned(),
        head: branch_of(&wanted, "source"),
        base: if base.is_empty() { found.default_branch.clone() } else { base },
        draft: wanted.get("draft").and_then(Value::as_bool).unwrap_or(false),
        author: signed_in(&caller)?.login.clone(),
    };
    let pull = pulls::open(&side, &found, new).await.map_err(|refusal| match refusal {
        PullRefusal::NoBranch("head") => invalid("source", "branch not found"),
        PullRefusal::NoBranch(_) => invalid("destination", "branch not found"),
        PullRefusal::NothingNew => {
            refuse(StatusCode::BAD_REQUEST, "There are no changes to be pulled")
        }
        PullRefusal::Exists => {
            refuse(StatusCode::BAD_REQUEST, "A pull request for this branch is open already")
        }
        PullRefusal::Git(error) => Refusal::from(error),
    })?;
    ok(StatusCode::CREATED, shape::pull(&side, &found, &pull))
}

fn find(side: &Side, repository: &Repository, number: u64) -> Result<Pull, Refusal> {
    let pull = side.read(|state| {
        let same = |one: &&Pull| one.repository == repository.id && one.number == number;
        state.pulls.iter().find(same).cloned()
    });
    pull.ok_or_else(|| refuse(StatusCode::NOT_FOUND, "Pull request not found"))
}

/// `GET …/pullrequests/{number}`
pub(super) async fn show(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name, number)): Path<(String, String, u64)>,
) -> Outcome {
    let found = repository(&side, &caller, (&workspace, &name), READ)?;
    ok(StatusCode::OK, shape::pull(&side, &found, &find(&side, &found, number)?))
}

/// `POST …/pullrequests/{number}/decline`
pub(super) async fn decline(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name, number)): Path<(String, String, u64)>,
) -> Outcome {
    let found = repository(&side, &caller, (&workspace, &name), WRITE)?;
    find(&side, &found, number)?;
    pulls::close(&side, &found, number, &signed_in(&caller)?.login).await?;
    ok(StatusCode::OK, shape::pull(&side, &found, &find(&side, &found, number)?))
}
