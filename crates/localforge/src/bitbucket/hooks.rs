//! Webhooks of a repository (`VCS` §4.7).

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, Query, State},
    http::{StatusCode, Uri},
};
use roundel_model::{forge::Role, time::Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    answers::{body, invalid, refuse},
    rights::{repository, uuid_of},
    shape,
};
use crate::{
    answer::{Outcome, Refusal, nothing, ok, text, texts},
    caller::Caller,
    model::{Hook, Repository},
    page::{Paging, paginated},
    side::Side,
};

const ADMIN: (Role, &str) = (Role::Admin, "webhook");
/// Characters of a secret.
const SECRET_CHARS: usize = 128;
/// Every event that a repository's hook can ask for.
const EVENTS: [&str; 25] = [
    "issue:comment_created",
    "issue:created",
    "issue:updated",
    "pullrequest:approved",
    "pullrequest:changes_request_created",
    "pullrequest:changes_request_removed",
    "pullrequest:comment_created",
    "pullrequest:comment_deleted",
    "pullrequest:comment_reopened",
    "pullrequest:comment_resolved",
    "pullrequest:comment_updated",
    "pullrequest:created",
    "pullrequest:fulfilled",
    "pullrequest:rejected",
    "pullrequest:unapproved",
    "pullrequest:updated",
    "repo:commit_comment_created",
    "repo:commit_status_created",
    "repo:commit_status_updated",
    "repo:deleted",
    "repo:fork",
    "repo:imported",
    "repo:push",
    "repo:transfer",
    "repo:updated",
];

/// `GET /hook_events`
pub(super) async fn subjects(State(side): State<Arc<Side>>) -> Outcome {
    let link = |subject: &str| json!({ "links": { "events": { "href": side.api(&format!("hook_events/{subject}")) } } });
    let body = json!({ "repository": link("repository"), "workspace": link("workspace") });
    ok(StatusCode::OK, body)
}

/// `GET /hook_events/{subject}`
pub(super) async fn events(
    State(side): State<Arc<Side>>,
    Query(paging): Query<Paging>,
    uri: Uri,
) -> Outcome {
    let one = |event: &&str| {
        let (category, label) = event.split_once(':').unwrap_or(("repo", event));
        json!({ "event": event, "category": category, "label": label, "description": label })
    };
    Ok(paginated(&side, &uri, &paging, EVENTS.iter().map(one).collect()))
}

fn gone() -> Refusal {
    refuse(StatusCode::NOT_FOUND, "Webhook not found")
}

/// `GET …/hooks`
pub(super) async fn list(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name)): Path<(String, String)>,
    Query(paging): Query<Paging>,
    uri: Uri,
) -> Outcome {
    let found = repository(&side, &caller, (&workspace, &name), ADMIN)?;
    let hooks: Vec<_> = side.read(|state| state.hooks_of(found.id).cloned().collect());
    let all = hooks.iter().map(|hook| shape::hook(&side, &found, hook)).collect();
    Ok(paginated(&side, &uri, &paging, all))
}

/// Reads url and events of a body.
fn checked(wanted: &Value) -> Result<(String, Vec<String>), Refusal> {
    let address = text(wanted, "url").unwrap_or_default();
    let good = url::Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !good {
        return Err(invalid("url", "Enter a valid URL."));
    }
    let events = texts(wanted, "events").unwrap_or_default();
    if events.is_empty() {
        return Err(invalid("events", "At least one event is required."));
    }
    if let Some(odd) = events.iter().find(|event| !EVENTS.contains(&event.as_str())) {
        return Err(invalid("events", &format!("{odd} is not a valid event.")));
    }
    if text(wanted, "secret").is_some_and(|secret| secret.chars().count() > SECRET_CHARS) {
        let message = format!("Ensure this value has at most {SECRET_CHARS} characters.");
        return Err(invalid("secret", &message));
    }
    Ok((address.to_owned(), events))
}

fn secret(wanted: &Value) -> Option<String> {
    text(wanted, "secret").filter(|secret| !secret.is_empty()).map(str::to_owned)
}

/// `POST …/hooks`: no ping follows; the first push proves it.
pub(super) async fn add(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name)): Path<(String, String)>,
    bytes: Bytes,
) -> Outcome {
    let found = repository(&side, &caller, (&workspace, &name), ADMIN)?;
    let wanted = body(&bytes)?;
    let (address, events) = checked(&wanted)?;
    let now = Timestamp::now();
    let hook = side.write(|state| {
        let hook = Hook {
            id: state.fresh_id(),
            uuid: Uuid::new_v4(),
            repository: found.id,
            url: address,
            description: text(&wanted, "description").unwrap_or_default().to_owned(),
            active: wanted.get("active").and_then(Value::as_bool).unwrap_or(true),
            events,
            secret: secret(&wanted),
            content_type: "json".to_owned(),
            insecure_ssl: insecure(&wanted),
            created_at: now,
            updated_at: now,
        };
        state.hooks.push(hook.clone());
        hook
    });
    ok(StatusCode::CREATED, shape::hook(&side, &found, &hook))
}

fn insecure(wanted: &Value) -> String {
    let skip = wanted.get("skip_cert_verification").and_then(Value::as_bool).unwrap_or(false);
    if skip { "1" } else { "0" }.to_owned()
}

fn find(side: &Side, repository: &Repository, id: &str) -> Result<Hook, Refusal> {
    let hook = side.read(|state| {
        state.hooks_of(repository.id).find(|one| Some(one.uuid) == uuid_of(id)).cloned()
    });
    hook.ok_or_else(gone)
}

/// `GET …/hooks/{id}`
pub(super) async fn show(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name, id)): Path<(String, String, String)>,
) -> Outcome {
    let found = repository(&side, &caller, (&workspace, &name), ADMIN)?;
    let hook = find(&side, &found, &id)?;
    ok(StatusCode::OK, shape::hook(&side, &found, &hook))
}

/// `PUT …/hooks/{id}`: a secret that is left out stays.
pub(super) async fn change(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name, id)): Path<(String, String, String)>,
    bytes: Bytes,
) -> Outcome {
    let found = repository(&side, &caller, (&workspace, &name), ADMIN)?;
    let mut hook = find(&side, &found, &id)?;
    let wanted = body(&bytes)?;
    let (address, events) = checked(&wanted)?;
    hook.url = address;
    hook.events = events;
    if let Some(description) = text(&wanted, "description") {
        description.clone_into(&mut hook.description);
    }
    if let Some(active) = wanted.get("active").and_then(Value::as_bool) {
        hook.active = active;
    }
    if wanted.get("secret").is_some() {
        hook.secret = secret(&wanted);
    }
    hook.insecure_ssl = insecure(&wanted);
    hook.updated_at = Timestamp::now();
    side.write(|state| {
        if let Some(one) = state.hooks.iter_mut().find(|one| one.id == hook.id) {
            one.clone_from(&hook);
        }
    });
    ok(StatusCode::OK, shape::hook(&side, &found, &hook))
}

/// `DELETE …/hooks/{id}`
pub(super) async fn remove(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((workspace, name, id)): Path<(String, String, String)>,
) -> Outcome {
    let found = repository(&side, &caller, (&workspace, &name), ADMIN)?;
    let hook = find(&side, &found, &id)?;
    side.write(|state| state.hooks.retain(|one| one.id != hook.id));
    nothing(StatusCode::NO_CONTENT)
}
