//! How a step ended.

use roundel_model::status::StepStatus;

use crate::stop::StopReason;

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StepEnd {
    /// As people see it.
    pub(crate) status: StepStatus,
    /// Of its process, if it had one that ended by itself.
    pub(crate) exit_code: Option<i32>,
}

impl StepEnd {
    /// It succeeded, and started no process.
    pub(crate) const SUCCESS: Self = Self { status: StepStatus::Success, exit_code: None };
    /// It failed before it had an exit code.
    pub(crate) const FAILED: Self = Self { status: StepStatus::Failed, exit_code: None };

    /// Returns how a step ends whose task is stopped.
    pub(crate) fn stopped(reason: &StopReason, exit_code: Option<i32>) -> Self {
        let status = match reason {
            StopReason::RunTime(_) => StepStatus::Timedout,
            StopReason::Canceled => StepStatus::Canceled,
            StopReason::LeaseLost | StopReason::Shutdown | StopReason::RunnerFailed(_) => {
                StepStatus::InfrastructureFail
            }
        };
        Self { status, exit_code }
    }

    /// Returns whether the job fails because of it.
    pub(crate) fn is_failure(self) -> bool {
        matches!(self.status, StepStatus::Failed | StepStatus::Timedout)
    }
}
