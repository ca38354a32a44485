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
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use url::Url;

use crate::{
    AccessToken, AuthorizeRequest, Commit, CommitStatus, Forge, ForgeError, ForgeHook, ForgeKey,
    ForgeSettings, ForgeUser, Grant, Repository, RepositoryRef, WantedHook,
    http::{self, Answer, Call, Client, Dialect, Page, Patience},
    lenient::maybe,
};

/// Stands for the workspace where the repository's id says it all.
const ANY_WORKSPACE: &str = "{}";

/// Bitbucket Cloud, spoken to in the name of users.
pub(crate) struct Bitbucket {
    settings: ForgeSettings,
    client: Client,
}

impl Bitbucket {
    /// Connects.
    ///
    /// # Errors
    /// If the HTTP client cannot be built.
    pub(crate) fn new(settings: ForgeSettings, patience: Patience) -> Result<Self, ForgeError> {
        let dialect = Dialect {
            kind: ForgeKind::Bitbucket,
            headers: http::fixed_headers(&[("accept", "application/json")]),
            refusal: refusal::understand,
            page,
        };
        Ok(Self { client: Client::new(&settings, dialect, patience)?, settings })
    }

    fn api(&self, segments: &[&str]) -> Result<Url, ForgeError> {
        http::at(&self.settings.api_url, segments)
    }

    /// The address of something of a repository.
    fn of(&self, repository: &RepositoryId, segments: &[&str]) -> Result<Url, ForgeError> {
        let id = braced(&repository.0);
        let mut all = vec!["repositories", ANY_WORKSPACE, &id];
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
        let items = self.client.list(call.query(&[("pagelen", "100")])).await?;
        Ok(items.into_iter().filter_map(|item| readable(what, item)).collect())
    }

    /// Deletes something. What is gone already is as good as deleted (`VCS` §4.5).
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

/// An id as addresses want it: with braces, however it was written down.
fn braced(id: &str) -> String {
    format!("{{{}}}", id.trim_start_matches('{').trim_end_matches('}'))
}

#[derive(Deserialize)]
struct PageAnswer {
    values: Vec<Value>,
    #[serde(default, deserialize_with = "maybe")]
    next: Option<String>,
}

fn page(answer: &Answer) -> Result<Page, serde_json::Error> {
    let page: PageAnswer = answer.json()?;
    Ok(Page { items: page.values, next: page.next })
}

fn readable<T: DeserializeOwned>(what: &str, item: Value) -> Option<T> {
    match serde_json::from_value(item) {
        Ok(item) => Some(item),
        Err(error) => {
            tracing::warn!(what, %error, "Bitbucket listed an entry that we cannot read");
            None
        }
    }
}

/// `{"href": "…"}`, the shape of most of Bitbucket's links.
#[derive(Deserialize)]
struct Link {
    href: String,
}

#[async_trait]
impl Forge for Bitbucket {
    fn kind(&self) -> ForgeKind {
        ForgeKind::Bitbucket
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
        _verifier: &str,
    ) -> Result<Grant, ForgeError> {
        self.grant_for_code(code, redirect_uri).await
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
        self.read_repository(token, self.api(&["repositories", owner, name])?).await
    }

    async fn repository_by_id(
        &self,
        token: &AccessToken,
        id: &RepositoryId,
    ) -> Result<Repository, ForgeError> {
        self.read_repository(token, self.of(id, &[])?).await
    }

    async fn file_at(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        sha: &CommitSha,
        path: &str,
    ) -> Result<Option<Vec<u8>>, ForgeError> {
        self.read_file(token, &repository.id, sha, path).await
    }

    async fn commit(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        revision: &str,
    ) -> Result<Option<Commit>, ForgeError> {
        self.read_commit(token, &repository.id, revision).await
    }

    async fn branch_head(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        branch: &str,
    ) -> Result<Option<CommitSha>, ForgeError> {
        self.read_branch_head(token, &repository.id, branch).await
    }

    async fn deploy_keys(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
    ) -> Result<Vec<ForgeKey>, ForgeError> {
        self.list_deploy_keys(token, &repository.id).await
    }

    async fn create_deploy_key(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        title: &str,
        public: &str,
    ) -> Result<ForgeKey, ForgeError> {
        self.add_deploy_key(token, &repository.id, title, public).await
    }

    async fn delete_deploy_key(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        id: &str,
    ) -> Result<(), ForgeError> {
        let url = self.of(&repository.id, &["deploy-keys", id])?;
        self.delete("delete an access key", url, token).await
    }

    async fn hooks(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
    ) -> Result<Vec<ForgeHook>, ForgeError> {
        self.list_hooks(token, &repository.id).await
    }

    async fn create_hook(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        hook: &WantedHook,
    ) -> Result<ForgeHook, ForgeError> {
        self.add_hook(token, &repository.id, hook).await
    }

    async fn update_hook(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        id: &str,
        hook: &WantedHook,
    ) -> Result<ForgeHook, ForgeError> {
        self.replace_hook(token, &repository.id, id, hook).await
    }

    async fn delete_hook(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        id: &str,
    ) -> Result<(), ForgeError> {
        let url = self.of(&repository.id, &["hooks", &braced(id)])?;
        self.delete("delete a webhook", url, token).await
    }

    async fn post_status(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        sha: &CommitSha,
        status: &CommitStatus,
    ) -> Result<(), ForgeError> {
        self.put_status(token, &repository.id, sha, status).await
    }
}
