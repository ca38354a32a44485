//! Phase 4: an entry of a workflow becomes its jobs, with their environment and their steps.

pub(crate) mod builtin;
mod condition;
pub(crate) mod environment;
pub(crate) mod executor;
pub(crate) mod filters;
pub(crate) mod invocation;
pub(crate) mod job;
pub(crate) mod lints;
pub(crate) mod matrix;
pub(crate) mod progress;
pub(crate) mod run;
pub(crate) mod steps;

use crate::{
    expand::{progress::Progress, steps::StepExpander},
    render::Renderer,
    resolve::{lookup::Lookup, modules::Modules, shape::Shapes},
};

/// Turns entries of workflows into jobs.
pub(crate) struct Expander<'c, 'd> {
    render: &'c mut Renderer<'d>,
    modules: &'c mut Modules<'d>,
    progress: &'c mut Progress,
}

impl<'c, 'd> Expander<'c, 'd> {
    pub(crate) fn new(
        render: &'c mut Renderer<'d>,
        modules: &'c mut Modules<'d>,
        progress: &'c mut Progress,
    ) -> Self {
        Self { render, modules, progress }
    }

    fn lookup(&mut self) -> Lookup<'_, 'd> {
        Lookup::new(self.render, self.modules)
    }

    fn shapes(&mut self) -> Shapes<'_, 'd> {
        Shapes::new(self.render, self.modules)
    }

    fn steps(&mut self) -> StepExpander<'_, 'd> {
        StepExpander::new(self.render, self.modules, self.progress)
    }
}
