//! Build statuses, the marks on commits (`VCS` §4.10).

use reqwest::Method;
use roundel_model::{forge::RepositoryId, limits::BITBUCKET_KEY_CHARS, name::CommitSha};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::Bitbucket;
use crate::{AccessToken, CommitState, CommitStatus, ForgeError, http::Call, mark};

const PREFIX: &str = "roundel-";

/// Bitbucket's word for a state. There is none for "queued".
const fn word(state: CommitState) -> &'static str {
    match state {
        CommitState::Pending => "INPROGRESS",
        CommitState::Success => "SUCCESSFUL",
        CommitState::Failure | CommitState::Error => "FAILED",
        CommitState::Canceled => "STOPPED",
    }
}

/// The key that makes two posts the same mark. Contexts are longer than keys may be and often share
/// their beginning, so the key is their hash; the readable text goes into `name`.
fn key(context: &str) -> String {
    let hash = hex::encode(Sha256::digest(context.as_bytes()));
    let length = BITBUCKET_KEY_CHARS - PREFIX.len();
    format!("{PREFIX}{}", &hash[..length])
}

impl Bitbucket {
    /// Posts a build status. It may be repeated: the post replaces what has the same key.
    pub(super) async fn put_status(
        &self,
        token: &AccessToken,
        repository: &RepositoryId,
        sha: &CommitSha,
        status: &CommitStatus,
    ) -> Result<(), ForgeError> {
        let url = self.of(repository, &["commit", sha.as_str(), "statuses", "build"])?;
        let mut body = json!({
            "type": "build",
            "key": key(&status.context),
            "state": word(status.state),
            "name": mark::context(&status.context),
            "url": status.target_url,
            "description": mark::description(&status.description),
        });
        // Without it the status does not count on the branch's pull request.
        if let Some(branch) = &status.branch {
            body["refname"] = json!(branch);
        }
        let call = Call::new(Method::POST, "mark a commit", url).json(body).by(token).repeatable();
        self.client.send(&call).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_at_most_40_characters_and_tells_long_names_apart() {
        let common = "x".repeat(60);
        let (one, two) = (key(&format!("{common}1")), key(&format!("{common}2")));
        assert_eq!(one.len(), 40);
        assert_ne!(one, two);
        // Bitbucket knows a mark by this forever: changing the rule would leave marks behind.
        assert_eq!(key("ci/roundel: build"), "roundel-144d798570007a0a889c3403e998f91e");
    }
}
