//! A small but real GitHub and Bitbucket on loopback: REST, OAuth, webhooks, git over SSH and HTTP.
//!
//! It is a model (users, repositories, keys, hooks, commits, statuses) behind real HTTP and real
//! git, never a list of canned answers. `roundel demo` runs it, and so do our tests.
//!
//! Deliberately absent: everything that Roundel does not use of a forge (issues, reviews, merging,
//! forks), passwords (a visitor picks a user from a list), and rate limits other than
//! injected ones.

// The forges' objects have dozens of fields; `json!` recurses once for each.
#![recursion_limit = "256"]

mod access;
mod answer;
mod bitbucket;
mod call;
mod caller;
mod change;
mod commit;
mod commit_state;
mod connection;
mod control;
mod create;
mod deliver;
mod fault_layer;
mod faults;
mod forge;
mod git;
mod github;
mod hooks;
mod keys;
mod listener;
mod local_forge;
mod model;
mod oauth;
mod observed;
mod page;
mod payload;
mod pulls;
mod push;
mod random;
mod session;
mod settings;
mod shape;
mod smart_http;
mod ssh;
mod stamp;
mod start;
mod statuses;
mod web;

pub use commit::{CommitName, NewCommit, NewTag, RepositoryName};
pub use commit_state::CommitState;
pub use create::NewRepository;
pub use faults::{DeliveryFault, Failure, FailureKind};
pub use local_forge::LocalForge;
pub use observed::{CommitStatus, DeployKey, Webhook, WebhookDelivery};
/// Which of the two.
pub use roundel_model::forge::ForgeKind;
pub use settings::Settings;
