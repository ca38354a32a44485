//! What the server asks of a forge.

use std::sync::Arc;

use async_trait::async_trait;
use roundel_model::{
    forge::{ForgeKind, ForgeUserId, RepositoryId, Role},
    name::CommitSha,
    secret::Secret,
};
use url::Url;

use crate::{ForgeError, bitbucket::Bitbucket, github::GitHub};

/// Where a forge is and who we are there.
#[derive(Clone, Debug)]
pub struct ForgeSettings {
    /// Which API it speaks.
    pub kind: ForgeKind,
    /// Where people look at it: `https://github.com`.
    pub web_url: Url,
    /// Where programs talk to it: `https://api.github.com`, `https://api.bitbucket.org/2.0`.
    pub api_url: Url,
    /// Our OAuth application there.
    pub client_id: String,
    /// Its secret.
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
    /// The token for calls.
    pub access: AccessToken,
    /// What it may be used for; people may have unticked some.
    pub scopes: Vec<String>,
    /// How long it lasts; `None` for one that lasts until it is revoked.
    pub expires_in: Option<std::time::Duration>,
    /// What to get the next token with. It is good for one use: write it down before anything else.
    pub refresh: Option<Secret<String>>,
}

/// A person at the forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgeUser {
    /// Identity (`VCS` §0 rule 2).
    pub id: ForgeUserId,
    /// The account's name; the nickname on Bitbucket. Display data.
    pub login: String,
    /// The person's name; the login if there is none.
    pub name: String,
    /// A picture.
    pub avatar_url: Option<String>,
    /// The primary, verified address, if it may be seen.
    pub email: Option<String>,
}

/// An owner of repositories: user, organization or workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgeOrganization {
    /// Identity.
    pub id: String,
    /// Its name in addresses. Display data.
    pub login: String,
    /// A picture.
    pub avatar_url: Option<String>,
}

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Identity (`VCS` §0 rule 1).
    pub id: RepositoryId,
    /// Whose it is.
    pub owner: ForgeOrganization,
    /// Its name in addresses. Display data.
    pub name: String,
    /// `None` for an empty one, on Bitbucket.
    pub default_branch: Option<String>,
    /// Whether strangers must not see it.
    pub private: bool,
    /// Read-only for everybody; Bitbucket has no such thing.
    pub archived: bool,
    /// What `git clone` over SSH takes, as the forge tells it: the port may be any.
    pub ssh_url: String,
    /// Its page.
    pub web_url: String,
    /// What the caller may do with it.
    pub role: Option<Role>,
}

/// Names a repository in calls. GitHub is called by names (it redirects the old ones), Bitbucket by
/// the id alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryRef {
    /// Identity.
    pub id: RepositoryId,
    /// The owner's login.
    pub owner: String,
    /// The repository's name.
    pub name: String,
}

/// A deploy key at the forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgeKey {
    /// The forge's id of it.
    pub id: String,
    /// `ssh-ed25519 AAAA…`, without comment where the forge drops it. Compare with
    /// [`crate::keys::is_same_key`].
    pub public: String,
    /// What people see in the list.
    pub title: String,
    /// Whether it cannot push. Always so on Bitbucket.
    pub read_only: bool,
}

/// A webhook at the forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgeHook {
    /// The forge's id of it.
    pub id: String,
    /// Where it delivers to.
    pub url: String,
    /// Whether it delivers at all.
    pub active: bool,
    /// What it delivers, in the forge's words.
    pub events: Vec<String>,
    /// The newest answer that the forge got, where it tells.
    pub last_response: Option<String>,
}

/// A webhook that we want to exist.
#[derive(Clone, Debug)]
pub struct WantedHook {
    /// Where to deliver. Never holds the secret: addresses end in logs.
    pub url: String,
    /// What to sign with.
    pub secret: Secret<String>,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The full id.
    pub sha: CommitSha,
    /// The whole message.
    pub message: String,
    /// The name in the commit. Anybody can write anything there.
    pub author_name: Option<String>,
    /// The address in the commit. Anybody can write anything there.
    pub author_email: Option<String>,
    /// The account that the forge found for the address.
    pub author_login: Option<String>,
    /// Its identity.
    pub author_id: Option<ForgeUserId>,
    /// Its picture.
    pub author_avatar: Option<String>,
    /// The commit's page.
    pub url: Option<String>,
}

/// The mark on a commit, before each forge's own rules on lengths and words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitStatus {
    /// How it stands.
    pub state: CommitState,
    /// `ci/roundel: build`
    pub context: String,
    /// A sentence.
    pub description: String,
    /// Where *Details* leads.
    pub target_url: String,
    /// The branch, where the forge wants it (Bitbucket's `refname`).
    pub branch: Option<String>,
}

/// State of a mark, in the union of both forges' words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitState {
    /// Not decided: queued, running, on hold.
    Pending,
    /// Passed.
    Success,
    /// Did not pass.
    Failure,
    /// Canceled: `error` on GitHub, `STOPPED` on Bitbucket.
    Canceled,
    /// Not the user's fault: `error` on GitHub, `FAILED` on Bitbucket.
    Error,
}

/// What to send the browser to.
#[derive(Clone, Debug)]
pub struct AuthorizeRequest {
    /// Where the browser comes back to; exactly as registered.
    pub redirect_uri: String,
    /// Ties the answer to this browser.
    pub state: String,
    /// What to ask for. On Bitbucket the consumer decides.
    pub scopes: Vec<String>,
    /// PKCE S256 challenge. Bitbucket does not know PKCE and is not sent it (`VCS` §4.2).
    pub code_challenge: String,
    /// Suggests an account.
    pub login: Option<String>,
}

/// A forge. Every call has a time-out, follows redirects only to the same host, and repeats nothing
/// that is not safe to repeat.
///
/// Errors are the same for every call: see [`crate::ErrorClass`].
#[async_trait]
pub trait Forge: Send + Sync {
    /// Which one it is.
    fn kind(&self) -> ForgeKind;
    /// Where it is and who we are there.
    fn settings(&self) -> &ForgeSettings;

    /// The address of the consent page.
    fn authorize_url(&self, request: &AuthorizeRequest) -> Url;
    /// Scopes that sign-in asks for, with a sentence each on why (shown before the redirect).
    fn wanted_scopes(&self) -> Vec<(&'static str, &'static str)>;
    /// Turns the code that the browser brought back into a token. A code that is used or too old is
    /// [`crate::ErrorClass::Invalid`]: start over. An application that the forge does not know is
    /// [`crate::ErrorClass::Forbidden`]: the operator's business.
    async fn exchange_code(
        &self,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<Grant, ForgeError>;
    /// Gets the next token. The old pair is dead at once, so one refresh at a time; a lost answer
    /// means to authorize again ([`crate::ErrorClass::Unauthorized`]).
    async fn refresh(&self, refresh: &Secret<String>) -> Result<Grant, ForgeError>;
    /// The user, with the scopes that the token really has; none if the forge does not tell.
    async fn current_user(
        &self,
        token: &AccessToken,
    ) -> Result<(ForgeUser, Vec<String>), ForgeError>;

    /// Every repository that the user can see, all pages. Never half a list.
    async fn repositories(&self, token: &AccessToken) -> Result<Vec<Repository>, ForgeError>;
    /// A repository by the names that people use.
    async fn repository(
        &self,
        token: &AccessToken,
        owner: &str,
        name: &str,
    ) -> Result<Repository, ForgeError>;
    /// A repository by its identity, whatever it is called by now.
    async fn repository_by_id(
        &self,
        token: &AccessToken,
        id: &RepositoryId,
    ) -> Result<Repository, ForgeError>;

    /// The bytes of a file at a commit; `None` if the commit is there and has no such file. A
    /// directory is [`crate::ErrorClass::Invalid`]; a commit or repository that cannot be seen is
    /// [`crate::ErrorClass::NotFound`].
    async fn file_at(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        sha: &CommitSha,
        path: &str,
    ) -> Result<Option<Vec<u8>>, ForgeError>;
    /// Resolves a full or short commit id, a branch or a tag; `None` if the repository is there and
    /// has no such thing.
    async fn commit(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        revision: &str,
    ) -> Result<Option<Commit>, ForgeError>;
    /// The newest commit of a branch; `None` if the repository is there and has no such branch.
    async fn branch_head(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        branch: &str,
    ) -> Result<Option<CommitSha>, ForgeError>;

    /// The repository's deploy keys, ours and others'.
    async fn deploy_keys(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
    ) -> Result<Vec<ForgeKey>, ForgeError>;
    /// Adds a read-only key. [`crate::ErrorClass::Invalid`] may mean that it is there already: look
    /// for it in the list, never take the error for success (`VCS` §2.7).
    async fn create_deploy_key(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        title: &str,
        public: &str,
    ) -> Result<ForgeKey, ForgeError>;
    /// Deletes a key. One that is gone already is fine.
    async fn delete_deploy_key(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        id: &str,
    ) -> Result<(), ForgeError>;

    /// The repository's webhooks, ours and others'.
    async fn hooks(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
    ) -> Result<Vec<ForgeHook>, ForgeError>;
    /// Adds a webhook. [`crate::ErrorClass::Invalid`] may mean that it is there already: look for
    /// its address in the list and update it.
    async fn create_hook(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        hook: &WantedHook,
    ) -> Result<ForgeHook, ForgeError>;
    /// Brings an existing hook to what we want (URL, secret, events).
    async fn update_hook(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        id: &str,
        hook: &WantedHook,
    ) -> Result<ForgeHook, ForgeError>;
    /// Deletes a hook. One that is gone already is fine.
    async fn delete_hook(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        id: &str,
    ) -> Result<(), ForgeError>;

    /// Puts a mark on a commit, in place of the one with the same context.
    async fn post_status(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        sha: &CommitSha,
        status: &CommitStatus,
    ) -> Result<(), ForgeError>;
}

/// Connects to a forge of either kind. Nothing is sent yet.
///
/// # Errors
/// If the HTTP client cannot be built.
pub fn connect(settings: ForgeSettings) -> Result<Arc<dyn Forge>, ForgeError> {
    Ok(match settings.kind {
        ForgeKind::GitHub => Arc::new(GitHub::new(settings, crate::http::Patience::default())?),
        ForgeKind::Bitbucket => {
            Arc::new(Bitbucket::new(settings, crate::http::Patience::default())?)
        }
    })
}
