//! Steps: what they share. Each kind has its own file in this directory.
//!
//! Numbers are positions, equal in all tasks of a job, and never change (RUN §1.7): 0 for the
//! environment, 99 for the variables, 101 and up for the steps of the configuration.

pub(crate) mod background;
pub(crate) mod checkout;
pub(crate) mod context;
pub(crate) mod end;
pub(crate) mod process;
pub(crate) mod run;
pub(crate) mod spin_up;
pub(crate) mod variables;

use std::sync::Arc;

use roundel_model::{
    kind::StepKind, limits::STEP_NAME_CHARS, plan::PlannedStep, status::StepStatus, time::Timestamp,
};
use roundel_protocol::StepReport;

use context::Task;
use end::StepEnd;

use crate::{
    log::{LogFiles, Spool, StepLog},
    task_error::TaskError,
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

/// A step that has begun: its log, and what was reported of it.
pub(crate) struct OpenStep {
    /// The log for its output.
    pub(crate) log: StepLog,
    number: u32,
    report: StepReport,
}

impl OpenStep {
    /// Begins a step: makes its log and reports it.
    ///
    /// # Errors
    ///
    /// The runner's disk does not accept the log.
    pub(crate) fn begin(
        task: &Task,
        number: u32,
        mut report: StepReport,
    ) -> Result<Self, TaskError> {
        report.name = task.secrets.mask(&report.name);
        report.command = report.command.map(|command| task.secrets.mask(&command));
        let path = task.directory.join(format!("{number}.log"));
        let spool = Arc::new(Spool::create(&path).map_err(|error| TaskError::disk(&error))?);
        let files = LogFiles { spool: Arc::clone(&spool), tail: path.with_extension("tail") };
        let log = StepLog::new(
            Arc::clone(&task.secrets),
            files,
            task.uplink.wake(),
            task.spec.limits.log_bytes_per_step,
        );
        task.uplink.began(number, report.clone(), spool);
        Ok(Self { log, number, report })
    }

    /// Ends the step: writes the rest of its log and reports how it ended.
    pub(crate) fn end(self, task: &Task, end: StepEnd) -> Result<StepEnd, TaskError> {
        let finished = self.log.finish();
        let report = StepReport {
            status: end.status,
            exit_code: end.exit_code,
            ended_at: Some(Timestamp::now()),
            truncated: matches!(finished, Ok(true)),
            ..self.report
        };
        task.uplink.ended(self.number, report);
        finished.map_err(|error| TaskError::disk(&error))?;
        Ok(end)
    }

    /// Appends a line of the runner's own.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), TaskError> {
        self.log.line(text).map_err(|error| TaskError::disk(&error))
    }

    /// Ends the step with the sentence that explains it, and passes the error on.
    pub(crate) fn fail(mut self, task: &Task, error: TaskError) -> TaskError {
        let end = match (task.stop.reason(), &error) {
            (Some(reason), _) => StepEnd::stopped(&reason, None),
            (None, TaskError::Job(_)) => StepEnd::FAILED,
            (None, TaskError::Infrastructure(_)) => {
                StepEnd { status: StepStatus::InfrastructureFail, exit_code: None }
            }
        };
        // The sentence is on the job page too, should the log be what fails.
        drop(self.line(error.sentence()));
        drop(self.end(task, end));
        error
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
