//! Files, commits and branch heads.

use async_trait::async_trait;
use roundel_model::name::CommitSha;

use super::{repositories::RepositoryRef, sign_in::AccessToken};
use crate::error::ForgeError;

/// A commit as the API describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The full SHA.
    pub sha: CommitSha,
    /// The whole message.
    pub message: String,
    /// The name in the commit. Anyone can write anything there.
    pub author_name: Option<String>,
    /// The address in the commit. Anyone can write anything there.
    pub author_email: Option<String>,
    /// The account that the forge found for the address.
    pub author_login: Option<String>,
    /// URL of that account's avatar.
    pub author_avatar: Option<String>,
    /// URL of the commit's page.
    pub url: Option<String>,
}

/// Reading what is in a repository.
#[async_trait]
pub trait Contents: Send + Sync {
    /// Reads the bytes of a file at a commit; `None` if the commit is there and has no such file. A
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
    /// Finds the newest commit of a branch; `None` if the repository is there and has no such
    /// branch.
    async fn branch_head(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        branch: &str,
    ) -> Result<Option<CommitSha>, ForgeError>;
}
