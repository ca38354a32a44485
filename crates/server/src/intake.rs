//! From delivery to pipeline: the first of the three loops.
//!
//! [`run`] takes the next due delivery, [`process`] decides each change that it reports, and every
//! delivery ends with a receipt: one [`Receipt`] for each change (invariant 8). The
//! configuration is read from the forge's API. The commit, its author and its message come from the
//! signed payload where it has them (`VCS` §3.5).
//!
//! A forge that is unavailable postpones the delivery; a crash in the middle of one lets its lease run
//! out, and deciding it again finds what was started already.
//!
//! Here: the loop, and the decision about a push. In [`upkeep`]: deliveries that report a change of the project.

mod change_context;
mod upkeep;

use std::{sync::Arc, time::Duration};

use roundel_forge::event::{self, ForgeEvent, Push};
use roundel_model::{
    forge::RepositoryId,
    id::ProjectId,
    limits,
    name::{CommitSha, GitRef},
    time::Timestamp,
};
use roundel_store::{
    StoreError,
    deliveries::{Delivery, IgnoredReason, Receipt},
    pipelines::{CommitInfo, TriggerKind},
};
use tokio_util::sync::CancellationToken;

pub(crate) use self::change_context::Intake;
use self::change_context::{ChangeContext, Postponed, ignored};
use crate::{
    forges::{self, CallError},
    lanes::Lanes,
    live::Update,
    retry::Attempt,
    trigger::{
        self, Started, Trigger,
        commit::{from_api, from_payload},
    },
    wake::WakeUps,
    why_not_building,
};

/// Why a branch or tag that is gone is not built.
const DELETED: &str = "it was deleted: there is nothing to build";

/// Deliveries that are processed concurrently. Those of one project go in order.
const WIDTH: usize = 16;

/// How long a delivery that was taken is leased. Processing one twice at once would be harmless:
/// a push that started a pipeline is recognized.
const LEASE: Duration = Duration::from_mins(1);

/// Runs until the server stops.
pub(crate) async fn run(intake: Intake, wake: Arc<WakeUps>, stopping: CancellationToken) {
    let intake = Arc::new(intake);
    let mut lanes: Lanes<ProjectId, TakenDelivery> = Lanes::new();
    let work = |taken: TakenDelivery| {
        let intake = Arc::clone(&intake);
        async move { process(&intake, &taken.delivery, &taken.body).await }
    };
    loop {
        while lanes.taken() < WIDTH {
            match take_next(&intake).await {
                Ok(Some(taken)) => lanes.push(taken.delivery.project, taken, &work),
                Ok(None) => break,
                Err(error) => {
                    tracing::error!(%error, "could not take the next delivery");
                    break;
                }
            }
        }
        tokio::select! {
            () = stopping.cancelled() => return,
            () = wake.intake.notified() => {}
            () = lanes.advance(&work) => {}
            () = tokio::time::sleep(intake.pace.period) => {}
        }
    }
}

struct TakenDelivery {
    delivery: Delivery,
    body: Vec<u8>,
}

async fn take_next(intake: &Intake) -> Result<Option<TakenDelivery>, StoreError> {
    let now = Timestamp::now();
    let next = intake.store.next_delivery(now, now.plus(LEASE)).await?;
    Ok(next.map(|(delivery, body)| TakenDelivery { delivery, body }))
}

/// Decides one delivery and writes its receipt, or postpones it.
async fn process(intake: &Intake, delivery: &Delivery, body: &[u8]) {
    let outcome = match receipts(intake, delivery, body).await {
        Ok(receipts) => {
            tracing::info!(delivery.id = %delivery.id, ?receipts, "a delivery was processed");
            intake.store.decide_delivery(delivery.id, &receipts, Timestamp::now()).await
        }
        Err(postponed) => {
            let until = Timestamp::now().plus(postponed.pause(intake.pace, delivery.attempts));
            tracing::warn!(delivery.id = %delivery.id, error = %postponed, %until, "a delivery was postponed");
            intake.store.postpone_delivery(delivery.id, until, &postponed.to_string()).await
        }
    };
    if let Err(error) = outcome {
        // Its lease runs out, and it is decided again.
        tracing::error!(delivery.id = %delivery.id, %error, "the result of a delivery could not be stored");
    }
    intake.live.publish(Update::Delivery { project: delivery.project });
}

async fn receipts(
    intake: &Intake,
    delivery: &Delivery,
    body: &[u8],
) -> Result<Vec<Receipt>, Postponed> {
    let Some(project) = intake.store.project(delivery.project).await? else {
        return Ok(vec![ignored(
            &delivery.event,
            IgnoredReason::ProjectDeleted,
            "its project was deleted",
        )]);
    };
    let age = Timestamp::now().since(delivery.received_at);
    let attempt = Attempt::after(age, intake.pace);
    let events = event::parse(delivery.forge, &delivery.event, body);
    if events.is_empty() {
        return Ok(vec![ignored(&delivery.event, IgnoredReason::NoChange, "it reports no change")]);
    }
    let mut receipts = Vec::with_capacity(events.len());
    for event in events {
        let context = ChangeContext { intake, project: &project, delivery, attempt };
        receipts.push(decide(&context, event).await?);
    }
    Ok(receipts)
}

/// Decides one change: the order of questions is that of `VCS` §3.3.
async fn decide(context: &ChangeContext<'_>, event: ForgeEvent) -> Result<Receipt, Postponed> {
    if let Some(repository) = repository_of(&event)
        && *repository != context.project.repository
    {
        // The secret of one hook must not start builds of another repository.
        return Ok(ignored(
            &context.delivery.event,
            IgnoredReason::OtherRepository,
            "it belongs to a repository other than that of its webhook",
        ));
    }
    match event {
        ForgeEvent::Ping { hook_id } => upkeep::ping(context, hook_id).await,
        ForgeEvent::Push(push) => pushed(context, push).await,
        ForgeEvent::Deleted { git_ref, .. } => {
            Ok(ignored(describe(&git_ref), IgnoredReason::RefDeleted, DELETED))
        }
        ForgeEvent::PullRequest(pull) => {
            let what = format!("pull request #{} {}", pull.number, pull.action);
            let (reason, because) = if pull.from_fork {
                let because = "it comes from a fork, and Roundel does not build forks: their code must not have access to \
                 this project's keys and secrets";
                (IgnoredReason::ForkPullRequest, because)
            } else {
                (IgnoredReason::OwnPullRequest, "its branch is built when it is pushed")
            };
            Ok(ignored(what, reason, because))
        }
        ForgeEvent::RepositoryChanged { what, .. } => {
            upkeep::repository_changed(context, &what).await
        }
        ForgeEvent::HookOrKeyRemoved { what } => upkeep::hook_or_key_removed(context, &what).await,
        ForgeEvent::Ignored { because } => {
            Ok(ignored(&context.delivery.event, IgnoredReason::NoChange, because))
        }
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

/// Decides a push: what starts a pipeline, or why it is not built.
async fn pushed(context: &ChangeContext<'_>, push: Push) -> Result<Receipt, Postponed> {
    let what = describe(&push.git_ref);
    if push.after.is_zero() {
        return Ok(ignored(what, IgnoredReason::RefDeleted, DELETED));
    }
    if !context.project.active {
        let why = why_not_building::reason(&context.intake.store, context.project.id).await?;
        let because = format!("{why}; run setup again to build pushes");
        return Ok(ignored(what, IgnoredReason::ProjectNotBuilding, because));
    }
    let (sha, commit) = match context.unless_postponed(commit_of(context, &push).await)? {
        Ok(Some(found)) => found,
        Ok(None) => {
            let because = format!("commit {} is no longer in the repository", push.after);
            return Ok(ignored(what, IgnoredReason::CommitGone, because));
        }
        // The pipeline that follows shows the same error, and what to do.
        Err(_) => (push.after.clone(), CommitInfo::default()),
    };
    let is_tag = push.git_ref.tag().is_some();
    if !is_tag && let Some(marker) = skip_marker(&commit) {
        let because = format!("the commit message asks to skip it ({marker})");
        return Ok(ignored(what, IgnoredReason::SkipMarker, because));
    }
    let actor = match &push.sender_id {
        Some(user) => {
            context.intake.store.account_by_forge_user(context.project.slug.forge, user).await?
        }
        None => None,
    };
    let trigger = Trigger {
        kind: if is_tag { TriggerKind::Tag } else { TriggerKind::Push },
        delivery: Some(context.delivery.id),
        git_ref: push.git_ref,
        sha,
        before: push.before,
        commit,
        actor: actor.map(|account| account.id),
        actor_login: push.sender_login,
    };
    let ChangeContext { intake, project, attempt, .. } = context;
    Ok(match trigger::start(&intake.starter, project, &trigger, *attempt).await? {
        Started::Pipeline { id, number } => Receipt::Started { pipeline: id, number, what },
        Started::Known { id, number } => Receipt::Known { pipeline: id, number, what },
        Started::NoConfig => {
            let because =
                format!("commit {} has no `{}`", trigger.sha.short(), trigger::CONFIG_PATH);
            ignored(what, IgnoredReason::NoConfig, because)
        }
    })
}

fn describe(git_ref: &GitRef) -> String {
    match git_ref {
        GitRef::Branch(name) => format!("push to {name}"),
        GitRef::Tag(name) => format!("tag {name}"),
    }
}

/// Finds the commit that was pushed. On GitHub, `after` of an annotated tag is the tag object: the
/// head commit has the right id, and where there is none the API resolves it (`VCS` §3.3).
async fn commit_of(
    context: &ChangeContext<'_>,
    push: &Push,
) -> Result<Option<(CommitSha, CommitInfo)>, CallError> {
    if let Some(head) = &push.head
        && head.sha.is_well_formed()
    {
        return Ok(Some((head.sha.clone(), from_payload(head))));
    }
    let forge = &context.intake.forges.client(context.project.slug.forge)?;
    let repository = &forges::repository_ref(context.project);
    let revision = match &push.git_ref {
        GitRef::Tag(tag) => tag.as_str(),
        GitRef::Branch(_) => push.after.as_str(),
    };
    let commit = context
        .intake
        .forges
        .call(
            context.project,
            |token| async move { forge.commit(&token, repository, revision).await },
        )
        .await?;
    Ok(commit.map(|commit| (commit.sha.clone(), from_api(commit))))
}

/// Looks for a skip marker that begins within the first characters of the message, in any case
/// (`RUN` §1.10, VCS-028: characters, not bytes).
fn skip_marker(commit: &CommitInfo) -> Option<&'static str> {
    let message = format!("{}\n{}", commit.subject, commit.body).to_lowercase();
    ["[skip ci]", "[ci skip]"].into_iter().find(|marker| {
        message
            .find(marker)
            .is_some_and(|at| message[..at].chars().count() < limits::SKIP_MARKER_CHARS)
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
        let marker = |message: &str| skip_marker(&saying(message));
        assert_eq!(marker("fix typo [Skip CI]"), Some("[skip ci]"));
        assert_eq!(marker("fix\n\nbody [ci skip]"), Some("[ci skip]"));
        assert_eq!(marker(&format!("{}[ci skip]", "ä".repeat(249))), Some("[ci skip]"));
        assert_eq!(marker(&format!("{}[ci skip]", "ä".repeat(250))), None);
        assert_eq!(marker("skip ci"), None);
    }
}
