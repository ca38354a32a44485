//! The buttons of the pages.

use std::sync::Arc;

use axum::{
    Form,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use roundel_model::time::Timestamp;
use serde::Deserialize;

use super::{frame::not_found, repository::actor};
use crate::{
    commit::{NewCommit, commit_and_notify},
    deliver,
    forge::Forge,
    model::Delivery,
    stamp,
};

/// Characters of a visitor's message.
const MESSAGE_CHARS: usize = 200;
const FILE: &str = "visits.md";

/// The fields of the form.
#[derive(Debug, Deserialize)]
pub(super) struct CommitForm {
    #[serde(default)]
    message: String,
}

/// Adds a line to a file on the default branch, and notifies webhooks.
pub(super) async fn commit_something(
    State(forge): State<Arc<Forge>>,
    Path((owner, name)): Path<(String, String)>,
    headers: HeaderMap,
    Form(something): Form<CommitForm>,
) -> Response {
    let Some(found) = forge.find(&owner, &name) else { return not_found(&forge, &headers) };
    let author = actor(&forge, &headers, &found);
    let message: String = something.message.trim().chars().take(MESSAGE_CHARS).collect();
    let message = if message.is_empty() { "A visitor was here".to_owned() } else { message };
    let git = forge.git(found.id);
    let before = match git.entry(&format!("refs/heads/{}", found.default_branch), FILE).await {
        Some(entry) => git.blob(&entry.sha).await.unwrap_or_default(),
        None => b"# Visits\n\n".to_vec(),
    };
    let now = stamp::seconds(Timestamp::now());
    let text = format!("{}- {now}: {message}\n", String::from_utf8_lossy(&before));
    let commit = NewCommit {
        branch: &found.default_branch,
        files: &[(FILE, &text)],
        message: &message,
        author: &author,
    };
    match commit_and_notify(&forge, &found, &commit).await {
        Ok(_) => Redirect::to(&format!("/{}", found.full_name())).into_response(),
        Err(error) => {
            tracing::warn!(%error, "a visitor's commit failed");
            let text = "git refused the commit: another push may have come first. Try again.\n";
            (StatusCode::CONFLICT, text).into_response()
        }
    }
}

/// Sends a delivery again.
pub(super) async fn send_again(
    State(forge): State<Arc<Forge>>,
    Path((owner, name, id, delivery)): Path<(String, String, u64, u64)>,
    headers: HeaderMap,
) -> Response {
    let Some(found) = forge.find(&owner, &name) else { return not_found(&forge, &headers) };
    let pair = forge.read(|state| {
        let hook = state.hooks_of(found.id).find(|one| one.id == id)?.clone();
        let same = |one: &&Delivery| one.id == delivery && one.hook == id;
        Some((hook, state.deliveries.iter().find(same)?.clone()))
    });
    let Some((hook, delivery)) = pair else { return not_found(&forge, &headers) };
    deliver::send_again(&forge, hook, &delivery);
    Redirect::to(&format!("/{}/hooks/{id}", found.full_name())).into_response()
}
