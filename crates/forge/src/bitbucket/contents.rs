//! Files, commits and branch heads (`VCS` §4.4, §4.11).

use async_trait::async_trait;
use roundel_model::name::CommitSha;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{
    Bitbucket,
    shape::{Account, Link},
};
use crate::{
    api::{AccessToken, Commit, RepositoryRef},
    contents::{ContentFormat, READ_FILE, not_a_file},
    error::ForgeError,
    http::{Answer, Call},
    lenient::{maybe, name_and_email},
    rest::Rest,
};

/// A commit as Bitbucket answers it.
#[derive(Deserialize)]
pub(crate) struct CommitAnswer {
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

/// A branch as Bitbucket answers it.
#[derive(Deserialize)]
pub(crate) struct BranchAnswer {
    target: Target,
}

#[derive(Deserialize)]
struct Target {
    hash: CommitSha,
}

#[async_trait]
impl ContentFormat for Bitbucket {
    type Commit = CommitAnswer;
    type Branch = BranchAnswer;

    fn commit_url(&self, repository: &RepositoryRef, revision: &str) -> Result<Url, ForgeError> {
        self.of(repository, &["commit", revision])
    }

    fn branch_url(&self, repository: &RepositoryRef, branch: &str) -> Result<Url, ForgeError> {
        self.of(repository, &["refs", "branches", branch])
    }

    /// Bitbucket says it with 404 only.
    fn says_absent(_error: &ForgeError) -> bool {
        false
    }

    async fn read_file(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        sha: &CommitSha,
        path: &str,
    ) -> Result<Vec<u8>, ForgeError> {
        // Unlike GitHub's, these slashes stay slashes.
        let mut segments = vec!["src", sha.as_str()];
        segments.extend(path.split('/'));
        let url = self.of(repository, &segments)?;
        let call = Call::get(READ_FILE, url).accept("*/*").by(token);
        let answer = self.client.send_for_file(&call).await?;
        if is_directory(&answer) {
            return Err(not_a_file(self, path, "directory"));
        }
        Ok(answer.body.to_vec())
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

impl From<BranchAnswer> for CommitSha {
    fn from(answer: BranchAnswer) -> Self {
        answer.target.hash
    }
}

impl From<CommitAnswer> for Commit {
    fn from(answer: CommitAnswer) -> Self {
        let author = answer.author.unwrap_or(Author { raw: None, user: None });
        let (author_name, author_email) = name_and_email(&author.raw.unwrap_or_default());
        let account = author.user;
        Self {
            sha: answer.hash,
            message: answer.message.unwrap_or_default(),
            author_name,
            author_email,
            author_avatar: account.as_ref().and_then(Account::avatar),
            author_login: account.and_then(|account| account.nickname.or(account.display_name)),
            url: answer.links.and_then(|links| links.html).map(|html| html.href),
        }
    }
}
