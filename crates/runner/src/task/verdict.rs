//! From how steps ended to how the task ended (RUN §1.9, §2.4).

use roundel_model::{plan::When, status::Outcome};
use roundel_protocol::FinishReport;

use crate::{log::UplinkError, steps::end::StepEnd, stop::StopReason, task_error::TaskError};

/// What the steps have come to so far.
#[derive(Debug, Default)]
pub(super) struct Progress {
    failed: bool,
}

impl Progress {
    /// Tells whether a step is to run now.
    pub(super) fn is_due(&self, when: When) -> bool {
        match when {
            When::OnSuccess => !self.failed,
            When::Always => true,
            When::OnFail => self.failed,
        }
    }

    /// A foreground step ended.
    pub(super) fn note(&mut self, end: StepEnd) {
        self.failed |= end.is_failure();
    }
}

/// How a task ended, for the server.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// As it is sent.
    pub(super) report: FinishReport,
}

impl Verdict {
    /// Judges a task; `None` if it is not this runner's to judge.
    pub(super) fn of(
        stop: Option<StopReason>,
        steps: Result<Progress, TaskError>,
        not_enforced: Vec<String>,
    ) -> Option<Self> {
        let (outcome, reason) = match (stop, steps) {
            (Some(StopReason::LeaseLost | StopReason::Canceled), _) => return None,
            (Some(StopReason::RunTime), _) => {
                (Outcome::Timedout, Some("The job ran for longer than a job may.".to_owned()))
            }
            (Some(StopReason::Shutdown), _) => (
                Outcome::InfrastructureFail,
                Some("The runner was told to stop while the job ran.".to_owned()),
            ),
            (Some(StopReason::RunnerFailed(sentence)), _) => {
                (Outcome::InfrastructureFail, Some(sentence))
            }
            (None, Err(error)) => return Some(Self::error(&error)),
            (None, Ok(Progress { failed: true })) => (Outcome::Failed, None),
            (None, Ok(Progress { failed: false })) => (Outcome::Success, None),
        };
        Some(Self { report: FinishReport { outcome, reason, not_enforced } })
    }

    /// Judges a task that could not go on.
    pub(super) fn error(error: &TaskError) -> Self {
        let outcome = match error {
            TaskError::Job(_) => Outcome::Failed,
            TaskError::Infrastructure(_) => Outcome::InfrastructureFail,
        };
        let reason = Some(error.sentence().to_owned());
        Self { report: FinishReport { outcome, reason, not_enforced: Vec::new() } }
    }

    /// Judges a task whose log the server does not have: nobody could see why it passed.
    pub(super) fn undelivered(self, error: &UplinkError) -> Self {
        Self {
            report: FinishReport {
                outcome: Outcome::InfrastructureFail,
                reason: Some(error.to_string()),
                ..self.report
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use roundel_model::status::StepStatus;

    use super::*;

    fn after(ends: &[StepStatus]) -> Progress {
        let mut progress = Progress::default();
        for &status in ends {
            progress.note(StepEnd { status, exit_code: None });
        }
        progress
    }

    fn outcome(stop: Option<StopReason>, steps: Result<Progress, TaskError>) -> Option<Outcome> {
        Verdict::of(stop, steps, Vec::new()).map(|verdict| verdict.report.outcome)
    }

    #[test]
    fn after_a_failure_only_always_and_on_fail_are_due() {
        use When::{Always, OnFail, OnSuccess};
        let due =
            |progress: &Progress| [OnSuccess, Always, OnFail].map(|when| progress.is_due(when));
        assert_eq!(due(&after(&[StepStatus::Success])), [true, true, false]);
        assert_eq!(due(&after(&[StepStatus::Failed])), [false, true, true]);
        // A silent step is a failed step; the others go on (RUN §2.6).
        assert_eq!(due(&after(&[StepStatus::Timedout, StepStatus::Success])), [false, true, true]);
    }

    #[test]
    fn a_lost_lease_has_no_verdict() {
        // This runner cannot know whether another one runs the job by now.
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
        assert_eq!(outcome(Some(StopReason::RunTime), late), Some(Outcome::Timedout));
        assert_eq!(
            outcome(Some(StopReason::Shutdown), Ok(after(&[]))),
            Some(Outcome::InfrastructureFail)
        );
    }
}
