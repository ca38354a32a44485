//! Bitbucket Cloud (`VCS` §4).
//!
//! Repositories are addressed by their id with an empty workspace, `/repositories/{}/{uuid}`, which
//! Bitbucket resolves whatever workspace and repository are called by now:
//! <https://developer.atlassian.com/cloud/bitbucket/rest/intro/#repository-object-and-uuid>.
//!
//! Deliberately absent: Data Center, the end points that Bitbucket has removed (`VCS` §4.4), users'
//! SSH keys.

mod contents;
mod deploy_keys;
mod diagnose;
mod hooks;
mod repositories;
mod shape;
mod sign_in;
mod statuses;

#[cfg(test)]
mod tests;

use roundel_model::forge::RepositoryId;
use url::Url;

use self::shape::braced;
use crate::{
    api::{Forge, ForgeSettings, RepositoryRef},
    error::ForgeError,
    http::{self, Client, Dialect},
    rest::Rest,
};

/// Stands for the workspace where the repository's id says it all.
const ANY_WORKSPACE: &str = "{}";

/// Bitbucket Cloud, called in the name of users.
pub(crate) struct Bitbucket {
    client: Client,
}

impl Bitbucket {
    /// Connects.
    ///
    /// # Errors
    /// If the HTTP client cannot be built.
    pub(crate) fn new(settings: ForgeSettings) -> Result<Self, ForgeError> {
        let dialect = Dialect {
            headers: http::fixed_headers(&[("accept", "application/json")]),
            diagnose: diagnose::diagnose,
            page: shape::page,
            page_size: "pagelen",
        };
        Ok(Self { client: Client::new(settings, dialect)? })
    }

    /// Returns the address of something of a repository that is known by its id only.
    fn by_id(&self, repository: &RepositoryId, segments: &[&str]) -> Result<Url, ForgeError> {
        let id = braced(&repository.0);
        let mut all = vec!["repositories", ANY_WORKSPACE, &id];
        all.extend(segments);
        self.client.api(&all)
    }
}

impl Rest for Bitbucket {
    fn client(&self) -> &Client {
        &self.client
    }

    fn of(&self, repository: &RepositoryRef, segments: &[&str]) -> Result<Url, ForgeError> {
        self.by_id(&repository.id, segments)
    }
}

impl Forge for Bitbucket {
    fn settings(&self) -> &ForgeSettings {
        self.client.settings()
    }
}
