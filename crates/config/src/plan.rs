//! Phase 5: workflows become the plan and the compiled document.

pub(crate) mod compiled_document;
pub(crate) mod emit;
pub(crate) mod graph;
pub(crate) mod inactive_workflows;
pub(crate) mod lints;
pub(crate) mod names;
pub(crate) mod triggers;
pub(crate) mod unreached_jobs;
pub(crate) mod workflows;

use std::collections::HashSet;

use roundel_model::plan::Plan;

use crate::{
    api::{compiled::Schedule, inputs::Inputs},
    expand::{Expander, progress::Progress},
    language::data::Value,
    read::yaml::{At, Entry},
    render::Renderer,
    resolve::modules::Modules,
};

/// The result of planning the workflows.
#[derive(Default)]
pub(crate) struct Planned {
    /// The plan and the compiled document.
    pub(crate) made: Option<(Plan, Value)>,
    pub(crate) schedules: Vec<Schedule>,
    /// Names of the workflows whose condition does not hold.
    pub(crate) inactive: Vec<String>,
    /// It is a setup configuration (CFG §8.1).
    pub(crate) is_setup: bool,
    /// What was compiled on the way.
    pub(crate) progress: Progress,
}

/// A workflow that does not run.
pub(crate) struct InactiveWorkflow<'d> {
    entry: Entry<'d>,
    /// Its list of jobs.
    items: Vec<At>,
}

/// Makes the plan.
pub(crate) struct Planner<'c, 'd> {
    pub(crate) render: &'c mut Renderer<'d>,
    pub(crate) modules: &'c mut Modules<'d>,
    pub(crate) inputs: &'d Inputs,
    /// It is a setup configuration.
    is_setup: bool,
    schedules: Vec<Schedule>,
    progress: Progress,
    /// All contexts that live workflows use.
    contexts: HashSet<String>,
    /// The workflows whose condition does not hold.
    inactive: Vec<InactiveWorkflow<'d>>,
}

impl<'c, 'd> Planner<'c, 'd> {
    pub(crate) fn new(
        render: &'c mut Renderer<'d>,
        modules: &'c mut Modules<'d>,
        inputs: &'d Inputs,
        is_setup: bool,
    ) -> Self {
        let (schedules, contexts, inactive) = (Vec::new(), HashSet::new(), Vec::new());
        let progress = Progress::default();
        Self { render, modules, inputs, is_setup, schedules, progress, contexts, inactive }
    }

    fn expander(&mut self) -> Expander<'_, 'd> {
        Expander::new(self.render, self.modules, &mut self.progress)
    }
}
