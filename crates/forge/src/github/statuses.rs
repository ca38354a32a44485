//! Marks on commits (`VCS` §2.10).

use reqwest::Method;
use roundel_model::name::CommitSha;
use serde_json::json;

use super::GitHub;
use crate::{AccessToken, CommitState, CommitStatus, ForgeError, RepositoryRef, http::Call, mark};

/// GitHub's word for a state.
const fn word(state: CommitState) -> &'static str {
    match state {
        CommitState::Pending => "pending",
        CommitState::Success => "success",
        CommitState::Failure => "failure",
        CommitState::Canceled | CommitState::Error => "error",
    }
}

impl GitHub {
    /// Posts a status. It is not repeated here: each post is a row of its own at GitHub, and the
    /// newest wins, so a repeat that overtakes a later post would paint over it.
    pub(super) async fn add_status(
        &self,
        token: &AccessToken,
        repository: &RepositoryRef,
        sha: &CommitSha,
        status: &CommitStatus,
    ) -> Result<(), ForgeError> {
        let url = self.of(repository, &["statuses", sha.as_str()])?;
        let call = Call::new(Method::POST, "mark a commit", url)
            .json(json!({
                "state": word(status.state),
                "target_url": status.target_url,
                "description": mark::description(&status.description),
                "context": mark::context(&status.context),
            }))
            .by(token);
        self.client.send(&call).await.map(drop)
    }
}
