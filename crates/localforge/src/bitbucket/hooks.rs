//! Webhooks of a repository (`VCS` §4.7).

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use roundel_model::forge::Role;
use serde_json::{Value, json};

use super::{
    answers::{body, invalid, refuse},
    rights::{RequiredRight, uuid_of},
};
use crate::{
    answer::{ErrorResponse, Outcome, flag, is_http, nothing, ok, text, text_or_empty, texts},
    call::Call,
    forge::Forge,
    hooks::{self, NewHook},
    model::{Hook, Repository},
    page::Listing,
    shape::bitbucket as shape,
};

const ADMIN: RequiredRight = RequiredRight::new(Role::Admin, "webhook");
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
pub(super) async fn subjects(State(forge): State<Arc<Forge>>) -> Outcome {
    let link = |subject: &str| json!({ "links": { "events": { "href": forge.api(&format!("hook_events/{subject}")) } } });
    let body = json!({ "repository": link("repository"), "workspace": link("workspace") });
    ok(StatusCode::OK, body)
}

/// `GET /hook_events/{subject}`
pub(super) async fn events(State(forge): State<Arc<Forge>>, listing: Listing) -> Outcome {
    let one = |event: &&str| {
        let (category, label) = event.split_once(':').unwrap_or(("repo", event));
        json!({ "event": event, "category": category, "label": label, "description": label })
    };
    Ok(listing.paginated(&forge, EVENTS.iter().map(one).collect()))
}

fn no_such_hook() -> ErrorResponse {
    refuse(StatusCode::NOT_FOUND, "Webhook not found")
}

/// `GET …/hooks`
pub(super) async fn list(call: Call, listing: Listing) -> Outcome {
    let found = call.repository(ADMIN)?;
    let all = hooks::all(&call.forge, found.id);
    let all = all.iter().map(|hook| shape::hook(&call.forge, &found, hook)).collect();
    Ok(listing.paginated(&call.forge, all))
}

/// Reads url and events of a body.
fn checked(fields: &Value) -> Result<(String, Vec<String>), ErrorResponse> {
    let address = text(fields, "url").unwrap_or_default();
    if !is_http(address) {
        return Err(invalid("url", "Enter a valid URL."));
    }
    let events = texts(fields, "events").unwrap_or_default();
    if events.is_empty() {
        return Err(invalid("events", "At least one event is required."));
    }
    if let Some(odd) = events.iter().find(|event| !EVENTS.contains(&event.as_str())) {
        return Err(invalid("events", &format!("{odd} is not a valid event.")));
    }
    if text(fields, "secret").is_some_and(|secret| secret.chars().count() > SECRET_CHARS) {
        let message = format!("Ensure this value has at most {SECRET_CHARS} characters.");
        return Err(invalid("secret", &message));
    }
    Ok((address.to_owned(), events))
}

fn secret(fields: &Value) -> Option<String> {
    text(fields, "secret").filter(|secret| !secret.is_empty()).map(str::to_owned)
}

/// `POST …/hooks`: no ping follows; the first push proves it.
pub(super) async fn add(call: Call, bytes: Bytes) -> Outcome {
    let found = call.repository(ADMIN)?;
    let fields = body(&bytes)?;
    let (url, events) = checked(&fields)?;
    let new = NewHook {
        url,
        description: text_or_empty(&fields, "description"),
        events,
        secret: secret(&fields),
        content_type: "json".to_owned(),
        skips_verification: skips_verification(&fields),
    };
    let hook = hooks::create(&call.forge, found.id, new, &fields);
    ok(StatusCode::CREATED, shape::hook(&call.forge, &found, &hook))
}

fn skips_verification(fields: &Value) -> bool {
    flag(fields, "skip_cert_verification").unwrap_or(false)
}

fn find(forge: &Forge, repository: &Repository, id: &str) -> Result<Hook, ErrorResponse> {
    let uuid = uuid_of(id);
    hooks::find(forge, repository.id, |one| Some(one.uuid) == uuid).ok_or_else(no_such_hook)
}

/// `GET …/hooks/{id}`
pub(super) async fn show(call: Call, Path((.., id)): Path<(String, String, String)>) -> Outcome {
    let found = call.repository(ADMIN)?;
    let hook = find(&call.forge, &found, &id)?;
    ok(StatusCode::OK, shape::hook(&call.forge, &found, &hook))
}

/// `PUT …/hooks/{id}`: a secret that is left out stays.
pub(super) async fn change(
    call: Call,
    Path((.., id)): Path<(String, String, String)>,
    bytes: Bytes,
) -> Outcome {
    let found = call.repository(ADMIN)?;
    let mut hook = find(&call.forge, &found, &id)?;
    let fields = body(&bytes)?;
    let (address, events) = checked(&fields)?;
    hook.url = address;
    hook.events = events;
    if let Some(description) = text(&fields, "description") {
        description.clone_into(&mut hook.description);
    }
    if fields.get("secret").is_some() {
        hook.secret = secret(&fields);
    }
    hook.insecure_ssl = hooks::insecure_ssl(skips_verification(&fields));
    let hook = hooks::update(&call.forge, hook, &fields);
    ok(StatusCode::OK, shape::hook(&call.forge, &found, &hook))
}

/// `DELETE …/hooks/{id}`
pub(super) async fn remove(call: Call, Path((.., id)): Path<(String, String, String)>) -> Outcome {
    let found = call.repository(ADMIN)?;
    let hook = find(&call.forge, &found, &id)?;
    hooks::delete(&call.forge, hook.id);
    nothing(StatusCode::NO_CONTENT)
}
