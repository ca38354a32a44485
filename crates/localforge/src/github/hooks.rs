//! Webhooks of a repository (`VCS` §2.9).

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, Query},
    http::StatusCode,
};
use roundel_model::forge::Role;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answers::{body, invalid, not_found, refuse},
    rights::{RequiredRight, signed_in},
};
use crate::{
    answer::{ErrorResponse, Outcome, is_http, nothing, ok, text, texts},
    call::Call,
    deliver::{self, Event, Occasion},
    forge::Forge,
    hooks::{self, NewHook},
    model::{Delivery, Hook, Repository},
    page::Listing,
    payload,
    shape::{github as shape, merge},
};

const READ: RequiredRight =
    RequiredRight::Role(Role::Admin, &["read:repo_hook", "write:repo_hook", "admin:repo_hook"]);
const WRITE: RequiredRight =
    RequiredRight::Role(Role::Admin, &["write:repo_hook", "admin:repo_hook"]);
const DELETE: RequiredRight = RequiredRight::Role(Role::Admin, &["admin:repo_hook"]);
/// Hooks that one event may have in one repository.
const HOOKS_PER_EVENT: usize = 20;

/// `GET /repos/{owner}/{repo}/hooks`
pub(super) async fn list(call: Call, listing: Listing) -> Outcome {
    let found = call.repository(READ)?;
    let all = hooks::all(&call.forge, found.id);
    let all = all.iter().map(|hook| shape::hook(&call.forge, &found, hook)).collect();
    Ok(listing.linked(&call.forge, all))
}

/// What a body says about a webhook.
struct Config {
    url: String,
    content_type: String,
    secret: Option<String>,
    skips_verification: bool,
}

fn config(wanted: &Value) -> Result<Config, ErrorResponse> {
    let config = wanted.get("config").cloned().unwrap_or(Value::Null);
    let address = text(&config, "url").unwrap_or_default();
    if !is_http(address) {
        let message = "url is missing or is not a valid http(s) address";
        return Err(invalid("Hook", "url", "custom", message));
    }
    let insecure = config.get("insecure_ssl");
    Ok(Config {
        url: address.to_owned(),
        content_type: text(&config, "content_type").unwrap_or("form").to_owned(),
        secret: text(&config, "secret").filter(|one| !one.is_empty()).map(str::to_owned),
        skips_verification: insecure.is_some_and(|value| value == "1" || value == 1),
    })
}

fn check_room(
    forge: &Forge,
    repository: &Repository,
    url: &str,
    events: &[String],
) -> Result<(), ErrorResponse> {
    let hooks = hooks::all(forge, repository.id);
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
pub(super) async fn add(call: Call, bytes: Bytes) -> Outcome {
    let found = call.repository(WRITE)?;
    super::rights::writable(&found)?;
    let wanted = body(&bytes)?;
    let config = config(&wanted)?;
    let events = texts(&wanted, "events").unwrap_or_else(|| vec!["push".to_owned()]);
    check_room(&call.forge, &found, &config.url, &events)?;
    let new = NewHook {
        url: config.url,
        description: String::new(),
        events,
        secret: config.secret,
        content_type: config.content_type,
        skips_verification: config.skips_verification,
    };
    let hook = hooks::create(&call.forge, found.id, new, &wanted);
    let answer = shape::hook(&call.forge, &found, &hook);
    send_ping(&call.forge, &found, &signed_in(&call.caller)?.login, hook);
    ok(StatusCode::CREATED, answer)
}

fn send_ping(forge: &Arc<Forge>, repository: &Repository, actor: &str, hook: Hook) {
    let payload = payload::github::ping(forge, repository, actor, &hook);
    send_now(forge, hook, Event::new(repository, "ping", None, &payload));
}

fn send_now(forge: &Arc<Forge>, hook: Hook, event: Event) {
    deliver::send_later(forge, hook, event, uuid::Uuid::new_v4().to_string(), Occasion::Event);
}

fn find(forge: &Forge, repository: &Repository, id: u64) -> Result<Hook, ErrorResponse> {
    hooks::find(forge, repository.id, |one| one.id == id).ok_or_else(not_found)
}

/// `GET /repos/{owner}/{repo}/hooks/{id}`
pub(super) async fn show(call: Call, Path((.., id)): Path<(String, String, u64)>) -> Outcome {
    let found = call.repository(READ)?;
    let hook = find(&call.forge, &found, id)?;
    ok(StatusCode::OK, shape::hook(&call.forge, &found, &hook))
}

/// `PATCH /repos/{owner}/{repo}/hooks/{id}`: `config` replaces the whole of it.
pub(super) async fn change(
    call: Call,
    Path((.., id)): Path<(String, String, u64)>,
    bytes: Bytes,
) -> Outcome {
    let found = call.repository(WRITE)?;
    let mut hook = find(&call.forge, &found, id)?;
    let wanted = body(&bytes)?;
    if wanted.get("config").is_some() {
        let config = config(&wanted)?;
        hook.url = config.url;
        hook.content_type = config.content_type;
        hook.insecure_ssl = hooks::insecure_ssl(config.skips_verification);
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
    let hook = hooks::update(&call.forge, hook, &wanted);
    ok(StatusCode::OK, shape::hook(&call.forge, &found, &hook))
}

/// `DELETE /repos/{owner}/{repo}/hooks/{id}`
pub(super) async fn remove(call: Call, Path((.., id)): Path<(String, String, u64)>) -> Outcome {
    let found = call.repository(DELETE)?;
    let hook = find(&call.forge, &found, id)?;
    hooks::delete(&call.forge, hook.id);
    let sender = call.forge.person(&signed_in(&call.caller)?.login);
    // A webhook that subscribes to `meta` receives its own deletion.
    if hook.active && hook.events.iter().any(|event| event == "meta" || event == "*") {
        let payload = json!({
            "action": "deleted",
            "hook_id": hook.id,
            "hook": shape::hook(&call.forge, &found, &hook),
            "repository": shape::repository(&call.forge, &found),
            "sender": shape::user(&call.forge, &sender),
        });
        send_now(&call.forge, hook, Event::new(&found, "meta", Some("deleted"), &payload));
    }
    nothing(StatusCode::NO_CONTENT)
}

/// `POST /repos/{owner}/{repo}/hooks/{id}/pings`
pub(super) async fn ping(call: Call, Path((.., id)): Path<(String, String, u64)>) -> Outcome {
    let found = call.repository(READ)?;
    let hook = find(&call.forge, &found, id)?;
    send_ping(&call.forge, &found, &signed_in(&call.caller)?.login, hook);
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
    call: Call,
    Path((.., id)): Path<(String, String, u64)>,
    Query(filter): Query<Filter>,
) -> Outcome {
    let found = call.repository(READ)?;
    find(&call.forge, &found, id)?;
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
    let found_ones: Vec<Delivery> = call.forge.read(|state| {
        let newest_first = state.deliveries.iter().rev().filter(wanted);
        newest_first.take(most + 1).cloned().collect()
    });
    let shown: Vec<_> = found_ones.iter().take(most).map(shape::delivery).collect();
    let mut response = axum::response::IntoResponse::into_response(axum::Json(shown));
    if let (true, Some(last)) = (found_ones.len() > most, found_ones.get(most - 1)) {
        let path = format!("repos/{}/hooks/{id}/deliveries", found.full_name());
        let next =
            format!("<{}?per_page={most}&cursor={}>; rel=\"next\"", call.forge.api(&path), last.id);
        if let Ok(value) = next.parse() {
            response.headers_mut().insert(axum::http::header::LINK, value);
        }
    }
    Ok(response)
}

fn find_delivery(forge: &Forge, hook: u64, id: u64) -> Result<Delivery, ErrorResponse> {
    let found = forge.read(|state| {
        state.deliveries.iter().find(|one| one.id == id && one.hook == hook).cloned()
    });
    found.ok_or_else(not_found)
}

/// `GET /repos/{owner}/{repo}/hooks/{id}/deliveries/{delivery}`
pub(super) async fn delivery(
    call: Call,
    Path((.., id, delivery)): Path<(String, String, u64, u64)>,
) -> Outcome {
    let found = call.repository(READ)?;
    let hook = find(&call.forge, &found, id)?;
    let delivery = find_delivery(&call.forge, hook.id, delivery)?;
    let mut value = shape::delivery_in_full(&delivery);
    merge(&mut value, json!({ "url": hook.url }));
    ok(StatusCode::OK, value)
}

/// `POST /repos/{owner}/{repo}/hooks/{id}/deliveries/{delivery}/attempts`: same guid.
pub(super) async fn redeliver(
    call: Call,
    Path((.., id, delivery)): Path<(String, String, u64, u64)>,
) -> Outcome {
    let found = call.repository(WRITE)?;
    let hook = find(&call.forge, &found, id)?;
    let delivery = find_delivery(&call.forge, hook.id, delivery)?;
    deliver::send_again(&call.forge, hook, &delivery);
    ok(StatusCode::ACCEPTED, json!({}))
}
