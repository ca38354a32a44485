//! What a delivery can report.

use roundel_model::{
    forge::{ForgeUserId, RepositoryId},
    name::{CommitSha, GitRef},
};

/// What a delivery reports.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one is made for a delivery, and taken apart at once"
)]
pub enum ForgeEvent {
    /// A ping: the webhook works.
    Ping {
        /// The forge's id of the hook.
        hook_id: Option<String>,
    },
    /// A branch or tag was created or moved.
    Push(Push),
    /// A branch or tag is gone.
    Deleted {
        repository: RepositoryId,
        /// The branch or tag.
        git_ref: GitRef,
    },
    /// A pull request from the same repository or a fork.
    PullRequest(PullRequest),
    /// Names or visibility changed; the API has the current ones.
    RepositoryChanged {
        repository: RepositoryId,
        /// The change as the forge names it: `renamed`, `privatized`, `member added`, `repo:transfer` …
        what: String,
    },
    /// A webhook or deploy key was removed at the forge. It may be one that we created: look.
    HookOrKeyRemoved {
        /// `webhook 123` or `deploy key 123`.
        what: String,
    },
    /// Valid, and nothing has to be done.
    Ignored {
        /// Why, for the delivery's page.
        because: String,
    },
}

/// A branch or tag points at a commit now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    pub repository: RepositoryId,
    /// The branch or tag.
    pub git_ref: GitRef,
    /// None if the ref was created.
    pub before: Option<CommitSha>,
    /// May be a tag object's id on GitHub: resolve before building.
    pub after: CommitSha,
    /// The head commit, as far as the payload has it.
    pub head: Option<HeadCommit>,
    /// The user who pushed. Absent for some bots.
    pub sender_id: Option<ForgeUserId>,
    /// Display data.
    pub sender_login: Option<String>,
}

/// The newest commit of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadCommit {
    /// Its id: of the commit, also if a tag object was pushed.
    pub sha: CommitSha,
    /// The whole message.
    pub message: String,
    /// The name in the commit. Anyone can write anything there.
    pub author_name: Option<String>,
    /// The address in the commit. Anyone can write anything there.
    pub author_email: Option<String>,
    /// The account that the forge found for the address.
    pub author_login: Option<String>,
    /// URL of the commit's page.
    pub url: Option<String>,
}

/// A pull request: what its receipt says. It starts nothing by itself: the commits of its branch are
/// built because they were pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// The repository that it asks to change.
    pub repository: RepositoryId,
    /// Its number there.
    pub number: u64,
    /// In the forge's words: `opened`, `synchronize`, `created`, `fulfilled` …
    pub action: String,
    /// Decided by comparing ids; an unknown head repository counts as a fork.
    pub from_fork: bool,
}
