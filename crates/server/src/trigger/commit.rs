//! What people know a commit by, taken from a delivery or from the forge's API.

use roundel_forge::{Commit, event::HeadCommit};
use roundel_store::pipelines::CommitInfo;

/// Takes over what a delivery says of a commit.
pub(crate) fn from_payload(head: &HeadCommit) -> CommitInfo {
    let (subject, body) = split_message(&head.message);
    CommitInfo {
        subject,
        body,
        author_name: head.author_name.clone(),
        author_email: head.author_email.clone(),
        author_login: head.author_login.clone(),
        author_avatar: None,
        url: head.url.clone(),
    }
}

/// Takes over what the API knows of a commit.
pub(crate) fn from_api(commit: Commit) -> CommitInfo {
    let (subject, body) = split_message(&commit.message);
    CommitInfo {
        subject,
        body,
        author_name: commit.author_name,
        author_email: commit.author_email,
        author_login: commit.author_login,
        author_avatar: commit.author_avatar,
        url: commit.url,
    }
}

/// Splits a commit message into what pages show: first line and the rest.
pub(crate) fn split_message(message: &str) -> (String, String) {
    let (subject, body) = message.split_once('\n').unwrap_or((message, ""));
    (subject.trim().to_owned(), body.trim().to_owned())
}
