//! Repositories, their owners, and what the caller may do with them.

use async_trait::async_trait;
use roundel_model::forge::{RepositoryId, Role};

use super::sign_in::AccessToken;
use crate::error::ForgeError;

/// An owner of repositories: user, organization or workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgeOrganization {
    /// Identity, unlike the login, which may change.
    pub id: String,
    /// Its name in addresses. Display data.
    pub login: String,
    /// A picture.
    pub avatar_url: Option<String>,
}

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Identity (`VCS` §0 rule 1).
    pub id: RepositoryId,
    /// Whose it is.
    pub owner: ForgeOrganization,
    /// Its name in addresses. Display data.
    pub name: String,
    /// `None` for an empty one, on Bitbucket.
    pub default_branch: Option<String>,
    /// Whether strangers must not see it.
    pub private: bool,
    /// Read-only for everyone; Bitbucket has no such thing.
    pub archived: bool,
    /// What `git clone` over SSH takes, as the forge gives it: the port may be any.
    pub ssh_url: String,
    /// Its page.
    pub web_url: String,
    /// What the caller may do with it.
    pub role: Option<Role>,
}

/// Names a repository in calls. GitHub is called by names (it redirects the old ones), Bitbucket by
/// the id alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryRef {
    /// Identity.
    pub id: RepositoryId,
    /// The owner's login.
    pub owner: String,
    /// The repository's name in addresses.
    pub name: String,
}

/// Finding repositories.
#[async_trait]
pub trait Repositories: Send + Sync {
    /// Lists every repository that the user can see, all pages. Never half a list.
    async fn repositories(&self, token: &AccessToken) -> Result<Vec<Repository>, ForgeError>;
    /// Reads a repository by the names that people use.
    async fn repository(
        &self,
        token: &AccessToken,
        owner: &str,
        name: &str,
    ) -> Result<Repository, ForgeError>;
    /// Reads a repository by its identity, whatever it is called by now.
    async fn repository_by_id(
        &self,
        token: &AccessToken,
        id: &RepositoryId,
    ) -> Result<Repository, ForgeError>;
}
