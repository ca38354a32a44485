//! From how steps ended to how the task ended (RUN §1.9, §2.4).
//!
//! A task whose first failure is a step that printed nothing for too long has timed out. Public
//! records of the hosted service show both `failed` and `timedout` for it (RUN §2.6); readers of a
//! list of jobs want to know which of the two it was.

use roundel_model::{
    limits::NO_OUTPUT_TIMEOUT,
    plan::{PlannedStepKind, When},
    status::{Outcome, StepStatus},
};
use roundel_protocol::FinishReport;

use crate::{
    log::UplinkError, phrases, steps::end::StepEnd, stop::StopReason, task_error::TaskError,
};

/// The outcome of the steps so far.
#[derive(Debug, Default)]
pub(super) struct Progress {
    failure: Option<Failure>,
}

/// How the first foreground step failed that did.
#[derive(Debug)]
enum Failure {
    Failed,
    /// It was stopped for this reason.
    TimedOut(String),
}

impl Progress {
    /// Returns whether a step is to run now.
    pub(super) fn is_due(&self, when: When) -> bool {
        match when {
            When::OnSuccess => self.failure.is_none(),
            When::Always => true,
            When::OnFail => self.failure.is_some(),
        }
    }

    /// A foreground step ended.
    pub(super) fn note(&mut self, end: StepEnd, step: &PlannedStepKind) {
        if self.failure.is_some() || !end.is_failure() {
            return;
        }
        self.failure = Some(match (end.status, step) {
            (StepStatus::Timedout, PlannedStepKind::Run(run)) => {
                Failure::TimedOut(format!("{}.", phrases::no_output(run.no_output_timeout)))
            }
            (StepStatus::Timedout, _) => {
                Failure::TimedOut(format!("{}.", phrases::no_output(NO_OUTPUT_TIMEOUT)))
            }
            _ => Failure::Failed,
        });
    }
}

/// Returns the report on a task; `None` if the outcome is no longer this runner's to report.
pub(super) fn report(
    stop: Option<StopReason>,
    steps: Result<Progress, TaskError>,
) -> Option<FinishReport> {
    let (outcome, reason) = match (stop, steps) {
        (Some(StopReason::LeaseLost | StopReason::Canceled), _) => return None,
        (Some(StopReason::RunTime(limit)), _) => {
            (Outcome::Timedout, Some(format!("{}.", phrases::run_time(limit))))
        }
        (Some(StopReason::Shutdown), _) => (
            Outcome::InfrastructureFail,
            Some("The runner was shut down while the job ran.".to_owned()),
        ),
        (Some(StopReason::RunnerFailed(sentence)), _) => {
            (Outcome::InfrastructureFail, Some(sentence))
        }
        (None, Err(error)) => return Some(of_error(&error)),
        (None, Ok(Progress { failure: Some(Failure::TimedOut(reason)) })) => {
            (Outcome::Timedout, Some(reason))
        }
        (None, Ok(Progress { failure: Some(Failure::Failed) })) => (Outcome::Failed, None),
        (None, Ok(Progress { failure: None })) => (Outcome::Success, None),
    };
    Some(FinishReport { outcome, reason })
}

/// Returns the report on a task that could not continue.
pub(super) fn of_error(error: &TaskError) -> FinishReport {
    let outcome = match error {
        TaskError::Job(_) => Outcome::Failed,
        TaskError::Infrastructure(_) => Outcome::InfrastructureFail,
    };
    FinishReport { outcome, reason: Some(error.sentence().to_owned()) }
}

/// Returns the report on a task whose log the server does not have. It is not a success, however
/// its steps ended: a green job without its log cannot be checked.
pub(super) fn log_not_delivered(error: &UplinkError) -> FinishReport {
    FinishReport { outcome: Outcome::InfrastructureFail, reason: Some(error.to_string()) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use roundel_model::plan::CheckoutMethod;

    use super::*;

    fn after(ends: &[StepStatus]) -> Progress {
        let mut progress = Progress::default();
        let step = PlannedStepKind::Checkout { path: ".".into(), method: CheckoutMethod::Full };
        for &status in ends {
            progress.note(StepEnd { status, exit_code: None }, &step);
        }
        progress
    }

    fn outcome(stop: Option<StopReason>, steps: Result<Progress, TaskError>) -> Option<Outcome> {
        report(stop, steps).map(|report| report.outcome)
    }

    #[test]
    fn after_a_failure_only_always_and_on_fail_are_due() {
        use When::{Always, OnFail, OnSuccess};
        let due =
            |progress: &Progress| [OnSuccess, Always, OnFail].map(|when| progress.is_due(when));
        assert_eq!(due(&after(&[StepStatus::Success])), [true, true, false]);
        assert_eq!(due(&after(&[StepStatus::Failed])), [false, true, true]);
        // A silent step is a failed step; the others continue (RUN §2.6).
        assert_eq!(due(&after(&[StepStatus::Timedout, StepStatus::Success])), [false, true, true]);
    }

    #[test]
    fn the_first_failure_decides_whether_a_task_failed_or_timed_out() {
        let reported = |ends: &[StepStatus]| {
            let report = report(None, Ok(after(ends))).unwrap();
            (report.outcome, report.reason)
        };
        let silent = Some("No output for 10 minutes.".to_owned());
        assert_eq!(
            reported(&[StepStatus::Success, StepStatus::Timedout, StepStatus::Failed]),
            (Outcome::Timedout, silent)
        );
        assert_eq!(reported(&[StepStatus::Failed, StepStatus::Timedout]), (Outcome::Failed, None));
    }

    #[test]
    fn a_lost_lease_has_no_outcome() {
        // The server has ended the task by now: nothing that is reported counts.
        assert_eq!(outcome(Some(StopReason::LeaseLost), Ok(after(&[]))), None);
        assert_eq!(outcome(Some(StopReason::Canceled), Ok(after(&[]))), None);
    }

    #[test]
    fn a_failure_of_the_runner_is_never_the_jobs() {
        let ours = || Err(TaskError::Infrastructure("disk full".to_owned()));
        let theirs = || Err(TaskError::Job("no such image".to_owned()));
        assert_eq!(outcome(None, ours()), Some(Outcome::InfrastructureFail));
        assert_eq!(outcome(None, theirs()), Some(Outcome::Failed));
        assert_eq!(outcome(None, Ok(after(&[StepStatus::Failed]))), Some(Outcome::Failed));
        assert_eq!(outcome(None, Ok(after(&[]))), Some(Outcome::Success));
        let late = Ok(after(&[StepStatus::Timedout]));
        let run_time = StopReason::RunTime(Duration::from_hours(1));
        assert_eq!(outcome(Some(run_time), late), Some(Outcome::Timedout));
        assert_eq!(
            outcome(Some(StopReason::Shutdown), Ok(after(&[]))),
            Some(Outcome::InfrastructureFail)
        );
    }
}
