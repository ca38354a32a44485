//! Files, commits and branch heads: the calls that both forges have.

use async_trait::async_trait;
use roundel_model::name::CommitSha;
use serde::de::DeserializeOwned;
use url::Url;

use crate::{
    api::{AccessToken, Commit, Contents, RepositoryRef},
    error::{ErrorClass, ForgeError},
    http::Call,
    rest::Rest,
};

/// Completes "could not …", for the call that both forges make.
pub(crate) const READ_FILE: &str = "read a file";

/// How one forge writes commits, branches and files.
#[async_trait]
pub(crate) trait ContentFormat: Rest {
    /// A commit as the forge answers it.
    type Commit: DeserializeOwned + Into<Commit> + Send;
    /// A branch as the forge answers it.
    type Branch: DeserializeOwned + Into<CommitSha> + Send;

    fn commit_url(&self, repository: &RepositoryRef, revision: &str) -> Result<Url, ForgeError>;
    fn branch_url(&self, repository: &RepositoryRef, branch: &str) -> Result<Url, ForgeError>;

    /// Returns whether an error of the forge says that the repository has no such commit or branch. With a
    /// 404 it is not known yet whether the repository itself can be seen.
    fn says_absent(error: &ForgeError) -> bool;

    /// Reads a file; an error with status 404 where it is not there.
    async fn read_file(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        sha: &CommitSha,
        path: &str,
    ) -> Result<Vec<u8>, ForgeError>;
}

#[async_trait]
impl<F: ContentFormat> Contents for F {
    async fn file_at(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        sha: &CommitSha,
        path: &str,
    ) -> Result<Option<Vec<u8>>, ForgeError> {
        let found = unless_absent(self.read_file(token, repository, sha, path).await)?;
        if found.is_some() {
            return Ok(found);
        }
        require_commit(self, token, repository, sha).await?;
        // A file that is absent ends a push without a word on the commit: one answer is not enough for it.
        unless_absent(self.read_file(token, repository, sha, path).await)
    }

    async fn commit(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        revision: &str,
    ) -> Result<Option<Commit>, ForgeError> {
        let call = Call::get("read a commit", self.commit_url(repository, revision)?).by(token);
        let answer = self.client().ask::<F::Commit>(&call).await.map(Into::into);
        present(self, token, repository, answer).await
    }

    async fn branch_head(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        branch: &str,
    ) -> Result<Option<CommitSha>, ForgeError> {
        let call = Call::get("read a branch", self.branch_url(repository, branch)?).by(token);
        let answer = self.client().ask::<F::Branch>(&call).await.map(Into::into);
        present(self, token, repository, answer).await
    }
}

/// Decides whether an error says that a commit or branch is not there. A 404 does if the repository
/// itself can be seen.
async fn present<F: ContentFormat, T>(
    forge: &F,
    token: &AccessToken,
    repository: &RepositoryRef,
    answer: Result<T, ForgeError>,
) -> Result<Option<T>, ForgeError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if !error.is_transient() && F::says_absent(&error) => Ok(None),
        Err(error) if error.is_not_found_by_forge() => {
            require_visible(forge, token, repository).await.map(|()| None)
        }
        Err(error) => Err(error),
    }
}

/// Reads the repository itself, whatever its answer holds.
async fn require_visible(
    forge: &impl Rest,
    token: &AccessToken,
    repository: &RepositoryRef,
) -> Result<(), ForgeError> {
    let call = Call::get("read the repository", forge.of(repository, &[])?).by(token);
    forge.client().send_for_json(&call).await.map(drop)
}

/// Makes `None` of the forge's 404.
fn unless_absent(answer: Result<Vec<u8>, ForgeError>) -> Result<Option<Vec<u8>>, ForgeError> {
    match answer {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.is_not_found_by_forge() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads the commit of a file that answered 404: the file may be absent, or the commit, or the whole
/// repository. Only a file that is absent from a commit that is there is an answer.
///
/// # Errors
/// [`ErrorClass::NotFound`] if the commit or the repository cannot be seen.
async fn require_commit<F: ContentFormat>(
    forge: &F,
    token: &AccessToken,
    repository: &RepositoryRef,
    sha: &CommitSha,
) -> Result<(), ForgeError> {
    if forge.commit(token, repository, sha.as_str()).await?.is_some() {
        return Ok(());
    }
    let kind = forge.client().settings().kind;
    let reason = format!("commit {} no longer exists", sha.short());
    let error = ForgeError::of_call(ErrorClass::NotFound, READ_FILE, kind, reason);
    Err(ForgeError { status: Some(404), ..error })
}

/// Makes the error for something that is not a file.
pub(crate) fn not_a_file(forge: &impl Rest, path: &str, kind: &str) -> ForgeError {
    let name = forge.client().settings().kind;
    let reason = format!("`{path}` is a {kind}, not a file");
    ForgeError::of_call(ErrorClass::Invalid, READ_FILE, name, reason)
}
