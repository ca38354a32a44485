//! Build statuses, Bitbucket's commit statuses (`VCS` §4.10).

use async_trait::async_trait;
use reqwest::Method;
use roundel_model::{limits::BITBUCKET_KEY_CHARS, name::CommitSha};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::Bitbucket;
use crate::{
    api::{AccessToken, CommitState, CommitStatus, RepositoryRef, Statuses},
    error::ForgeError,
    http::Call,
    rest::Rest,
    status_text,
};

const PREFIX: &str = "roundel-";

/// Bitbucket's name of a state. It has none for "queued".
const fn state_name(state: CommitState) -> &'static str {
    match state {
        CommitState::Pending => "INPROGRESS",
        CommitState::Success => "SUCCESSFUL",
        CommitState::Failure | CommitState::Error => "FAILED",
        CommitState::Canceled => "STOPPED",
    }
}

/// Returns the key that makes two posts the same status. Contexts are longer than keys may be and often share
/// their beginning, so the key is their hash; the readable text goes into `name`.
fn key(context: &str) -> String {
    let hash = hex::encode(Sha256::digest(context.as_bytes()));
    let length = BITBUCKET_KEY_CHARS - PREFIX.len();
    format!("{PREFIX}{}", &hash[..length])
}

#[async_trait]
impl Statuses for Bitbucket {
    /// Posts a build status. It may be repeated: the post replaces what has the same key.
    async fn post_status(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        sha: &CommitSha,
        status: &CommitStatus,
    ) -> Result<(), ForgeError> {
        let url = self.of(repository, &["commit", sha.as_str(), "statuses", "build"])?;
        let (key, state) = (key(&status.context), state_name(status.state));
        let mut body = json!({
            "type": "build",
            "key": key,
            "state": state,
            "name": status_text::context(&status.context),
            "url": status.target_url,
            "description": status_text::description(&status.description),
        });
        // Without it the status does not count on the branch's pull request.
        if let Some(branch) = &status.branch {
            body["refname"] = json!(branch);
        }
        let call =
            Call::new(Method::POST, "set a commit status", url).json(body).by(token).repeatable();
        self.client.send_confirmed(&call, &[("key", &key), ("state", state)]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_at_most_40_characters_and_distinguishes_long_names() {
        let common = "x".repeat(60);
        let (one, two) = (key(&format!("{common}1")), key(&format!("{common}2")));
        assert_eq!(one.len(), 40);
        assert_ne!(one, two);
        // Bitbucket knows a status by this forever: changing the rule would leave statuses behind
        // that nothing updates any more.
        assert_eq!(key("ci/roundel: build"), "roundel-144d798570007a0a889c3403e998f91e");
    }
}
