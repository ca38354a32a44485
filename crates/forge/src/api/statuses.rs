//! Commit statuses.

use async_trait::async_trait;
use roundel_model::name::CommitSha;

use super::{repositories::RepositoryRef, sign_in::AccessToken};
use crate::error::ForgeError;

/// A commit status, before each forge's own limits on its texts apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitStatus {
    /// Decides the icon next to the commit.
    pub state: CommitState,
    /// `ci/roundel: build`
    pub context: String,
    /// The text next to the context.
    pub description: String,
    /// The page behind *Details*.
    pub target_url: String,
    /// The branch, where the forge wants it (Bitbucket's `refname`).
    pub branch: Option<String>,
}

/// State of a commit status, in terms that map to both forges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitState {
    /// Not decided: queued, running, on hold.
    Pending,
    /// The job passed.
    Success,
    /// The job did not pass.
    Failure,
    /// Canceled: `error` on GitHub, `STOPPED` on Bitbucket.
    Canceled,
    /// Not the user's fault: `error` on GitHub, `FAILED` on Bitbucket.
    Error,
}

/// Reporting to commits.
#[async_trait]
pub trait Statuses: Send + Sync {
    /// Sets a commit status, in place of the one with the same context.
    async fn post_status(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        sha: &CommitSha,
        status: &CommitStatus,
    ) -> Result<(), ForgeError>;
}
