//! Steps: what they share. Each kind has a file of its own beside this one.
//!
//! Numbers are positions, equal in all tasks of a job, and never change (RUN §1.7): 0 for the
//! environment, 99 for the variables, 101 and up for the steps of the configuration.

pub(crate) mod background;
pub(crate) mod checkout;
pub(crate) mod process;
pub(crate) mod run;
pub(crate) mod spin_up;
pub(crate) mod variables;

use std::sync::Arc;

use roundel_model::{
    kind::StepKind, limits::STEP_NAME_CHARS, plan::PlannedStep, status::StepStatus, time::Timestamp,
};
use roundel_protocol::StepReport;

use crate::{
    log::{Spool, StepLog},
    stop::StopReason,
    task::{Task, Trouble},
};

/// Number of *Spin up environment*.
pub(crate) const SPIN_UP: u32 = 0;
/// Number of *Preparing environment variables*.
pub(crate) const VARIABLES: u32 = 99;
/// Number of the first step of the configuration.
const FIRST: u32 = 101;

/// Returns the number of the step at a position of the configuration.
pub(crate) fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX - FIRST).saturating_add(FIRST)
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StepEnd {
    /// As people see it.
    pub(crate) status: StepStatus,
    /// Of its process, if it had one that ended by itself.
    pub(crate) exit_code: Option<i32>,
}

impl StepEnd {
    /// It did what it should.
    pub(crate) const SUCCESS: Self = Self { status: StepStatus::Success, exit_code: None };
    /// It did not, and there is no exit code to tell.
    pub(crate) const FAILED: Self = Self { status: StepStatus::Failed, exit_code: None };

    /// Tells whether the job fails for it.
    pub(crate) fn is_failure(self) -> bool {
        matches!(self.status, StepStatus::Failed | StepStatus::Timedout)
    }
}

/// A step that has begun: its log, and what the server knows of it.
pub(crate) struct OpenStep {
    /// Where its output goes.
    pub(crate) log: StepLog,
    number: u32,
    report: StepReport,
}

impl OpenStep {
    /// Begins a step: makes its log and tells the server.
    ///
    /// # Errors
    ///
    /// The runner's disk does not take the log.
    pub(crate) fn begin(task: &Task, number: u32, mut report: StepReport) -> Result<Self, Trouble> {
        report.name = task.needles.mask(&report.name);
        report.command = report.command.map(|command| task.needles.mask(&command));
        let path = task.directory.join(format!("{number}.log"));
        let spool = Arc::new(Spool::create(&path).map_err(|error| Trouble::disk(&error))?);
        let log = StepLog::new(
            Arc::clone(&task.needles),
            Arc::clone(&spool),
            task.uplink.wake(),
            task.spec.limits.log_bytes_per_step,
        );
        task.uplink.began(number, report.clone(), spool);
        Ok(Self { log, number, report })
    }

    /// Ends the step: lets out the rest of its log and tells the server.
    pub(crate) fn end(mut self, task: &Task, end: StepEnd) -> Result<StepEnd, Trouble> {
        let flushed = self.log.flush();
        let report = StepReport {
            status: end.status,
            exit_code: end.exit_code,
            ended_at: Some(Timestamp::now()),
            truncated: self.log.is_truncated(),
            ..self.report
        };
        task.uplink.ended(self.number, report);
        flushed.map_err(|error| Trouble::disk(&error))?;
        Ok(end)
    }

    /// Appends a line of the runner's own.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Trouble> {
        self.log.line(text).map_err(|error| Trouble::disk(&error))
    }

    /// Ends the step with the sentence that explains it, and passes the trouble on.
    pub(crate) fn fail(mut self, task: &Task, trouble: Trouble) -> Trouble {
        let status = match (task.stop.reason(), &trouble) {
            (Some(reason), _) => stopped_status(&reason),
            (None, Trouble::Request(_)) => StepStatus::Failed,
            (None, Trouble::Infrastructure(_)) => StepStatus::InfrastructureFail,
        };
        // The sentence is on the job page too, should the log be what fails.
        drop(self.line(trouble.sentence()));
        drop(self.end(task, StepEnd { status, exit_code: None }));
        trouble
    }
}

/// Returns how a step ends when its task is stopped.
pub(crate) fn stopped_status(reason: &StopReason) -> StepStatus {
    match reason {
        StopReason::RunTime => StepStatus::Timedout,
        StopReason::Canceled => StepStatus::Canceled,
        StopReason::LeaseLost | StopReason::Shutdown | StopReason::Broken(_) => {
            StepStatus::InfrastructureFail
        }
    }
}

/// Returns the report of a step of the runner's own that begins now.
pub(crate) fn own_report(name: &str, kind: StepKind) -> StepReport {
    StepReport {
        name: name.to_owned(),
        kind: kind.into(),
        status: StepStatus::Running,
        command: None,
        line: None,
        background: false,
        exit_code: None,
        started_at: Timestamp::now(),
        ended_at: None,
        truncated: false,
    }
}

/// Returns the report of a step of the configuration that begins now.
pub(crate) fn report(planned: &PlannedStep, kind: StepKind) -> StepReport {
    let name = planned.name.trim().chars().take(STEP_NAME_CHARS).collect();
    StepReport { name, line: planned.line, ..own_report("", kind) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_numbered_by_their_position() {
        assert_eq!(number(0), 101);
        assert_eq!(number(7), 108);
    }
}
