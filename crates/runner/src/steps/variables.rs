//! Step 99, *Preparing environment variables* (RUN §1.7, §3.5).

use roundel_model::kind::StepKind;

use super::{OpenStep, VARIABLES, end::StepEnd, own_report};
use crate::{job_environment::JobEnvironment, steps::context::Task, task_error::TaskError};

/// Lists the variables: names and values, or asterisks.
pub(crate) fn show(task: &Task, environment: &JobEnvironment) -> Result<(), TaskError> {
    let report = own_report("Preparing environment variables", StepKind::Variables);
    let mut step = OpenStep::begin(task, VARIABLES, report)?;
    for line in environment.variables.listing() {
        step.line(&line)?;
    }
    step.end(task, StepEnd::SUCCESS).map(drop)
}
