//! A small but real GitHub and Bitbucket on loopback: REST, OAuth, webhooks, git over SSH and HTTP.
//!
//! It is a model (users, repositories, keys, hooks, commits, statuses) behind real HTTP and real
//! git, never a list of canned answers. `roundel demo` runs it, and so do our tests.
//!
//! Deliberately absent: everything that Roundel does not use of a forge (issues, reviews, merging,
//! forks), passwords (whoever is on loopback picks a user from a list), and rate limits other than
//! injected ones.

// The forges' objects have dozens of fields; `json!` recurses once for each.
#![recursion_limit = "256"]

use std::{net::IpAddr, path::PathBuf, time::Duration};

use roundel_model::time::Timestamp;

mod access;
mod answer;
mod bitbucket;
mod caller;
mod control;
mod faults;
mod git;
mod github;
mod hooks;
mod keys;
mod listener;
mod model;
mod oauth;
mod page;
mod payload;
mod pulls;
mod push;
mod random;
mod session;
mod side;
mod smart_http;
mod ssh;
mod stamp;
mod start;
mod web;

pub use control::NewCommit;
/// Which of the two.
pub use roundel_model::forge::ForgeKind;
pub use start::LocalForge;

/// What to start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bare repositories, host key and state live here.
    pub directory: PathBuf,
    /// Address to listen on; ports are chosen when 0. Loopback only.
    pub listen: IpAddr,
    /// Port of the GitHub side (0: any).
    pub github_port: u16,
    /// Port of the Bitbucket side (0: any).
    pub bitbucket_port: u16,
    /// Port of git over SSH, which both share (0: any).
    pub ssh_port: u16,
}

/// A mark on a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusMark {
    /// The context on GitHub; the name on Bitbucket, where the key is only an id.
    pub context: String,
    /// In the forge's own words: `success`, `SUCCESSFUL` …
    pub state: String,
    /// What it says.
    pub description: String,
    /// Where it leads.
    pub target_url: String,
    /// Login of whoever made it.
    pub creator: String,
    /// When it was made; on Bitbucket, when the newest word on its key came.
    pub created_at: Timestamp,
}

/// A webhook, as its owner sees it, and its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookMark {
    /// A number on GitHub, `{uuid}` on Bitbucket.
    pub id: String,
    /// Where it delivers to.
    pub url: String,
    /// Whether it delivers.
    pub active: bool,
    /// What it listens to.
    pub events: Vec<String>,
    /// What it signs with.
    pub secret: Option<String>,
    /// What it delivered, oldest first.
    pub deliveries: Vec<DeliveryMark>,
}

/// One attempt of a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryMark {
    /// The same for all attempts to deliver one event.
    pub guid: String,
    /// `push`, `repo:push` …
    pub event: String,
    /// 0 when there was no answer.
    pub status_code: u16,
    /// 1 for the first.
    pub attempt: u32,
    /// Whether somebody asked for it once more.
    pub redelivery: bool,
    /// The headers that were sent.
    pub headers: Vec<(String, String)>,
    /// The body that was sent.
    pub payload: String,
}

/// A deploy key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyMark {
    /// The forge's id.
    pub id: String,
    /// Its title or label.
    pub title: String,
    /// Algorithm and base64.
    pub public: String,
    /// `SHA256:…`
    pub fingerprint: String,
    /// Whether it may only fetch.
    pub read_only: bool,
    /// Whether it was ever used.
    pub used: bool,
}

/// A failure to inject into calls.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Which forge.
    pub kind: ForgeKind,
    /// `POST`, or empty for any.
    pub method: String,
    /// Part of the path, percent-decoded, with the query.
    pub path_contains: String,
    /// How many calls are let through first.
    pub after: u32,
    /// How many calls fail; `u32::MAX` for all.
    pub times: u32,
    /// What happens to them.
    pub how: FailureKind,
}

/// What happens to a call that fails on purpose.
#[derive(Clone, Debug)]
pub enum FailureKind {
    /// Answers with this status and body, without doing it.
    Answer {
        /// The HTTP status.
        status: u16,
        /// Headers; the content type is JSON unless given.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// Waits first.
    Delay(Duration),
    /// Does it, then drops the connection.
    LoseAnswer,
}

/// What happens to a webhook delivery on purpose.
#[derive(Clone, Debug)]
pub enum DeliveryFault {
    /// It is never sent, and nobody notes it.
    Lose,
    /// It is sent twice, under the same id.
    Repeat,
    /// It is sent later: others overtake it.
    Delay(Duration),
}
