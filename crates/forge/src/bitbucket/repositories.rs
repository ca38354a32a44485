//! Workspaces, repositories and what the caller may do with them (`VCS` §4.4).

use std::collections::HashMap;

use async_trait::async_trait;
use roundel_model::forge::{RepositoryId, Role};
use serde::Deserialize;
use url::Url;

use super::{
    Bitbucket,
    shape::{AccountLinks, Link},
};
use crate::{
    api::{AccessToken, ForgeOrganization, Repositories, Repository},
    error::ForgeError,
    http::Call,
    lenient::maybe,
};

#[derive(Deserialize)]
struct Repo {
    uuid: String,
    full_name: String,
    #[serde(default, deserialize_with = "maybe")]
    workspace: Option<Workspace>,
    #[serde(default, deserialize_with = "maybe")]
    is_private: Option<bool>,
    #[serde(default, deserialize_with = "maybe")]
    mainbranch: Option<Branch>,
    #[serde(default, deserialize_with = "maybe")]
    scm: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    links: Option<RepoLinks>,
}

#[derive(Deserialize)]
struct Workspace {
    uuid: String,
    #[serde(default, deserialize_with = "maybe")]
    slug: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    links: Option<AccountLinks>,
}

#[derive(Deserialize)]
struct Branch {
    name: String,
}

#[derive(Deserialize)]
struct RepoLinks {
    #[serde(default, deserialize_with = "maybe")]
    html: Option<Link>,
    #[serde(default, deserialize_with = "maybe")]
    clone: Option<Vec<CloneLink>>,
}

#[derive(Deserialize)]
struct CloneLink {
    name: String,
    href: String,
}

#[derive(Deserialize)]
struct WorkspaceAccess {
    workspace: Workspace,
}

#[derive(Deserialize)]
struct Permission {
    permission: String,
    repository: PermittedRepository,
}

#[derive(Deserialize)]
struct PermittedRepository {
    uuid: String,
}

impl Permission {
    fn role(&self) -> Option<Role> {
        match self.permission.as_str() {
            "admin" => Some(Role::Admin),
            "write" => Some(Role::Write),
            "read" => Some(Role::Read),
            _ => None,
        }
    }
}

impl Repo {
    fn into_repository(self, web_url: &Url, role: Option<Role>) -> Repository {
        let (owner, name) = self.full_name.split_once('/').unwrap_or(("", &self.full_name));
        let links = self.links.unwrap_or(RepoLinks { html: None, clone: None });
        let ssh = links.clone.unwrap_or_default().into_iter().find(|link| link.name == "ssh");
        let host = web_url.host_str().unwrap_or_default();
        let (slug, avatar_url, id) = match self.workspace {
            Some(workspace) => {
                let avatar = workspace.links.and_then(|links| links.avatar);
                (workspace.slug, avatar.map(|avatar| avatar.href), workspace.uuid)
            }
            None => (None, None, owner.to_owned()),
        };
        Repository {
            id: RepositoryId(self.uuid),
            owner: ForgeOrganization {
                id,
                login: slug.unwrap_or_else(|| owner.to_owned()),
                avatar_url,
            },
            name: name.to_owned(),
            default_branch: self.mainbranch.map(|branch| branch.name),
            private: self.is_private.unwrap_or(true),
            archived: false,
            ssh_url: ssh
                .map_or_else(|| format!("git@{host}:{}.git", self.full_name), |link| link.href),
            web_url: links.html.map_or_else(
                || format!("{}/{}", web_url.as_str().trim_end_matches('/'), self.full_name),
                |link| link.href,
            ),
            role,
        }
    }
}

#[async_trait]
impl Repositories for Bitbucket {
    /// Lists workspace by workspace: the end points that listed all at once are gone.
    async fn repositories(&self, token: &AccessToken) -> Result<Vec<Repository>, ForgeError> {
        let url = self.client.api(&["user", "workspaces"])?;
        let call = Call::get("list your workspaces", url).by(token);
        let mut repositories = Vec::new();
        for access in self.client.list_readable::<WorkspaceAccess>(call).await? {
            match self.repositories_of(token, &access.workspace.uuid).await {
                Ok(found) => repositories.extend(found),
                // One workspace that is blocked, or closed to our address, must not hide the rest.
                Err(error) if error.is_hidden() => {
                    let workspace = access.workspace.slug.unwrap_or(access.workspace.uuid);
                    tracing::warn!(workspace, %error, "a Bitbucket workspace cannot be listed");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(repositories)
    }

    async fn repository(
        &self,
        token: &AccessToken,
        owner: &str,
        name: &str,
    ) -> Result<Repository, ForgeError> {
        self.read_repository(token, self.client.api(&["repositories", owner, name])?).await
    }

    async fn repository_by_id(
        &self,
        token: &AccessToken,
        id: &RepositoryId,
    ) -> Result<Repository, ForgeError> {
        self.read_repository(token, self.by_id(id, &[])?).await
    }
}

impl Bitbucket {
    async fn repositories_of(
        &self,
        token: &AccessToken,
        workspace: &str,
    ) -> Result<Vec<Repository>, ForgeError> {
        let url =
            self.client.api(&["user", "workspaces", workspace, "permissions", "repositories"])?;
        let call = Call::get("list your permissions", url).by(token);
        let permissions: Vec<Permission> = self.client.list_readable(call).await?;
        let roles: HashMap<&str, Role> = permissions
            .iter()
            .filter_map(|one| Some((one.repository.uuid.as_str(), one.role()?)))
            .collect();
        let url = self.client.api(&["repositories", workspace])?;
        let call = Call::get("list the repositories of a workspace", url)
            .query(&[("role", "member"), ("sort", "name")])
            .by(token);
        let repos: Vec<Repo> = self.client.list_readable(call).await?;
        let git = repos.into_iter().filter(|repo| !matches!(&repo.scm, Some(scm) if scm != "git"));
        let found = git.map(|repo| {
            // It was listed for this user, so it can at least be read.
            let role = roles.get(repo.uuid.as_str()).copied().unwrap_or(Role::Read);
            repo.into_repository(&self.client.settings().web_url, Some(role))
        });
        Ok(found.collect())
    }

    async fn read_repository(
        &self,
        token: &AccessToken,
        url: Url,
    ) -> Result<Repository, ForgeError> {
        let call = Call::get("read the repository", url).by(token);
        let repo: Repo = self.client.ask(&call).await?;
        let role = self.role_in(token, &repo).await?;
        Ok(repo.into_repository(&self.client.settings().web_url, role))
    }

    /// Reads what the caller may do: a separate answer on Bitbucket. None if the workspace does
    /// not say it to strangers (a public repository).
    async fn role_in(&self, token: &AccessToken, repo: &Repo) -> Result<Option<Role>, ForgeError> {
        let slug = repo.full_name.split('/').next().unwrap_or_default();
        let workspace = repo.workspace.as_ref().map_or(slug, |workspace| &workspace.uuid);
        let url =
            self.client.api(&["user", "workspaces", workspace, "permissions", "repositories"])?;
        let name = repo.full_name.replace(['"', '\\'], "");
        let call = Call::get("read your permission", url)
            .query(&[("q", &format!("repository.full_name=\"{name}\""))])
            .by(token);
        let permissions: Vec<Permission> =
            self.client.list_readable(call).await.or_else(ForgeError::empty_if_hidden)?;
        // The filter may be ignored; what counts is the id in the answer.
        let own = permissions.iter().find(|one| one.repository.uuid == repo.uuid);
        Ok(own.and_then(Permission::role))
    }
}
