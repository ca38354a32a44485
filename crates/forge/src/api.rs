//! What the server asks of a forge: one trait for each concern, and [`Forge`] that holds them all.
//!
//! Each concern has its file here with its trait and its data, and a file of the same name in
//! `github` and in `bitbucket` that answers it.

mod contents;
mod deploy_keys;
mod hooks;
mod repositories;
mod sign_in;
mod statuses;

use roundel_model::{forge::ForgeKind, secret::Secret};
use url::Url;

use crate::retry_policy::RetryPolicy;

pub use self::{
    contents::{Commit, Contents},
    deploy_keys::{DeployKeys, ForgeKey},
    hooks::{ForgeHook, HookSpec, Hooks},
    repositories::{ForgeOrganization, Repositories, Repository, RepositoryRef},
    sign_in::{AccessToken, AuthorizeRequest, ForgeUser, Grant, RequestedScope, SignIn},
    statuses::{CommitState, CommitStatus, Statuses},
};

/// Where a forge is and who we are there.
#[derive(Clone, Debug)]
pub struct ForgeSettings {
    /// Which API it speaks.
    pub kind: ForgeKind,
    /// URL of its pages: `https://github.com`.
    pub web_url: Url,
    /// URL of its API: `https://api.github.com`, `https://api.bitbucket.org/2.0`.
    pub api_url: Url,
    /// Our OAuth application there.
    pub client_id: String,
    /// The secret of that application.
    pub client_secret: Secret<String>,
    /// Pinned host keys of its SSH server, as `known_hosts` lines.
    pub known_hosts: String,
    /// Our own address, for `User-Agent`.
    pub public_url: String,
    /// How long one call may take, and how often it is repeated.
    pub retry: RetryPolicy,
}

/// A forge. Every call has a time-out, follows redirects only to the same host, and repeats nothing
/// that is not safe to repeat.
///
/// Errors are the same for every call: see [`crate::ErrorClass`].
pub trait Forge: SignIn + Repositories + Contents + DeployKeys + Hooks + Statuses {
    /// Which API it speaks.
    fn kind(&self) -> ForgeKind {
        self.settings().kind
    }
    /// Returns its URLs and our credentials there.
    fn settings(&self) -> &ForgeSettings;
}
