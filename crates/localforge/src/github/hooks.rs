//! Webhooks of a repository (`VCS` §2.9).

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, Query, State},
    http::{StatusCode, Uri},
};
use roundel_model::{forge::Role, time::Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answers::{body, invalid, not_found, refuse},
    rights::{Need, repository, signed_in},
    shape,
};
use crate::{
    answer::{Outcome, Refusal, nothing, ok, text, texts},
    caller::Caller,
    hooks::{self, Event},
    model::{Delivery, Hook, Repository},
    page::{Paging, linked},
    payload,
    shape::merge,
    side::Side,
};

const READ: Need =
    Need::Role(Role::Admin, &["read:repo_hook", "write:repo_hook", "admin:repo_hook"]);
const WRITE: Need = Need::Role(Role::Admin, &["write:repo_hook", "admin:repo_hook"]);
const DELETE: Need = Need::Role(Role::Admin, &["admin:repo_hook"]);
/// Hooks that one event may have in one repository.
const HOOKS_PER_EVENT: usize = 20;

/// `GET /repos/{owner}/{repo}/hooks`
pub(super) async fn list(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((owner, name)): Path<(String, String)>,
    Query(paging): Query<Paging>,
    uri: Uri,
) -> Outcome {
    let found = repository(&side, &caller, (&owner, &name), READ)?;
    let hooks: Vec<_> = side.read(|state| state.hooks_of(found.id).cloned().collect());
    let all = hooks.iter().map(|hook| shape::hook(&side, &found, hook)).collect();
    Ok(linked(&side, &uri, &paging, all))
}

/// What a body says about a hook.
struct Wanted {
    url: String,
    content_type: String,
    secret: Option<String>,
    insecure_ssl: String,
}

fn config(wanted: &Value) -> Result<Wanted, Refusal> {
    let config = wanted.get("config").cloned().unwrap_or(Value::Null);
    let address = text(&config, "url").unwrap_or_default();
    let good = url::Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !good {
        let message = "url is missing or is not a valid http(s) address";
        return Err(invalid("Hook", "url", "custom", message));
    }
    let insecure = config.get("insecure_ssl");
    let insecure = insecure.is_some_and(|value| value == "1" || value == 1);
    Ok(Wanted {
        url: address.to_owned(),
        content_type: text(&config, "content_type").unwrap_or("form").to_owned(),
        secret: text(&config, "secret").filter(|one| !one.is_empty()).map(str::to_owned),
        insecure_ssl: if insecure { "1" } else { "0" }.to_owned(),
    })
}

fn check_room(
    side: &Side,
    repository: &Repository,
    url: &str,
    events: &[String],
) -> Result<(), Refusal> {
    let hooks: Vec<Hook> = side.read(|state| state.hooks_of(repository.id).cloned().collect());
    let sorted = |events: &[String]| {
        let mut events = events.to_vec();
        events.sort();
        events
    };
    let twin = |hook: &&Hook| hook.url == url && sorted(&hook.events) == sorted(events);
    if hooks.iter().any(|hook| twin(&hook)) {
        let message = "Hook already exists on this repository";
        return Err(invalid("Hook", "base", "custom", message));
    }
    for event in events {
        if hooks.iter().filter(|hook| hook.events.contains(event)).count() >= HOOKS_PER_EVENT {
            let message =
                format!("The \"{event}\" event cannot have more than {HOOKS_PER_EVENT} hooks");
            return Err(invalid("Hook", "base", "custom", &message));
        }
    }
    Ok(())
}

/// `POST /repos/{owner}/{repo}/hooks`: a ping follows.
pub(super) async fn add(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((owner, name)): Path<(String, String)>,
    bytes: Bytes,
) -> Outcome {
    let found = repository(&side, &caller, (&owner, &name), WRITE)?;
    super::rights::writable(&found)?;
    let wanted = body(&bytes)?;
    let config = config(&wanted)?;
    let events = texts(&wanted, "events").unwrap_or_else(|| vec!["push".to_owned()]);
    check_room(&side, &found, &config.url, &events)?;
    let now = Timestamp::now();
    let hook = side.write(|state| {
        let hook = Hook {
            id: state.fresh_id(),
            uuid: uuid::Uuid::new_v4(),
            repository: found.id,
            url: config.url,
            description: String::new(),
            active: wanted.get("active").and_then(Value::as_bool).unwrap_or(true),
            events,
            secret: config.secret,
            content_type: config.content_type,
            insecure_ssl: config.insecure_ssl,
            created_at: now,
            updated_at: now,
        };
        state.hooks.push(hook.clone());
        hook
    });
    let answer = shape::hook(&side, &found, &hook);
    send_ping(&side, &found, &signed_in(&caller)?.login, hook);
    ok(StatusCode::CREATED, answer)
}

fn send_ping(side: &Arc<Side>, repository: &Repository, actor: &str, hook: Hook) {
    let payload = payload::github::ping(side, repository, actor, &hook);
    let event = Event {
        repository: repository.id,
        name: "ping".to_owned(),
        action: None,
        payload: payload.to_string(),
    };
    hooks::send_later(side, hook, event, uuid::Uuid::new_v4().to_string(), false);
}

fn find(side: &Side, repository: &Repository, id: u64) -> Result<Hook, Refusal> {
    let hook = side.read(|state| state.hooks_of(repository.id).find(|one| one.id == id).cloned());
    hook.ok_or_else(not_found)
}

/// `GET /repos/{owner}/{repo}/hooks/{id}`
pub(super) async fn show(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((owner, name, id)): Path<(String, String, u64)>,
) -> Outcome {
    let found = repository(&side, &caller, (&owner, &name), READ)?;
    let hook = find(&side, &found, id)?;
    ok(StatusCode::OK, shape::hook(&side, &found, &hook))
}

/// `PATCH /repos/{owner}/{repo}/hooks/{id}`: `config` replaces the whole of it.
pub(super) async fn change(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((owner, name, id)): Path<(String, String, u64)>,
    bytes: Bytes,
) -> Outcome {
    let found = repository(&side, &caller, (&owner, &name), WRITE)?;
    let mut hook = find(&side, &found, id)?;
    let wanted = body(&bytes)?;
    if wanted.get("config").is_some() {
        let config = config(&wanted)?;
        hook.url = config.url;
        hook.content_type = config.content_type;
        hook.insecure_ssl = config.insecure_ssl;
        // The mask that lists show, sent back, means "as it was".
        if config.secret.as_deref() != Some("********") {
            hook.secret = config.secret;
        }
    }
    if let Some(events) = texts(&wanted, "events") {
        hook.events = events;
    }
    for event in texts(&wanted, "add_events").unwrap_or_default() {
        if !hook.events.contains(&event) {
            hook.events.push(event);
        }
    }
    let gone = texts(&wanted, "remove_events").unwrap_or_default();
    hook.events.retain(|event| !gone.contains(event));
    if let Some(active) = wanted.get("active").and_then(Value::as_bool) {
        hook.active = active;
    }
    hook.updated_at = Timestamp::now();
    side.write(|state| {
        if let Some(one) = state.hooks.iter_mut().find(|one| one.id == id) {
            one.clone_from(&hook);
        }
    });
    ok(StatusCode::OK, shape::hook(&side, &found, &hook))
}

/// `DELETE /repos/{owner}/{repo}/hooks/{id}`
pub(super) async fn remove(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((owner, name, id)): Path<(String, String, u64)>,
) -> Outcome {
    let found = repository(&side, &caller, (&owner, &name), DELETE)?;
    let hook = find(&side, &found, id)?;
    side.write(|state| state.hooks.retain(|one| one.id != id));
    let sender = side.person(&signed_in(&caller)?.login);
    // A hook that listens to `meta` is told of its own end.
    if hook.active && hook.events.iter().any(|event| event == "meta" || event == "*") {
        let payload = json!({
            "action": "deleted",
            "hook_id": hook.id,
            "hook": shape::hook(&side, &found, &hook),
            "repository": shape::repository(&side, &found),
            "sender": shape::user(&side, &sender),
        });
        let event = Event {
            repository: found.id,
            name: "meta".to_owned(),
            action: Some("deleted".to_owned()),
            payload: payload.to_string(),
        };
        hooks::send_later(&side, hook, event, uuid::Uuid::new_v4().to_string(), false);
    }
    nothing(StatusCode::NO_CONTENT)
}

/// `POST /repos/{owner}/{repo}/hooks/{id}/pings`
pub(super) async fn ping(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((owner, name, id)): Path<(String, String, u64)>,
) -> Outcome {
    let found = repository(&side, &caller, (&owner, &name), READ)?;
    let hook = find(&side, &found, id)?;
    send_ping(&side, &found, &signed_in(&caller)?.login, hook);
    nothing(StatusCode::NO_CONTENT)
}

/// What a list of deliveries is narrowed by.
#[derive(Debug, Deserialize)]
pub(super) struct Filter {
    status: Option<String>,
    cursor: Option<String>,
    per_page: Option<usize>,
}

/// `GET /repos/{owner}/{repo}/hooks/{id}/deliveries`: newest first, by cursor.
pub(super) async fn deliveries(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((owner, name, id)): Path<(String, String, u64)>,
    Query(filter): Query<Filter>,
) -> Outcome {
    let found = repository(&side, &caller, (&owner, &name), READ)?;
    find(&side, &found, id)?;
    let before = match &filter.cursor {
        Some(cursor) => {
            cursor.parse::<u64>().map_err(|_| refuse(StatusCode::BAD_REQUEST, "Bad cursor"))?
        }
        None => u64::MAX,
    };
    let most = filter.per_page.unwrap_or(30).clamp(1, 100);
    let wanted = |one: &&Delivery| {
        let fits = match filter.status.as_deref() {
            Some("failure") => !one.is_good(),
            Some("success") => one.is_good(),
            Some(_) | None => true,
        };
        one.hook == id && one.id < before && fits
    };
    let found_ones: Vec<Delivery> = side.read(|state| {
        let newest_first = state.deliveries.iter().rev().filter(wanted);
        newest_first.take(most + 1).cloned().collect()
    });
    let shown: Vec<_> = found_ones.iter().take(most).map(shape::delivery).collect();
    let mut response = axum::response::IntoResponse::into_response(axum::Json(shown));
    if let (true, Some(last)) = (found_ones.len() > most, found_ones.get(most - 1)) {
        let path = format!("repos/{}/hooks/{id}/deliveries", found.full_name());
        let next =
            format!("<{}?per_page={most}&cursor={}>; rel=\"next\"", side.api(&path), last.id);
        if let Ok(value) = next.parse() {
            response.headers_mut().insert(axum::http::header::LINK, value);
        }
    }
    Ok(response)
}

fn find_delivery(side: &Side, hook: u64, id: u64) -> Result<Delivery, Refusal> {
    let found = side.read(|state| {
        state.deliveries.iter().find(|one| one.id == id && one.hook == hook).cloned()
    });
    found.ok_or_else(not_found)
}

/// `GET /repos/{owner}/{repo}/hooks/{id}/deliveries/{delivery}`
pub(super) async fn delivery(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((owner, name, id, delivery)): Path<(String, String, u64, u64)>,
) -> Outcome {
    let found = repository(&side, &caller, (&owner, &name), READ)?;
    let hook = find(&side, &found, id)?;
    let delivery = find_delivery(&side, hook.id, delivery)?;
    let mut value = shape::delivery_in_full(&delivery);
    merge(&mut value, json!({ "url": hook.url }));
    ok(StatusCode::OK, value)
}

/// `POST /repos/{owner}/{repo}/hooks/{id}/deliveries/{delivery}/attempts`: same guid.
pub(super) async fn redeliver(
    State(side): State<Arc<Side>>,
    Extension(caller): Extension<Caller>,
    Path((owner, name, id, delivery)): Path<(String, String, u64, u64)>,
) -> Outcome {
    let found = repository(&side, &caller, (&owner, &name), WRITE)?;
    let hook = find(&side, &found, id)?;
    let delivery = find_delivery(&side, hook.id, delivery)?;
    hooks::send_again(&side, hook, &delivery);
    ok(StatusCode::ACCEPTED, json!({}))
}
