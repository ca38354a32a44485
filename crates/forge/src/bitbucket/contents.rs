//! Files, commits and branch heads (`VCS` §4.4, §4.11).

use async_trait::async_trait;
use roundel_model::{forge::ForgeUserId, name::CommitSha};
use serde::Deserialize;
use serde_json::Value;

use super::{
    Bitbucket,
    shape::{Account, Link},
};
use crate::{
    absent_file::{READ_FILE, absent_file},
    api::{AccessToken, Commit, Contents, RepositoryRef},
    error::{ErrorClass, ForgeError},
    http::{Answer, Call},
    lenient::{maybe, name_and_email},
};

#[derive(Deserialize)]
struct CommitAnswer {
    hash: CommitSha,
    #[serde(default, deserialize_with = "maybe")]
    message: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    author: Option<Author>,
    #[serde(default, deserialize_with = "maybe")]
    links: Option<CommitLinks>,
}

#[derive(Deserialize)]
struct Author {
    #[serde(default, deserialize_with = "maybe")]
    raw: Option<String>,
    /// The account behind the address, if Bitbucket knows one.
    #[serde(default, deserialize_with = "maybe")]
    user: Option<Account>,
}

#[derive(Deserialize)]
struct CommitLinks {
    #[serde(default, deserialize_with = "maybe")]
    html: Option<Link>,
}

#[derive(Deserialize)]
struct BranchAnswer {
    target: Target,
}

#[derive(Deserialize)]
struct Target {
    hash: CommitSha,
}

#[async_trait]
impl Contents for Bitbucket {
    async fn file_at(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        sha: &CommitSha,
        path: &str,
    ) -> Result<Option<Vec<u8>>, ForgeError> {
        // Unlike GitHub's, these slashes stay slashes.
        let mut segments = vec!["src", sha.as_str()];
        segments.extend(path.split('/'));
        let call =
            Call::get(READ_FILE, self.of(&repository.id, &segments)?).accept("*/*").by(token);
        let answer = match self.client.send(&call).await {
            Ok(answer) => answer,
            Err(error) if error.status == Some(404) => {
                return absent_file(self, token, repository, sha).await;
            }
            Err(error) => return Err(error),
        };
        if is_directory(&answer) {
            let message =
                format!("could not {READ_FILE} on Bitbucket: `{path}` is a directory, not a file");
            return Err(ForgeError::new(ErrorClass::Invalid, message));
        }
        Ok(Some(answer.body.to_vec()))
    }

    async fn commit(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        revision: &str,
    ) -> Result<Option<Commit>, ForgeError> {
        let url = self.of(&repository.id, &["commit", revision])?;
        match self.client.ask::<CommitAnswer>(&Call::get("read a commit", url).by(token)).await {
            Ok(answer) => Ok(Some(answer.into_commit())),
            Err(error) => self.absent(token, repository, error).await,
        }
    }

    async fn branch_head(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        branch: &str,
    ) -> Result<Option<CommitSha>, ForgeError> {
        let url = self.of(&repository.id, &["refs", "branches", branch])?;
        match self.client.ask::<BranchAnswer>(&Call::get("read a branch", url).by(token)).await {
            Ok(answer) => Ok(Some(answer.target.hash)),
            Err(error) => self.absent(token, repository, error).await,
        }
    }
}

impl Bitbucket {
    /// Decides whether a 404 says that a commit or branch is not there: it does if the repository
    /// itself can be seen.
    async fn absent<T>(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        error: ForgeError,
    ) -> Result<Option<T>, ForgeError> {
        if error.status != Some(404) {
            return Err(error);
        }
        let call = Call::get("read the repository", self.of(&repository.id, &[])?).by(token);
        self.client.send(&call).await.map(|_| None)
    }
}

/// A directory comes as a page of its entries. A file that is JSON has no entries of these types.
fn is_directory(answer: &Answer) -> bool {
    if !answer.header("content-type").starts_with("application/json") {
        return false;
    }
    let page = answer.json::<Value>().unwrap_or_default();
    page.get("pagelen").is_some()
        && page.get("values").and_then(Value::as_array).is_some_and(|entries| {
            entries.iter().all(|entry| {
                let kind = entry.get("type").and_then(Value::as_str).unwrap_or_default();
                kind.starts_with("commit_")
            })
        })
}

impl CommitAnswer {
    fn into_commit(self) -> Commit {
        let author = self.author.unwrap_or(Author { raw: None, user: None });
        let (author_name, author_email) = name_and_email(&author.raw.unwrap_or_default());
        let account = author.user;
        Commit {
            sha: self.hash,
            message: self.message.unwrap_or_default(),
            author_name,
            author_email,
            author_avatar: account.as_ref().and_then(Account::avatar),
            author_id: account.as_ref().map(|account| ForgeUserId(account.uuid.clone())),
            author_login: account.and_then(|account| account.nickname.or(account.display_name)),
            url: self.links.and_then(|links| links.html).map(|html| html.href),
        }
    }
}
