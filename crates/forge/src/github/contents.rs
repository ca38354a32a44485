//! Files, commits and branch heads (`VCS` §2.6, §2.12).

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use roundel_model::name::CommitSha;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::GitHub;
use crate::{
    api::{AccessToken, Commit, RepositoryRef},
    contents::{ContentFormat, READ_FILE, not_a_file},
    error::ForgeError,
    http::Call,
    lenient::maybe,
    rest::Rest,
};

#[derive(Deserialize)]
struct Content {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "maybe")]
    encoding: Option<String>,
    #[serde(default, rename = "content", deserialize_with = "maybe")]
    text: Option<String>,
}

/// What GitHub has under a path other than files.
const OTHER_KINDS: [&str; 3] = ["dir", "symlink", "submodule"];

/// A commit as GitHub answers it.
#[derive(Deserialize)]
pub(crate) struct CommitAnswer {
    sha: CommitSha,
    #[serde(default, deserialize_with = "maybe")]
    html_url: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    commit: Option<CommitText>,
    /// The account behind the address; null if GitHub knows none.
    #[serde(default, deserialize_with = "maybe")]
    author: Option<Account>,
}

#[derive(Deserialize)]
struct CommitText {
    #[serde(default, deserialize_with = "maybe")]
    message: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    author: Option<Signature>,
}

#[derive(Deserialize)]
struct Signature {
    #[serde(default, deserialize_with = "maybe")]
    name: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    email: Option<String>,
}

#[derive(Deserialize)]
struct Account {
    login: String,
    #[serde(default, deserialize_with = "maybe")]
    avatar_url: Option<String>,
}

/// A ref as GitHub answers it.
#[derive(Deserialize)]
pub(crate) struct RefAnswer {
    object: RefObject,
}

#[derive(Deserialize)]
struct RefObject {
    sha: CommitSha,
}

#[async_trait]
impl ContentFormat for GitHub {
    type Commit = CommitAnswer;
    type Branch = RefAnswer;

    fn commit_url(&self, repository: &RepositoryRef, revision: &str) -> Result<Url, ForgeError> {
        self.of(repository, &["commits", revision])
    }

    fn branch_url(&self, repository: &RepositoryRef, branch: &str) -> Result<Url, ForgeError> {
        self.of(repository, &["git", "ref", &format!("heads/{branch}")])
    }

    /// 422, and 409 for an empty repository.
    fn says_absent(error: &ForgeError) -> bool {
        match error.status {
            Some(409) => error.says("empty"),
            Some(422) => error.says("no commit found"),
            _ => false,
        }
    }

    async fn read_file(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        sha: &CommitSha,
        path: &str,
    ) -> Result<Vec<u8>, ForgeError> {
        // One segment: the slashes within travel as `%2F`.
        let url = self.of(repository, &["contents", path])?;
        let call = Call::get(READ_FILE, url.clone()).query(&[("ref", sha.as_str())]).by(token);
        let answer: Value = self.client.ask(&call).await?;
        if answer.is_array() {
            // A directory comes as a list of its entries.
            return Err(not_a_file(self, path, "directory"));
        }
        let content = match serde_json::from_value::<Content>(answer) {
            Ok(content) if content.kind == "file" => content,
            Ok(content) if OTHER_KINDS.contains(&content.kind.as_str()) => {
                return Err(not_a_file(self, path, &content.kind));
            }
            Ok(_) | Err(_) => {
                let reason = "it answered with something that is not a file of a repository";
                return Err(self.client.no_answer(&call, reason));
            }
        };
        if content.encoding.as_deref() == Some("base64") {
            let text: String = content.text.unwrap_or_default().split_ascii_whitespace().collect();
            return STANDARD.decode(text).map_err(|error| {
                self.client.broken(&call, &format!("its base64 is damaged: {error}"))
            });
        }
        // From 1 MB on the content is left out and has to be asked for as it is.
        let call = Call::get(READ_FILE, url)
            .query(&[("ref", sha.as_str())])
            .accept("application/vnd.github.raw+json")
            .by(token);
        Ok(self.client.send_for_file(&call).await?.body.to_vec())
    }
}

impl From<RefAnswer> for CommitSha {
    fn from(answer: RefAnswer) -> Self {
        answer.object.sha
    }
}

impl From<CommitAnswer> for Commit {
    fn from(answer: CommitAnswer) -> Self {
        let text = answer.commit.unwrap_or(CommitText { message: None, author: None });
        let author = text.author.unwrap_or(Signature { name: None, email: None });
        let account = answer.author;
        Self {
            sha: answer.sha,
            message: text.message.unwrap_or_default(),
            author_name: author.name,
            author_email: author.email,
            author_login: account.as_ref().map(|account| account.login.clone()),
            author_avatar: account.and_then(|account| account.avatar_url),
            url: answer.html_url,
        }
    }
}
