//! What becomes of one change that a delivery reports: the order of questions of `VCS` §3.3.

use std::{sync::Arc, time::Duration};

use roundel_forge::{
    ForgeError,
    event::{ForgeEvent, Push},
};
use roundel_model::{
    forge::RepositoryId,
    limits,
    name::{CommitSha, GitRef},
};
use roundel_store::{
    Store, StoreError,
    deliveries::{Delivery, Receipt},
    pipelines::{CommitInfo, TriggerKind},
    projects::{HookState, KeyState, Project},
};

use crate::{
    forges::{self, CallError, Forges},
    live::Live,
    retry::{self, Attempt, RetryPace},
    role_cache::RoleCache,
    trigger::{
        self, PipelineStarter, Started, Trigger, TriggerError,
        commit::{from_api, from_payload},
    },
};

/// What deciding deliveries needs.
pub(crate) struct Intake {
    pub(crate) store: Store,
    pub(crate) forges: Arc<Forges>,
    pub(crate) starter: PipelineStarter,
    pub(crate) roles: Arc<RoleCache>,
    pub(crate) live: Arc<Live>,
    pub(crate) pace: RetryPace,
}

/// One delivery that is decided.
pub(super) struct Case<'a> {
    pub(super) intake: &'a Intake,
    pub(super) project: &'a Project,
    pub(super) delivery: &'a Delivery,
    pub(super) attempt: Attempt,
}

/// Makes the receipt of something that started nothing.
pub(super) fn ignored(what: impl Into<String>, because: impl Into<String>) -> Receipt {
    Receipt::Ignored { what: what.into(), because: because.into() }
}

/// Why a delivery cannot be decided now.
#[derive(Debug, thiserror::Error)]
pub(super) enum Postponed {
    #[error("the forge is unavailable: {0}")]
    Forge(ForgeError),
    #[error(transparent)]
    Trigger(#[from] TriggerError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Postponed {
    pub(super) fn pause(&self, pace: RetryPace, attempts: u32) -> Duration {
        let asked = match self {
            Self::Forge(error) | Self::Trigger(TriggerError::Later(error)) => error.retry_after,
            Self::Trigger(TriggerError::Store(_) | TriggerError::Drive(_)) | Self::Store(_) => None,
        };
        retry::pause(pace, attempts.saturating_sub(1), asked)
    }
}

/// Decides one change.
pub(super) async fn decide(case: &Case<'_>, event: ForgeEvent) -> Result<Receipt, Postponed> {
    if let Some(repository) = repository_of(&event)
        && *repository != case.project.repository
    {
        // The secret of one hook must not start builds of another repository.
        return Ok(ignored(
            &case.delivery.event,
            "it belongs to another repository than its webhook",
        ));
    }
    match event {
        ForgeEvent::Ping { hook_id } => ping(case, hook_id).await,
        ForgeEvent::Push(push) => pushed(case, push).await,
        ForgeEvent::Deleted { git_ref, .. } => {
            Ok(ignored(describe(&git_ref), "it was deleted: there is nothing to build"))
        }
        ForgeEvent::PullRequest(pull) => {
            let what = format!("pull request #{} {}", pull.number, pull.action);
            let because = if pull.from_fork {
                "it comes from a fork, and Roundel does not build forks: their code must not have access to \
                 this project's keys and secrets"
            } else {
                "its branch is built when it is pushed"
            };
            Ok(ignored(what, because))
        }
        ForgeEvent::RepositoryChanged { what, .. } => repository_changed(case, &what).await,
        ForgeEvent::HookOrKeyRemoved { what } => hook_or_key_removed(case, &what).await,
        ForgeEvent::Ignored { because } => Ok(ignored(&case.delivery.event, because)),
    }
}

fn repository_of(event: &ForgeEvent) -> Option<&RepositoryId> {
    match event {
        ForgeEvent::Push(push) => Some(&push.repository),
        ForgeEvent::PullRequest(pull) => Some(&pull.repository),
        ForgeEvent::Deleted { repository, .. }
        | ForgeEvent::RepositoryChanged { repository, .. } => Some(repository),
        ForgeEvent::Ping { .. }
        | ForgeEvent::HookOrKeyRemoved { .. }
        | ForgeEvent::Ignored { .. } => None,
    }
}

fn describe(git_ref: &GitRef) -> String {
    match git_ref {
        GitRef::Branch(name) => format!("push to {name}"),
        GitRef::Tag(name) => format!("tag {name}"),
    }
}

async fn ping(case: &Case<'_>, hook_id: Option<String>) -> Result<Receipt, Postponed> {
    case.intake.store.hook_answered(case.delivery.hook, hook_id.as_deref()).await?;
    Ok(ignored("ping", "it is a test delivery: the webhook works"))
}

async fn pushed(case: &Case<'_>, push: Push) -> Result<Receipt, Postponed> {
    let what = describe(&push.git_ref);
    if push.after.is_zero() {
        return Ok(ignored(what, "it was deleted: there is nothing to build"));
    }
    if !case.project.active {
        return Ok(ignored(what, "the project is not set up, or building was stopped"));
    }
    let (sha, commit) = match commit_of(case, &push).await {
        Ok(Some(found)) => found,
        Ok(None) => {
            return Ok(ignored(what, format!("commit {} is gone from the forge", push.after)));
        }
        Err(CallError::Store(error)) => return Err(error.into()),
        Err(CallError::Forge(error)) if case.attempt.postpones(&error) => {
            return Err(Postponed::Forge(error));
        }
        // The pipeline that follows shows the same error, and what to do.
        Err(CallError::Forge(_)) => (push.after.clone(), CommitInfo::default()),
    };
    let is_tag = push.git_ref.tag().is_some();
    if !is_tag && has_skip_marker(&commit) {
        return Ok(ignored(what, "the commit message asks to skip it ([skip ci])"));
    }
    let actor = match &push.sender_id {
        Some(user) => {
            case.intake.store.account_by_forge_user(case.project.slug.forge, user).await?
        }
        None => None,
    };
    let trigger = Trigger {
        kind: if is_tag { TriggerKind::Tag } else { TriggerKind::Push },
        delivery: Some(case.delivery.id),
        git_ref: push.git_ref,
        sha,
        before: push.before,
        commit,
        actor: actor.map(|account| account.id),
        actor_login: push.sender_login,
    };
    Ok(match trigger::start(&case.intake.starter, case.project, &trigger, case.attempt).await? {
        Started::Pipeline { id, number } => Receipt::Started { pipeline: id, number, what },
        Started::Known { id, number } => Receipt::Known { pipeline: id, number, what },
        Started::NoConfig => {
            let because =
                format!("commit {} has no `{}`", trigger.sha.short(), trigger::CONFIG_PATH);
            ignored(what, because)
        }
    })
}

/// Finds the commit that was pushed. On GitHub, `after` of an annotated tag is the tag object: the
/// head commit has the right id, and where there is none the API resolves it (`VCS` §3.3).
async fn commit_of(
    case: &Case<'_>,
    push: &Push,
) -> Result<Option<(CommitSha, CommitInfo)>, CallError> {
    if let Some(head) = &push.head
        && head.sha.is_well_formed()
    {
        return Ok(Some((head.sha.clone(), from_payload(head))));
    }
    let forge = &case.intake.forges.client(case.project.slug.forge)?;
    let repository = &forges::repository_ref(case.project);
    let revision = match &push.git_ref {
        GitRef::Tag(tag) => tag.as_str(),
        GitRef::Branch(_) => push.after.as_str(),
    };
    let commit = case
        .intake
        .forges
        .call(case.project, |token| async move { forge.commit(&token, repository, revision).await })
        .await?;
    Ok(commit.map(|commit| (commit.sha.clone(), from_api(commit))))
}

/// Looks for a skip marker that begins within the first characters of the message, in any case
/// (`RUN` §1.10, VCS-028: characters, not bytes).
fn has_skip_marker(commit: &CommitInfo) -> bool {
    let message = format!("{}\n{}", commit.subject, commit.body).to_lowercase();
    ["[skip ci]", "[ci skip]"].iter().any(|marker| {
        message
            .find(marker)
            .is_some_and(|at| message[..at].chars().count() < limits::SKIP_MARKER_CHARS)
    })
}

/// Names and visibility are display data, refreshed from the API, which has the truth.
async fn repository_changed(case: &Case<'_>, what: &str) -> Result<Receipt, Postponed> {
    let forge = &case.intake.forges.client(case.project.slug.forge).map_err(Postponed::Forge)?;
    let id = &case.project.repository;
    let found = case
        .intake
        .forges
        .call(case.project, |token| async move { forge.repository_by_id(&token, id).await })
        .await;
    let repository = match found {
        Ok(repository) => repository,
        Err(CallError::Store(error)) => return Err(error.into()),
        Err(CallError::Forge(error)) if case.attempt.postpones(&error) => {
            return Err(Postponed::Forge(error));
        }
        Err(CallError::Forge(error)) => {
            return Ok(ignored(what, format!("the repository could not be read: {error}")));
        }
    };
    let slug = roundel_model::forge::ProjectSlug {
        forge: case.project.slug.forge,
        owner: repository.owner.login,
        repository: repository.name,
    };
    let default_branch = repository.default_branch.as_deref();
    case.intake
        .store
        .rename_project(case.project.id, Some(&slug), default_branch, Some(repository.private))
        .await?;
    case.intake.roles.forget_project(case.project.id);
    Ok(ignored(what, format!("names and visibility were refreshed: {slug}")))
}

/// A key or a hook was removed at the forge: looks which of ours are gone (`VCS` §0 rule 8).
async fn hook_or_key_removed(case: &Case<'_>, what: &str) -> Result<Receipt, Postponed> {
    let store = &case.intake.store;
    let forge = &case.intake.forges.client(case.project.slug.forge).map_err(Postponed::Forge)?;
    let repository = &forges::repository_ref(case.project);
    let found = case
        .intake
        .forges
        .call(case.project, |token| async move {
            let keys = forge.deploy_keys(&token, repository).await?;
            let hooks = forge.hooks(&token, repository).await?;
            Ok((keys, hooks))
        })
        .await;
    let (keys, hooks) = match found {
        Ok(found) => found,
        Err(CallError::Store(error)) => return Err(error.into()),
        Err(CallError::Forge(error)) if case.attempt.postpones(&error) => {
            return Err(Postponed::Forge(error));
        }
        Err(CallError::Forge(error)) => {
            return Ok(ignored(what, format!("what is left could not be listed: {error}")));
        }
    };
    let mut missing = Vec::new();
    if let Some(key) = store.checkout_key(case.project.id).await?
        && let Some(id) = &key.forge_id
        && !keys.iter().any(|there| there.id == *id)
    {
        store.update_checkout_key(key.id, KeyState::Gone, None).await?;
        missing.push(format!("the {}", case.project.slug.forge.key_name()));
    }
    if let Some(hook) = store.hook_of(case.project.id).await?
        && let Some(id) = &hook.forge_id
        && !hooks.iter().any(|there| there.id == *id)
    {
        store.update_hook(hook.id, HookState::Missing, None).await?;
        missing.push("the webhook".to_owned());
    }
    Ok(if missing.is_empty() {
        ignored(what, "it was not created by Roundel")
    } else {
        let because =
            format!("{} of this project is gone; set the project up again", missing.join(" and "));
        ignored(what, because)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saying(message: &str) -> CommitInfo {
        let (subject, body) = trigger::commit::split_message(message);
        CommitInfo { subject, body, ..CommitInfo::default() }
    }

    /// VCS-028: the marker counts within the first 250 characters, not bytes, in any case.
    #[test]
    fn a_skip_marker_counts_only_near_the_beginning() {
        assert!(has_skip_marker(&saying("fix typo [Skip CI]")));
        assert!(has_skip_marker(&saying("fix\n\nbody [ci skip]")));
        assert!(has_skip_marker(&saying(&format!("{}[ci skip]", "ä".repeat(249)))));
        assert!(!has_skip_marker(&saying(&format!("{}[ci skip]", "ä".repeat(250)))));
        assert!(!has_skip_marker(&saying("skip ci")));
    }
}
