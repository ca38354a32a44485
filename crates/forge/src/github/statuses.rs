//! Commit statuses (`VCS` §2.10).

use async_trait::async_trait;
use reqwest::Method;
use roundel_model::name::CommitSha;
use serde_json::json;

use super::GitHub;
use crate::{
    api::{AccessToken, CommitState, CommitStatus, RepositoryRef, Statuses},
    error::ForgeError,
    http::Call,
    rest::Rest,
    status_text,
};

/// GitHub's name of a state.
const fn state_name(state: CommitState) -> &'static str {
    match state {
        CommitState::Pending => "pending",
        CommitState::Success => "success",
        CommitState::Failure => "failure",
        CommitState::Canceled | CommitState::Error => "error",
    }
}

#[async_trait]
impl Statuses for GitHub {
    /// Posts a status. It is not repeated here: each post is a new row at GitHub, and the
    /// newest wins, so a late repeat would overwrite a newer status.
    async fn post_status(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        sha: &CommitSha,
        status: &CommitStatus,
    ) -> Result<(), ForgeError> {
        let url = self.of(repository, &["statuses", sha.as_str()])?;
        let (state, context) = (state_name(status.state), status_text::context(&status.context));
        let call = Call::new(Method::POST, "set a commit status", url)
            .json(json!({
                "state": state,
                "target_url": status.target_url,
                "description": status_text::description(&status_text::without_emoji(&status.description)),
                "context": context,
            }))
            .by(token);
        self.client.send_confirmed(&call, &[("context", &context), ("state", state)]).await
    }
}
