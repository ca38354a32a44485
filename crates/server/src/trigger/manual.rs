//! Starts a pipeline on the newest commit of a branch because a person asked for it, or because a
//! project was just set up.

use roundel_model::{
    id::{AccountId, PipelineId},
    name::{BranchName, GitRef},
};
use roundel_store::{StoreError, pipelines::TriggerKind, projects::Project};

use super::{
    CONFIG_PATH, PipelineStarter, Started, Trigger, TriggerError, commit::from_api, start,
};
use crate::{
    forges::{self, CallError},
    retry::Attempt,
    why_not_building,
};

/// Why no pipeline was started, in words for the person who asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ManualError {
    #[error("No pipeline was triggered: {0}.")]
    Idle(&'static str),
    #[error("There is no branch `{0}`.")]
    NoBranch(String),
    #[error("The newest commit of `{0}` has no `{CONFIG_PATH}`, so there is nothing to run.")]
    NoConfig(String),
    #[error("{0}")]
    Forge(String),
    #[error("The database is not available at the moment. Try again in a minute.")]
    Store(#[source] StoreError),
    #[error("The pipeline could not be triggered; try again.")]
    Failed(#[source] TriggerError),
}

impl From<StoreError> for ManualError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a pipeline could not be started");
        Self::Store(error)
    }
}

impl From<CallError> for ManualError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Store(error) => error.into(),
            CallError::Forge(error) => Self::Forge(error.to_string()),
        }
    }
}

impl From<TriggerError> for ManualError {
    fn from(error: TriggerError) -> Self {
        match error {
            TriggerError::Later(error) => Self::Forge(error.to_string()),
            TriggerError::Store(error) => error.into(),
            TriggerError::Drive(_) => {
                tracing::error!(%error, "a pipeline could not be started");
                Self::Failed(error)
            }
        }
    }
}

/// Starts a pipeline for a person who may push to the project's repository.
///
/// # Errors
///
/// [`ManualError`] if the project is not set up, or there is nothing to run on the branch.
pub(crate) async fn trigger(
    starter: &PipelineStarter,
    actor: AccountId,
    project: &Project,
    branch: &str,
) -> Result<PipelineId, ManualError> {
    if !project.active {
        return Err(ManualError::Idle(why_not_building::reason(&starter.store, project.id).await?));
    }
    let head = Head { actor, branch, kind: TriggerKind::Manual };
    match start_on_head(starter, project, head).await? {
        Some(Started::Pipeline { id, .. } | Started::Known { id, .. }) => Ok(id),
        Some(Started::NoConfig) => Err(ManualError::NoConfig(branch.to_owned())),
        None => Err(ManualError::NoBranch(branch.to_owned())),
    }
}

/// The newest commit of a branch, who wants it built, and why.
pub(crate) struct Head<'a> {
    pub(crate) actor: AccountId,
    pub(crate) branch: &'a str,
    pub(crate) kind: TriggerKind,
}

/// Starts a pipeline on the newest commit of a branch. `None`: there is no such branch.
///
/// # Errors
///
/// [`ManualError`] if the forge or the store cannot answer.
pub(crate) async fn start_on_head(
    starter: &PipelineStarter,
    project: &Project,
    head: Head<'_>,
) -> Result<Option<Started>, ManualError> {
    let Head { actor, branch, kind } = head;
    let forge = &starter.forges.client(project.slug.forge).map_err(CallError::from)?;
    let repository = &forges::repository_ref(project);
    let found = starter
        .forges
        .call(project, |token| async move {
            let Some(sha) = forge.branch_head(&token, repository, branch).await? else {
                return Ok(None);
            };
            forge.commit(&token, repository, sha.as_str()).await
        })
        .await?;
    let Some(commit) = found else { return Ok(None) };
    let identity = starter.store.identity(actor, project.slug.forge).await?;
    let trigger = Trigger {
        kind,
        delivery: None,
        git_ref: GitRef::Branch(BranchName::from(branch)),
        sha: commit.sha.clone(),
        before: None,
        commit: from_api(commit),
        actor: Some(actor),
        actor_login: identity.map(|identity| identity.login),
    };
    Ok(Some(start(starter, project, &trigger, Attempt::Last).await?))
}
