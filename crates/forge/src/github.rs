//! GitHub: github.com and Enterprise Server, as an OAuth application (`VCS` §2).
//!
//! Each file below holds a handful of calls with the fields that they read. Fields that we can do
//! without are optional, for older servers lack some and newer ones drop some.
//!
//! Deliberately absent: GitHub Apps, the Checks API, users' SSH keys.

mod contents;
mod deploy_keys;
mod hooks;
mod oauth;
mod refusal;
mod repositories;
mod statuses;
mod users;

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use reqwest::Method;
use roundel_model::{
    forge::{ForgeKind, RepositoryId},
    name::CommitSha,
    secret::Secret,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::{
    AccessToken, AuthorizeRequest, Commit, CommitStatus, Forge, ForgeError, ForgeHook, ForgeKey,
    ForgeSettings, ForgeUser, Grant, Repository, RepositoryRef, WantedHook,
    http::{self, Answer, Call, Client, Dialect, Page, Patience},
};

/// GitHub, spoken to in the name of users.
pub(crate) struct GitHub {
    settings: ForgeSettings,
    client: Client,
}

impl GitHub {
    /// Connects.
    ///
    /// # Errors
    /// If the HTTP client cannot be built.
    pub(crate) fn new(settings: ForgeSettings, patience: Patience) -> Result<Self, ForgeError> {
        let dialect = Dialect {
            kind: ForgeKind::GitHub,
            headers: http::fixed_headers(&[
                ("accept", "application/vnd.github+json"),
                ("x-github-api-version", "2022-11-28"),
            ]),
            refusal: refusal::understand,
            page,
        };
        Ok(Self { client: Client::new(&settings, dialect, patience)?, settings })
    }

    fn api(&self, segments: &[&str]) -> Result<Url, ForgeError> {
        http::at(&self.settings.api_url, segments)
    }

    /// The address of something of a repository.
    fn of(&self, repository: &RepositoryRef, segments: &[&str]) -> Result<Url, ForgeError> {
        let mut all = vec!["repos", &repository.owner, &repository.name];
        all.extend(segments);
        self.api(&all)
    }

    /// Sends a call and reads the answer.
    async fn ask<T: DeserializeOwned>(&self, call: Call) -> Result<T, ForgeError> {
        let answer = self.client.send(&call).await?;
        answer.json().map_err(|error| self.unreadable(&call, &error))
    }

    /// Reads a list. An entry that lacks what we need is left out: one odd entry must not hide the
    /// others.
    async fn list<T: DeserializeOwned>(&self, call: Call) -> Result<Vec<T>, ForgeError> {
        let what = call.what;
        let items = self.client.list(call.query(&[("per_page", "100")])).await?;
        Ok(items.into_iter().filter_map(|item| readable(what, item)).collect())
    }

    /// Deletes something. What is gone already is as good as deleted (`VCS` §2.7).
    async fn delete(
        &self,
        what: &'static str,
        url: Url,
        token: &AccessToken,
    ) -> Result<(), ForgeError> {
        let call = Call::new(Method::DELETE, what, url).by(token).repeatable();
        match self.client.send(&call).await {
            Ok(_) => Ok(()),
            Err(error) if error.status == Some(404) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn unreadable(&self, call: &Call, error: &serde_json::Error) -> ForgeError {
        self.client.broken(call, &format!("its answer is not what we expect: {error}"))
    }
}

fn page(answer: &Answer) -> Result<Page, serde_json::Error> {
    Ok(Page { items: answer.json()?, next: http::link_next(answer.header("link")) })
}

fn readable<T: DeserializeOwned>(what: &str, item: Value) -> Option<T> {
    match serde_json::from_value(item) {
        Ok(item) => Some(item),
        Err(error) => {
            tracing::warn!(what, %error, "GitHub listed an entry that we cannot read");
            None
        }
    }
}

#[async_trait]
impl Forge for GitHub {
    fn kind(&self) -> ForgeKind {
        ForgeKind::GitHub
    }

    fn settings(&self) -> &ForgeSettings {
        &self.settings
    }

    fn authorize_url(&self, request: &AuthorizeRequest) -> Url {
        oauth::authorize_url(&self.settings, request)
    }

    fn wanted_scopes(&self) -> Vec<(&'static str, &'static str)> {
        oauth::WANTED_SCOPES.to_vec()
    }

    async fn exchange_code(
        &self,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<Grant, ForgeError> {
        self.grant_for_code(code, redirect_uri, verifier).await
    }

    async fn refresh(&self, refresh: &Secret<String>) -> Result<Grant, ForgeError> {
        self.grant_for_refresh(refresh).await
    }

    async fn current_user(
        &self,
        token: &AccessToken,
    ) -> Result<(ForgeUser, Vec<String>), ForgeError> {
        self.user_and_scopes(token).await
    }

    async fn repositories(&self, token: &AccessToken) -> Result<Vec<Repository>, ForgeError> {
        self.all_repositories(token).await
    }

    async fn repository(
        &self,
        token: &AccessToken,
        owner: &str,
        name: &str,
    ) -> Result<Repository, ForgeError> {
        self.read_repository(token, self.api(&["repos", owner, name])?).await
    }

    async fn repository_by_id(
        &self,
        token: &AccessToken,
        id: &RepositoryId,
    ) -> Result<Repository, ForgeError> {
        // Not in GitHub's API description, but it follows renames and transfers (`VCS` §2.6).
        self.read_repository(token, self.api(&["repositories", &id.0])?).await
    }

    async fn file_at(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        sha: &CommitSha,
        path: &str,
    ) -> Result<Option<Vec<u8>>, ForgeError> {
        self.read_file(token, repository, sha, path).await
    }

    async fn commit(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        revision: &str,
    ) -> Result<Option<Commit>, ForgeError> {
        self.read_commit(token, repository, revision).await
    }

    async fn branch_head(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        branch: &str,
    ) -> Result<Option<CommitSha>, ForgeError> {
        self.read_branch_head(token, repository, branch).await
    }

    async fn deploy_keys(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
    ) -> Result<Vec<ForgeKey>, ForgeError> {
        self.list_deploy_keys(token, repository).await
    }

    async fn create_deploy_key(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        title: &str,
        public: &str,
    ) -> Result<ForgeKey, ForgeError> {
        self.add_deploy_key(token, repository, title, public).await
    }

    async fn delete_deploy_key(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        id: &str,
    ) -> Result<(), ForgeError> {
        self.delete("delete a deploy key", self.of(repository, &["keys", id])?, token).await
    }

    async fn hooks(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
    ) -> Result<Vec<ForgeHook>, ForgeError> {
        self.list_hooks(token, repository).await
    }

    async fn create_hook(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        hook: &WantedHook,
    ) -> Result<ForgeHook, ForgeError> {
        self.add_hook(token, repository, hook).await
    }

    async fn update_hook(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        id: &str,
        hook: &WantedHook,
    ) -> Result<ForgeHook, ForgeError> {
        self.edit_hook(token, repository, id, hook).await
    }

    async fn delete_hook(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        id: &str,
    ) -> Result<(), ForgeError> {
        self.delete("delete a webhook", self.of(repository, &["hooks", id])?, token).await
    }

    async fn post_status(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        sha: &CommitSha,
        status: &CommitStatus,
    ) -> Result<(), ForgeError> {
        self.add_status(token, repository, sha, status).await
    }
}
