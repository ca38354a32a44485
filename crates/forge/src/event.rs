//! Webhooks: from headers and bytes to events. Never rejects what it does not understand: it says so.

use roundel_model::{
    forge::{ForgeKind, ForgeUserId, RepositoryId},
    name::{CommitSha, GitRef},
};

/// What a delivery tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForgeEvent {
    /// The hook works.
    Ping { hook_id: Option<String> },
    /// A branch or tag was created or moved.
    Push(Push),
    /// A branch or tag is gone.
    Deleted { repository: RepositoryId, git_ref: GitRef },
    /// A pull request from the same repository or a fork.
    PullRequest(PullRequest),
    /// Names or visibility changed; the API has the truth.
    RepositoryChanged { repository: RepositoryId, what: String },
    /// One of our own things was removed at the forge.
    OursRemoved { what: String },
    /// Understood, and nothing to do.
    Ignored { because: String },
}

/// A branch or tag points at a commit now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    pub repository: RepositoryId,
    pub git_ref: GitRef,
    /// None if the ref was created.
    pub before: Option<CommitSha>,
    /// May be a tag object's id on GitHub: resolve before building.
    pub after: CommitSha,
    pub forced: bool,
    /// The head commit, as far as the payload tells it.
    pub head: Option<HeadCommit>,
    pub sender_id: Option<ForgeUserId>,
    pub sender_login: Option<String>,
    pub default_branch: Option<String>,
}

/// The newest commit of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadCommit {
    pub sha: CommitSha,
    pub message: String,
    pub author_name: Option<String>,
    pub author_email: Option<String>,
    pub author_login: Option<String>,
    pub url: Option<String>,
}

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    pub repository: RepositoryId,
    pub number: u64,
    pub action: String,
    pub url: Option<String>,
    pub head_sha: CommitSha,
    pub head_branch: String,
    /// Decided by comparing ids; an unknown head repository counts as a fork.
    pub from_fork: bool,
}

/// Headers of a delivery that matter, of either forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryHeaders {
    /// `X-GitHub-Event` or `X-Event-Key`.
    pub event: String,
    /// `X-GitHub-Delivery` or `X-Request-UUID`.
    pub guid: String,
    /// The `sha256=…` signature.
    pub signature: Option<String>,
}

/// Reads a delivery. One push may change several refs, so there may be several events.
/// Never fails: what cannot be read becomes [`ForgeEvent::Ignored`] with the reason.
pub fn parse(kind: ForgeKind, event: &str, body: &[u8]) -> Vec<ForgeEvent> { let _ = (kind, event, body); todo!() }

/// Picks the headers of a delivery; `header` looks one up by lower-case name.
pub fn headers<'a>(kind: ForgeKind, header: impl Fn(&str) -> Option<&'a str>) -> Result<DeliveryHeaders, String> { let _ = (kind, header("")); todo!() }
