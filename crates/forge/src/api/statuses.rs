//! Commit statuses.

use async_trait::async_trait;
use roundel_model::name::CommitSha;

use super::{repositories::RepositoryRef, sign_in::AccessToken};
use crate::error::ForgeError;

/// A commit status, before each forge's own rules on lengths and words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitStatus {
    /// Which of the dots it shows.
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

/// State of a commit status, in the union of both forges' words.
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
