//! Claiming: a runner waits for a task that fits it, and gets the right to it.
//!
//! The job spec is built before the task is claimed: what cannot be described to a runner must not be
//! taken by one. Losing the race for a task is ordinary: the next one is tried.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use roundel_engine::{Event, IllegalEvent};
use roundel_model::{
    id::LeaseId, kind::Architecture, limits, status::Outcome, time::Timestamp, word::Word,
};
use roundel_protocol::{ClaimRequest, JobSpec};
use roundel_store::{pipelines::OfferedTask, runners::RunnerRow};

use super::{
    checked,
    job_spec::{self, SpecError},
    rights::RunnerToken,
};
use crate::{
    app::App,
    drive::{self, Applied, DriveError},
    http::{api_input::ApiInput, error_response::ErrorResponse},
};

/// How often offers are checked without a wake-up, in case one was missed.
const PERIOD: Duration = Duration::from_secs(2);

/// Offers that a round considers first. If none of them fits, it considers more and more: however many
/// tasks wait for a runner that is not there, those behind them are found.
const FIRST_OFFERS: u32 = 64;

/// How many times as many it considers next.
const MORE_OFFERS: u32 = 8;

/// Hands out a task, as soon as there is one that fits.
pub(super) async fn claim(
    _: RunnerToken,
    State(app): State<Arc<App>>,
    ApiInput(Json(request)): ApiInput<Json<ClaimRequest>>,
) -> Result<Response, ErrorResponse> {
    let request = checked::claim(request)?;
    app.store
        .touch_runner(&RunnerRow {
            name: request.runner.clone(),
            version: request.version.clone(),
            resource_classes: request.resource_classes.clone(),
            executors: request.executors.clone(),
            architecture: request.architecture.clone(),
            limitations: request.limitations.clone(),
            last_seen_at: Timestamp::now(),
            signed_off_at: None,
        })
        .await?;
    if let Some(lease) = request.lease
        && let Some(spec) = again(&app, lease).await?
    {
        return Ok(Json(spec).into_response());
    }
    let wait = tokio::time::sleep(request.wait.min(limits::CLAIM_WAIT));
    tokio::pin!(wait);
    loop {
        // Listening begins before looking, so that an offer in between is not missed.
        let offered = app.wake.offer.notified();
        tokio::pin!(offered);
        offered.as_mut().enable();
        // Its connection may be open all the same, and what it gets would not be run.
        if app.store.has_signed_off(&request.runner).await? {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        if let Some(spec) = take(&app, &request).await? {
            return Ok(Json(spec).into_response());
        }
        tokio::select! {
            () = &mut wait => return Ok(StatusCode::NO_CONTENT.into_response()),
            () = app.stopping.cancelled() => return Ok(StatusCode::NO_CONTENT.into_response()),
            () = offered => {}
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}

/// Hands out once more what was handed out under a lease: the answer did not arrive, because this
/// process was killed, say. Nothing if the lease is over.
async fn again(app: &App, lease: LeaseId) -> Result<Option<JobSpec>, ErrorResponse> {
    let Some(task) = app.store.task_of_lease(lease).await? else { return Ok(None) };
    let now = Timestamp::now();
    let expires_at = now.plus(limits::LEASE);
    let event = Event::Renewed { job: task.job, task: task.index, lease, expires_at };
    let renewed = drive::apply(&app.drive, task.pipeline, &event, now).await?;
    if renewed == Applied::Ignored {
        return Ok(None);
    }
    match job_spec::build(app, &task, lease).await {
        Ok((spec, _)) => Ok(Some(spec)),
        Err(SpecError::Store(error)) => Err(error.into()),
        // The lease must not stay on this task: the claim continues, and takes another one under it.
        Err(SpecError::Hopeless(reason)) => {
            end(app, &task, lease, &reason).await?;
            Ok(None)
        }
    }
}

/// Takes the oldest task that fits, if there is one.
async fn take(app: &App, request: &ClaimRequest) -> Result<Option<JobSpec>, ErrorResponse> {
    let (mut limit, mut considered) = (FIRST_OFFERS, 0);
    loop {
        let offers = app.store.offered_tasks(limit).await?;
        let found = offers.len();
        let of_this_round = offers.into_iter().skip(considered);
        let fitting = of_this_round.filter(|offered| fits(request, offered)).collect::<Vec<_>>();
        if let Some(spec) = take_one(app, request, &fitting).await? {
            return Ok(Some(spec));
        }
        if u32::try_from(found).is_ok_and(|found| found < limit) {
            return Ok(None);
        }
        (limit, considered) = (limit.saturating_mul(MORE_OFFERS), found);
    }
}

/// Takes the first of these tasks that no other runner takes before.
async fn take_one(
    app: &App,
    request: &ClaimRequest,
    fitting: &[OfferedTask],
) -> Result<Option<JobSpec>, ErrorResponse> {
    for offered in fitting {
        let lease = request.lease.unwrap_or_else(LeaseId::fresh);
        let spec = match job_spec::build(app, offered, lease).await {
            Ok(spec) => Some(spec),
            Err(SpecError::Store(error)) => return Err(error.into()),
            Err(SpecError::Hopeless(reason)) => {
                give_up(app, request, offered, &reason).await?;
                None
            }
        };
        if let Some((spec, project)) = spec
            && try_claim(app, request, offered, lease).await?
        {
            if spec.checkout.key.is_some()
                && let Err(error) = app.store.touch_checkout_key(project, Timestamp::now()).await
            {
                tracing::warn!(%project, %error, "could not record that a key was used");
            }
            return Ok(Some(spec));
        }
    }
    Ok(None)
}

/// Returns whether a runner that claims in these words may get a task.
pub(in crate::http) fn fits(request: &ClaimRequest, offered: &OfferedTask) -> bool {
    let ClaimRequest { executors, resource_classes, .. } = request;
    // A runner that names none runs everything that its own release can, which is nothing newer.
    let is_known = matches!(offered.executor, Word::Known(_));
    let offers = executors.contains(&offered.executor) || executors.is_empty() && is_known;
    let class = offered.resource_class.as_ref();
    let is_named = class.is_some_and(|class| resource_classes.contains(class));
    let serves = resource_classes.is_empty() || is_named || class.is_none();
    // A runner that names a class for the architecture, or one of its own, can run its jobs: with an
    // emulator, say. To name `large` says nothing about the image that a job asks for.
    let is_own = class.is_some_and(|class| !job_spec::is_standard_class(class));
    let asked = class.and_then(|class| Architecture::of_resource_class(class));
    let runs = |wanted: &Word<Architecture>| {
        request.architecture.as_ref() == Some(wanted)
            || is_named && (is_own || asked.is_some_and(|asked| wanted.is(asked)))
    };
    offers && serves && offered.architecture.as_ref().is_none_or(runs)
}

/// Claims a task through the one door. Returns whether this runner got it.
async fn try_claim(
    app: &App,
    request: &ClaimRequest,
    offered: &OfferedTask,
    lease: LeaseId,
) -> Result<bool, ErrorResponse> {
    let now = Timestamp::now();
    let event = Event::Claimed {
        job: offered.job,
        task: offered.index,
        lease,
        expires_at: now.plus(limits::LEASE),
        runner: request.runner.clone(),
    };
    match drive::apply(&app.drive, offered.pipeline, &event, now).await {
        Ok(Applied::Changed) => Ok(true),
        // It was canceled, or claimed by another runner, since it was listed.
        Ok(Applied::Ignored) | Err(DriveError::Illegal(IllegalEvent::Protocol { .. })) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Ends a task that cannot be described to a runner, with the reason on its page.
async fn give_up(
    app: &App,
    request: &ClaimRequest,
    offered: &OfferedTask,
    reason: &str,
) -> Result<(), ErrorResponse> {
    let lease = LeaseId::fresh();
    if !try_claim(app, request, offered, lease).await? {
        return Ok(());
    }
    end(app, offered, lease, reason).await
}

/// Ends a task under its lease as our failure, with the reason on its page.
async fn end(
    app: &App,
    offered: &OfferedTask,
    lease: LeaseId,
    reason: &str,
) -> Result<(), ErrorResponse> {
    tracing::error!(job.id = %offered.job, reason, "a task cannot be handed out");
    let event = Event::Finished {
        job: offered.job,
        task: offered.index,
        lease,
        outcome: Outcome::InfrastructureFail,
        reason: Some(reason.to_owned()),
    };
    drive::apply(&app.drive, offered.pipeline, &event, Timestamp::now()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use roundel_model::{
        id::{JobId, PipelineId},
        kind::ExecutorKind,
    };

    use super::*;

    fn runner(classes: &[&str], executors: &[ExecutorKind]) -> ClaimRequest {
        ClaimRequest {
            runner: "r".to_owned(),
            version: "1".to_owned(),
            resource_classes: classes.iter().map(|&class| class.to_owned()).collect(),
            executors: executors.iter().map(|&kind| kind.into()).collect(),
            architecture: None,
            limitations: None,
            wait: Duration::ZERO,
            lease: None,
        }
    }

    fn task(class: Option<&str>, executor: ExecutorKind) -> OfferedTask {
        OfferedTask {
            pipeline: PipelineId::from_u128(1),
            job: JobId::from_u128(2),
            index: 0,
            resource_class: class.map(str::to_owned),
            executor: executor.into(),
            architecture: class.and_then(Architecture::of_resource_class).map(Word::from),
        }
    }

    #[test]
    fn a_task_goes_to_a_runner_that_serves_its_class_and_executor() {
        use ExecutorKind::{Docker, Machine};
        assert!(fits(&runner(&[], &[]), &task(Some("acme/gpu"), Docker)));
        assert!(fits(&runner(&["acme/gpu"], &[Docker]), &task(Some("acme/gpu"), Docker)));
        assert!(!fits(&runner(&["acme/gpu"], &[]), &task(Some("large"), Docker)));
        assert!(!fits(&runner(&[], &[Machine]), &task(None, Docker)));
        assert!(fits(&runner(&["acme/gpu"], &[Machine]), &task(None, Machine)));
    }

    /// A job for ARM that ran on another machine would pass for one that was tested on ARM.
    #[test]
    fn a_task_for_arm_goes_to_an_arm_runner_or_to_one_that_names_its_class() {
        let task = |class| task(Some(class), ExecutorKind::Docker);
        let of = |architecture: Option<Architecture>, classes: &[&str]| ClaimRequest {
            architecture: architecture.map(Word::from),
            ..runner(classes, &[])
        };
        let (amd, arm) = (Some(Architecture::Amd64), Some(Architecture::Arm64));
        assert!(fits(&of(arm, &[]), &task("arm.large")));
        assert!(!fits(&of(amd, &[]), &task("arm.large")));
        // One of an earlier release does not say what it is.
        assert!(!fits(&of(None, &[]), &task("arm.large")));
        assert!(fits(&of(amd, &["arm.large"]), &task("arm.large")));
        assert!(!fits(&of(arm, &["arm.medium"]), &task("arm.large")));
        // Any other class leaves it open, so that an instance with ARM runners only runs jobs.
        assert!(fits(&of(arm, &[]), &task("large")) && fits(&of(amd, &[]), &task("large")));
    }

    /// A machine of class `large` with the image `ubuntu-2404-arm64` is for ARM as well.
    #[test]
    fn a_runner_that_names_a_standard_class_gets_no_task_whose_image_is_for_arm() {
        let arm_image = |class| OfferedTask {
            architecture: Some(Architecture::Arm64.into()),
            ..task(Some(class), ExecutorKind::Machine)
        };
        let amd = |classes: &[&str]| ClaimRequest {
            architecture: Some(Architecture::Amd64.into()),
            ..runner(classes, &[])
        };
        for class in ["large", "medium.gen2", "2xlarge+", "gpu.nvidia.small"] {
            assert!(!fits(&amd(&[class]), &arm_image(class)), "{class}");
            let arm = Some(Architecture::Arm64.into());
            let arm = ClaimRequest { architecture: arm, ..runner(&[class], &[]) };
            assert!(fits(&arm, &arm_image(class)), "{class}");
        }
        for class in ["arm.large", "acme/emulated"] {
            assert!(fits(&amd(&[class]), &arm_image(class)), "{class}");
        }
    }

    /// A newer runner that only offers what this release does not know must not get everything.
    #[test]
    fn a_runner_that_offers_only_unknown_executors_gets_no_task() {
        let newer =
            ClaimRequest { executors: vec![Word::Other("vm".to_owned())], ..runner(&[], &[]) };
        assert!(!fits(&newer, &task(None, ExecutorKind::Machine)));
    }

    /// The other way round: what a later release offered goes to runners that know it.
    #[test]
    fn a_task_that_needs_what_is_unknown_here_goes_to_a_runner_that_names_it() {
        let vm = Word::Other("vm".to_owned());
        let executors = vec![vm.clone()];
        let vm = OfferedTask { executor: vm, ..task(None, ExecutorKind::Machine) };
        assert!(!fits(&runner(&[], &[]), &vm));
        assert!(fits(&ClaimRequest { executors, ..runner(&[], &[]) }, &vm));
        let architecture = Some(Word::Other("riscv64".to_owned()));
        let riscv =
            OfferedTask { architecture: architecture.clone(), ..task(None, ExecutorKind::Machine) };
        let of = |architecture| ClaimRequest { architecture, ..runner(&[], &[]) };
        assert!(!fits(&of(None), &riscv) && !fits(&of(Some(Architecture::Amd64.into())), &riscv));
        assert!(fits(&of(architecture), &riscv));
    }
}
