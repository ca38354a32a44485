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
    /// Its name in URLs. Display data.
    pub login: String,
    pub avatar_url: Option<String>,
}

/// A repository as the API describes it to one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Identity (`VCS` §0 rule 1).
    pub id: RepositoryId,
    /// User, organization or workspace.
    pub owner: ForgeOrganization,
    /// Its name in URLs. Display data.
    pub name: String,
    /// `None` for an empty one, on Bitbucket.
    pub default_branch: Option<String>,
    /// Whether only users with a role may see it.
    pub private: bool,
    /// Read-only for everyone; Bitbucket has no such thing.
    pub archived: bool,
    /// What `git clone` over SSH takes, as the forge gives it: the port may be any.
    pub ssh_url: String,
    /// URL of its page.
    pub web_url: String,
    /// The caller's role; `None` if they have none, or if the forge does not say.
    pub role: Option<Role>,
}

/// Names a repository in calls. GitHub is called by names (it redirects the old ones), Bitbucket by
/// the id alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryRef {
    /// Stays the same when the repository is renamed.
    pub id: RepositoryId,
    /// The owner's login.
    pub owner: String,
    /// The repository's name in URLs.
    pub name: String,
}

/// Finding repositories.
#[async_trait]
pub trait Repositories: Send + Sync {
    /// Lists every repository that the user can see, all pages. Never half a list.
    async fn repositories(&self, token: &AccessToken) -> Result<Vec<Repository>, ForgeError>;
    /// Reads a repository by owner and name.
    async fn repository(
        &self,
        token: &AccessToken,
        owner: &str,
        name: &str,
    ) -> Result<Repository, ForgeError>;
    /// Reads a repository by its id, which survives renames.
    async fn repository_by_id(
        &self,
        token: &AccessToken,
        id: &RepositoryId,
    ) -> Result<Repository, ForgeError>;
}
