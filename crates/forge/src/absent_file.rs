//! A 404 to reading a file: the file may be absent, or the commit, or the whole repository.

use roundel_model::name::CommitSha;

use crate::{
    api::{AccessToken, Forge, RepositoryRef},
    error::{ErrorClass, ForgeError},
};

/// Completes "could not …", for the call that both forges make.
pub(crate) const READ_FILE: &str = "read a file";

/// Finds out which of them it is: only a file that is absent from a commit that is there is an
/// answer.
///
/// # Errors
/// [`ErrorClass::NotFound`] if the commit or the repository cannot be seen.
pub(crate) async fn absent_file<T>(
    forge: &impl Forge,
    token: &AccessToken,
    repository: &RepositoryRef,
    sha: &CommitSha,
) -> Result<Option<T>, ForgeError> {
    if forge.commit(token, repository, sha.as_str()).await?.is_some() {
        return Ok(None);
    }
    let message = format!(
        "could not {READ_FILE} on {}: commit {} is not there any more",
        forge.kind(),
        sha.short()
    );
    Err(ForgeError { status: Some(404), ..ForgeError::new(ErrorClass::NotFound, message) })
}
