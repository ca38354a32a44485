//! What the server asks of a forge.

use async_trait::async_trait;
use roundel_model::{
    forge::{ForgeKind, ForgeUserId, RepositoryId, Role},
    name::CommitSha,
    secret::Secret,
};
use url::Url;

use crate::ForgeError;

/// Where a forge is and who we are there.
#[derive(Clone, Debug)]
pub struct ForgeSettings {
    pub kind: ForgeKind,
    /// Where people look at it: `https://github.com`.
    pub web_url: Url,
    /// Where programs talk to it: `https://api.github.com`, `https://api.bitbucket.org/2.0`.
    pub api_url: Url,
    pub client_id: String,
    pub client_secret: Secret<String>,
    /// Pinned host keys of its SSH server, as `known_hosts` lines.
    pub known_hosts: String,
    /// Our own address, for `User-Agent`.
    pub public_url: String,
}

/// A user's token for calls.
pub type AccessToken = Secret<String>;

/// The answer of a code exchange or a refresh.
#[derive(Clone, Debug)]
pub struct Grant {
    pub access: AccessToken,
    pub scopes: Vec<String>,
    pub expires_in: Option<std::time::Duration>,
    pub refresh: Option<Secret<String>>,
}

/// A person at the forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgeUser {
    pub id: ForgeUserId,
    pub login: String,
    pub name: String,
    pub avatar_url: Option<String>,
    /// The primary, verified address, if it may be seen.
    pub email: Option<String>,
}

/// An owner of repositories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgeOrganization {
    pub id: String,
    pub login: String,
    pub avatar_url: Option<String>,
}

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    pub id: RepositoryId,
    pub owner: ForgeOrganization,
    pub name: String,
    pub default_branch: Option<String>,
    pub private: bool,
    pub archived: bool,
    pub ssh_url: String,
    pub web_url: String,
    /// What the caller may do with it.
    pub role: Option<Role>,
}

/// Names a repository in calls. GitHub is called by names, Bitbucket by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryRef {
    pub id: RepositoryId,
    pub owner: String,
    pub name: String,
}

/// A deploy key at the forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgeKey {
    pub id: String,
    /// `ssh-ed25519 AAAA…`, without comment where the forge drops it.
    pub public: String,
    pub title: String,
    pub read_only: bool,
}

/// A webhook at the forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgeHook {
    pub id: String,
    pub url: String,
    pub active: bool,
    pub events: Vec<String>,
    /// The newest answer that the forge got, where it tells.
    pub last_response: Option<String>,
}

/// A webhook that we want to exist.
#[derive(Clone, Debug)]
pub struct WantedHook {
    pub url: String,
    pub secret: Secret<String>,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    pub sha: CommitSha,
    pub message: String,
    pub author_name: Option<String>,
    pub author_email: Option<String>,
    pub author_login: Option<String>,
    pub author_id: Option<ForgeUserId>,
    pub author_avatar: Option<String>,
    pub url: Option<String>,
}

/// The mark on a commit, before each forge's own rules on lengths and words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitStatus {
    pub state: CommitState,
    /// `ci/roundel: build`
    pub context: String,
    pub description: String,
    pub target_url: String,
    /// The branch, where the forge wants it (Bitbucket's `refname`).
    pub branch: Option<String>,
}

/// State of a mark, in the union of both forges' words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitState {
    Pending,
    Success,
    Failure,
    /// Canceled: `error` on GitHub, `STOPPED` on Bitbucket.
    Canceled,
    /// Not the user's fault: `error` on GitHub, `FAILED` on Bitbucket.
    Error,
}

/// What to send the browser to.
#[derive(Clone, Debug)]
pub struct AuthorizeRequest {
    pub redirect_uri: String,
    pub state: String,
    pub scopes: Vec<String>,
    /// PKCE S256 challenge.
    pub code_challenge: String,
    /// Suggests an account.
    pub login: Option<String>,
}

/// A forge. Every call has a time-out, follows redirects only to the same host, and retries nothing
/// that is not safe to repeat.
#[async_trait]
pub trait Forge: Send + Sync {
    fn kind(&self) -> ForgeKind;
    fn settings(&self) -> &ForgeSettings;

    /// The address of the consent page.
    fn authorize_url(&self, request: &AuthorizeRequest) -> Url;
    /// Scopes that sign-in asks for, with a sentence each on why (shown before the redirect).
    fn wanted_scopes(&self) -> Vec<(&'static str, &'static str)>;
    async fn exchange_code(&self, code: &str, redirect_uri: &str, verifier: &str) -> Result<Grant, ForgeError>;
    async fn refresh(&self, refresh: &Secret<String>) -> Result<Grant, ForgeError>;
    /// The user, with the scopes that the token really has.
    async fn current_user(&self, token: &AccessToken) -> Result<(ForgeUser, Vec<String>), ForgeError>;

    /// Every repository that the user can see, all pages.
    async fn repositories(&self, token: &AccessToken) -> Result<Vec<Repository>, ForgeError>;
    async fn repository(&self, token: &AccessToken, owner: &str, name: &str) -> Result<Repository, ForgeError>;
    async fn repository_by_id(&self, token: &AccessToken, id: &RepositoryId) -> Result<Repository, ForgeError>;

    /// The bytes of a file at a commit; `None` if there is no such file.
    async fn file_at(&self, token: &AccessToken, repository: &RepositoryRef, sha: &CommitSha, path: &str) -> Result<Option<Vec<u8>>, ForgeError>;
    /// Resolves a full or short commit id, a branch or a tag.
    async fn commit(&self, token: &AccessToken, repository: &RepositoryRef, revision: &str) -> Result<Option<Commit>, ForgeError>;
    async fn branch_head(&self, token: &AccessToken, repository: &RepositoryRef, branch: &str) -> Result<Option<CommitSha>, ForgeError>;

    async fn deploy_keys(&self, token: &AccessToken, repository: &RepositoryRef) -> Result<Vec<ForgeKey>, ForgeError>;
    /// Adds a read-only key.
    async fn create_deploy_key(&self, token: &AccessToken, repository: &RepositoryRef, title: &str, public: &str) -> Result<ForgeKey, ForgeError>;
    /// Deletes a key. One that is gone already is fine.
    async fn delete_deploy_key(&self, token: &AccessToken, repository: &RepositoryRef, id: &str) -> Result<(), ForgeError>;

    async fn hooks(&self, token: &AccessToken, repository: &RepositoryRef) -> Result<Vec<ForgeHook>, ForgeError>;
    async fn create_hook(&self, token: &AccessToken, repository: &RepositoryRef, hook: &WantedHook) -> Result<ForgeHook, ForgeError>;
    /// Brings an existing hook to what we want (URL, secret, events).
    async fn update_hook(&self, token: &AccessToken, repository: &RepositoryRef, id: &str, hook: &WantedHook) -> Result<ForgeHook, ForgeError>;
    /// Deletes a hook. One that is gone already is fine.
    async fn delete_hook(&self, token: &AccessToken, repository: &RepositoryRef, id: &str) -> Result<(), ForgeError>;

    async fn post_status(&self, token: &AccessToken, repository: &RepositoryRef, sha: &CommitSha, status: &CommitStatus) -> Result<(), ForgeError>;
}

/// Connects to a forge of either kind.
///
/// # Errors
/// If the HTTP client cannot be built.
pub fn connect(settings: ForgeSettings) -> Result<std::sync::Arc<dyn Forge>, ForgeError> { let _ = settings; todo!() }
