//! A small but real GitHub and Bitbucket on loopback: REST, OAuth, webhooks, git over SSH and HTTP.
//!
//! It is a model (users, repositories, keys, hooks, commits, statuses) behind real HTTP and real
//! git, never a list of canned answers. `roundel demo` runs it, and so do our tests.

use std::path::PathBuf;
use url::Url;

/// What to start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bare repositories, host key and state live here.
    pub directory: PathBuf,
    /// Address to listen on; ports are chosen when 0. Loopback only.
    pub listen: std::net::IpAddr,
    /// Ports (0: any) of the GitHub, the Bitbucket and the SSH side.
    pub github_port: u16,
    pub bitbucket_port: u16,
    pub ssh_port: u16,
}

/// A running forge pair. Dropping it stops it.
pub struct LocalForge {}

/// Which of the two.
pub use roundel_model::forge::ForgeKind;

impl LocalForge {
    /// Starts both forges.
    pub async fn start(settings: Settings) -> std::io::Result<Self> { let _ = settings; todo!() }
    /// Where people look at it, and the base of OAuth: `http://127.0.0.1:PORT`.
    pub fn web_url(&self, kind: ForgeKind) -> Url { let _ = kind; todo!() }
    /// Where programs talk to it: `…/api/v3` or `…/2.0`.
    pub fn api_url(&self, kind: ForgeKind) -> Url { let _ = kind; todo!() }
    /// `known_hosts` lines of the SSH server.
    pub fn known_hosts(&self) -> String { todo!() }
    /// Registers an OAuth application: (client id, client secret).
    pub fn register_application(&self, kind: ForgeKind, name: &str, redirect_uri: &str) -> (String, String) { let _ = (kind, name, redirect_uri); todo!() }
    /// Makes a user (login, name, e-mail) and returns its id.
    pub fn add_user(&self, kind: ForgeKind, login: &str, name: &str, email: &str) -> String { let _ = (kind, login, name, email); todo!() }
    /// Makes a token of a user, as if it had been granted (for tests and `demo --once`).
    pub fn grant_token(&self, kind: ForgeKind, login: &str, scopes: &[&str]) -> String { let _ = (kind, login, scopes); todo!() }
    /// Makes an organization or workspace owned by a user.
    pub fn add_organization(&self, kind: ForgeKind, login: &str, owner: &str) { let _ = (kind, login, owner); todo!() }
    /// Makes an empty bare repository; the user named gets admin.
    pub async fn add_repository(&self, kind: ForgeKind, owner: &str, name: &str, private: bool, admin: &str) -> std::io::Result<()> { let _ = (kind, owner, name, private, admin); todo!() }
    /// A clone URL with a user's credentials, for pushes over HTTP: hooks fire.
    pub fn push_url(&self, kind: ForgeKind, owner: &str, name: &str, login: &str) -> String { let _ = (kind, owner, name, login); todo!() }
    /// The marks on a commit: newest per context.
    pub fn statuses(&self, kind: ForgeKind, owner: &str, name: &str, sha: &str) -> Vec<StatusMark> { let _ = (kind, owner, name, sha); todo!() }
    /// Waits until a condition on the marks of a commit holds, or time is up.
    pub async fn wait_for_statuses(&self, kind: ForgeKind, owner: &str, name: &str, sha: &str, patience: std::time::Duration, done: impl Fn(&[StatusMark]) -> bool + Send) -> Vec<StatusMark> { let _ = (kind, owner, name, sha, patience, done); todo!() }
    /// Fails calls on purpose.
    pub fn inject(&self, failure: Failure) { let _ = failure; todo!() }
    /// Forgets all injected failures.
    pub fn heal(&self) { todo!() }
}

/// A mark on a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusMark { pub context: String, pub state: String, pub description: String, pub target_url: String, pub creator: String, pub created_at: roundel_model::time::Timestamp }

/// A failure to inject into calls.
#[derive(Clone, Debug)]
pub struct Failure {
    pub kind: ForgeKind,
    /// `POST`, or empty for any.
    pub method: String,
    /// Part of the path.
    pub path_contains: String,
    /// How many calls are let through first.
    pub after: u32,
    /// How many calls fail; `u32::MAX` for all.
    pub times: u32,
    pub how: FailureKind,
}
#[derive(Clone, Debug)]
pub enum FailureKind {
    /// Answers with this status and body, without doing it.
    Answer { status: u16, headers: Vec<(String, String)>, body: String },
    /// Waits first.
    Delay(std::time::Duration),
    /// Does it, then drops the connection.
    LoseAnswer,
}
