//! Repositories and what the caller may do with them (`VCS` §2.6).

use async_trait::async_trait;
use roundel_model::forge::{RepositoryId, Role};
use serde::Deserialize;
use url::Url;

use super::GitHub;
use crate::{
    api::{AccessToken, ForgeOrganization, Repositories, Repository},
    error::ForgeError,
    http::Call,
    lenient::maybe,
};

#[derive(Deserialize)]
struct Repo {
    id: u64,
    name: String,
    owner: Owner,
    #[serde(default, deserialize_with = "maybe")]
    default_branch: Option<String>,
    /// If it is not said, strangers must not see it.
    #[serde(default, deserialize_with = "maybe")]
    private: Option<bool>,
    #[serde(default, deserialize_with = "maybe")]
    archived: Option<bool>,
    #[serde(default, deserialize_with = "maybe")]
    ssh_url: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    html_url: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    permissions: Option<Permissions>,
}

#[derive(Deserialize)]
struct Owner {
    id: u64,
    login: String,
    #[serde(default, deserialize_with = "maybe")]
    avatar_url: Option<String>,
}

#[expect(clippy::struct_excessive_bools, reason = "GitHub's own shape")]
#[derive(Deserialize, Default)]
#[serde(default)]
struct Permissions {
    admin: bool,
    maintain: bool,
    push: bool,
    triage: bool,
    pull: bool,
}

impl Permissions {
    /// GitHub's five steps in our three (`VCS` §2.6).
    fn role(&self) -> Option<Role> {
        if self.admin {
            Some(Role::Admin)
        } else if self.maintain || self.push {
            Some(Role::Write)
        } else if self.triage || self.pull {
            Some(Role::Read)
        } else {
            None
        }
    }
}

impl Repo {
    fn into_repository(self, web_url: &Url) -> Repository {
        let full_name = format!("{}/{}", self.owner.login, self.name);
        let host = web_url.host_str().unwrap_or_default();
        Repository {
            id: RepositoryId(self.id.to_string()),
            owner: ForgeOrganization {
                id: self.owner.id.to_string(),
                login: self.owner.login,
                avatar_url: self.owner.avatar_url,
            },
            name: self.name,
            default_branch: self.default_branch,
            private: self.private.unwrap_or(true),
            archived: self.archived.unwrap_or(false),
            ssh_url: self.ssh_url.unwrap_or_else(|| format!("git@{host}:{full_name}.git")),
            web_url: self.html_url.unwrap_or_else(|| {
                format!("{}/{full_name}", web_url.as_str().trim_end_matches('/'))
            }),
            role: self.permissions.and_then(|permissions| permissions.role()),
        }
    }
}

#[async_trait]
impl Repositories for GitHub {
    async fn repositories(&self, token: &AccessToken) -> Result<Vec<Repository>, ForgeError> {
        let call = Call::get("list your repositories", self.client.api(&["user", "repos"])?)
            .query(&[
                ("affiliation", "owner,collaborator,organization_member"),
                ("sort", "full_name"),
            ])
            .by(token);
        let repos: Vec<Repo> = self.client.list_readable(call).await?;
        let web_url = &self.client.settings().web_url;
        Ok(repos.into_iter().map(|repo| repo.into_repository(web_url)).collect())
    }

    async fn repository(
        &self,
        token: &AccessToken,
        owner: &str,
        name: &str,
    ) -> Result<Repository, ForgeError> {
        self.read_repository(token, self.client.api(&["repos", owner, name])?).await
    }

    async fn repository_by_id(
        &self,
        token: &AccessToken,
        id: &RepositoryId,
    ) -> Result<Repository, ForgeError> {
        // Not in GitHub's API description, but it follows renames and transfers (`VCS` §2.6).
        self.read_repository(token, self.client.api(&["repositories", &id.0])?).await
    }
}

impl GitHub {
    async fn read_repository(
        &self,
        token: &AccessToken,
        url: Url,
    ) -> Result<Repository, ForgeError> {
        let call = Call::get("read the repository", url).by(token);
        let repo: Repo = self.client.ask(&call).await?;
        Ok(repo.into_repository(&self.client.settings().web_url))
    }
}
