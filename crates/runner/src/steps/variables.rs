//! Step 99, *Preparing environment variables* (RUN §1.7, §3.5).

use roundel_model::kind::StepKind;

use super::{OpenStep, StepEnd, VARIABLES, own_report};
use crate::{
    inside::Inside,
    task::{Task, Trouble},
};

/// Lists the variables: names and values, or stars.
pub(crate) fn show(task: &Task, inside: &Inside) -> Result<(), Trouble> {
    let report = own_report("Preparing environment variables", StepKind::Variables);
    let mut step = OpenStep::begin(task, VARIABLES, report)?;
    for line in inside.variables.listing() {
        step.line(&line)?;
    }
    step.end(task, StepEnd::SUCCESS).map(drop)
}
