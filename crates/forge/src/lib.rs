//! GitHub and Bitbucket: webhooks in, API calls out.
//!
//! [`Forge`] is what the server asks of a forge; `github` and `bitbucket` are the two real ones,
//! and [`connect`] makes either. Calls take a token and answer with plain data or a [`ForgeError`]
//! whose class says what may be done about it (`VCS` §2.15, §4.12). [`event::parse`] turns a
//! webhook's bytes into events.
//!
//! Deliberately absent: a database, policy, pipelines. Keys are in [`keys`], signatures in
//! [`signature`], how a status is worded in the server.

pub mod api;
mod bitbucket;
mod connect;
mod contents;
mod deploy_keys;
pub mod error;
pub mod event;
mod github;
mod hooks;
pub mod host_keys;
mod http;
pub mod keys;
mod lenient;
mod rest;
mod retry_policy;
mod sign_in;
pub mod signature;
pub mod status_text;

pub use api::*;
pub use connect::connect;
pub use error::{ErrorClass, ForgeError};
pub use retry_policy::RetryPolicy;
