//! What both forges are: a client, and addresses below a repository.
//!
//! The files `contents`, `deploy_keys`, `hooks` and `repositories` make the calls that are the same
//! at both; `github` and `bitbucket` say where they go and how they are written.

use url::Url;

use crate::{api::RepositoryRef, error::ForgeError, http::Client};

/// A forge with a REST API.
pub(crate) trait Rest: Send + Sync {
    fn client(&self) -> &Client;

    /// Returns the address of something of a repository.
    ///
    /// # Errors
    /// See [`crate::http::at`].
    fn of(&self, repository: &RepositoryRef, segments: &[&str]) -> Result<Url, ForgeError>;
}
