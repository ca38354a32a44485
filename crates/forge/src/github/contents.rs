//! Files, commits and branch heads (`VCS` §2.6, §2.12).

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use roundel_model::{forge::ForgeUserId, name::CommitSha};
use serde::Deserialize;
use serde_json::Value;

use super::GitHub;
use crate::{
    absent_file::{READ_FILE, absent_file},
    api::{AccessToken, Commit, Contents, RepositoryRef},
    error::{ErrorClass, ForgeError},
    http::Call,
    lenient::maybe,
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

#[derive(Deserialize)]
struct CommitAnswer {
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
    id: u64,
    login: String,
    #[serde(default, deserialize_with = "maybe")]
    avatar_url: Option<String>,
}

#[derive(Deserialize)]
struct RefAnswer {
    object: RefObject,
}

#[derive(Deserialize)]
struct RefObject {
    sha: CommitSha,
}

#[async_trait]
impl Contents for GitHub {
    async fn file_at(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        sha: &CommitSha,
        path: &str,
    ) -> Result<Option<Vec<u8>>, ForgeError> {
        // One segment: the slashes within travel as `%2F`.
        let url = self.of(repository, &["contents", path])?;
        let call = Call::get(READ_FILE, url.clone()).query(&[("ref", sha.as_str())]).by(token);
        let answer = match self.client.ask::<Value>(&call).await {
            Ok(answer) => answer,
            Err(error) if error.status == Some(404) => {
                return absent_file(self, token, repository, sha).await;
            }
            Err(error) => return Err(error),
        };
        let content = match serde_json::from_value::<Content>(answer) {
            Ok(content) if content.kind == "file" => content,
            Ok(content) => return Err(not_a_file(path, &content.kind)),
            // A directory comes as a list of its entries.
            Err(_) => return Err(not_a_file(path, "directory")),
        };
        if content.encoding.as_deref() == Some("base64") {
            let text: String = content.text.unwrap_or_default().split_ascii_whitespace().collect();
            return STANDARD.decode(text).map(Some).map_err(|error| {
                let message =
                    format!("could not {READ_FILE} on GitHub: its base64 is damaged: {error}");
                ForgeError::new(ErrorClass::Broken, message)
            });
        }
        // From 1 MB on the content is left out and has to be asked for as it is.
        let call = Call::get(READ_FILE, url)
            .query(&[("ref", sha.as_str())])
            .accept("application/vnd.github.raw+json")
            .by(token);
        Ok(Some(self.client.send(&call).await?.body.to_vec()))
    }

    async fn commit(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        revision: &str,
    ) -> Result<Option<Commit>, ForgeError> {
        let url = self.of(repository, &["commits", revision])?;
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
        let url = self.of(repository, &["git", "ref", &format!("heads/{branch}")])?;
        match self.client.ask::<RefAnswer>(&Call::get("read a branch", url).by(token)).await {
            Ok(answer) => Ok(Some(answer.object.sha)),
            Err(error) => self.absent(token, repository, error).await,
        }
    }
}

impl GitHub {
    /// Decides whether an error says that a commit or branch is not there: 422 and 409 (empty
    /// repository) say so; 404 does if the repository itself can be seen.
    async fn absent<T>(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        error: ForgeError,
    ) -> Result<Option<T>, ForgeError> {
        match error.status {
            Some(409) if error.says("empty") => Ok(None),
            Some(422) if error.says("no commit found") => Ok(None),
            Some(404) => self.require_visible(token, repository).await.map(|()| None),
            _ => Err(error),
        }
    }
}

impl CommitAnswer {
    fn into_commit(self) -> Commit {
        let text = self.commit.unwrap_or(CommitText { message: None, author: None });
        let author = text.author.unwrap_or(Signature { name: None, email: None });
        let account = self.author;
        Commit {
            sha: self.sha,
            message: text.message.unwrap_or_default(),
            author_name: author.name,
            author_email: author.email,
            author_login: account.as_ref().map(|account| account.login.clone()),
            author_id: account.as_ref().map(|account| ForgeUserId(account.id.to_string())),
            author_avatar: account.and_then(|account| account.avatar_url),
            url: self.html_url,
        }
    }
}

fn not_a_file(path: &str, kind: &str) -> ForgeError {
    let message = format!("could not {READ_FILE} on GitHub: `{path}` is a {kind}, not a file");
    ForgeError::new(ErrorClass::Invalid, message)
}
