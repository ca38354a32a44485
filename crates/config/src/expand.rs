//! Phase 4: an entry of a workflow becomes its jobs, with their environment and their steps.

pub(crate) mod builtin;
pub(crate) mod environment;
pub(crate) mod executor;
pub(crate) mod filters;
pub(crate) mod invocation;
pub(crate) mod job;
pub(crate) mod lints;
pub(crate) mod matrix;
pub(crate) mod run;
pub(crate) mod steps;

use std::collections::HashSet;

use crate::{
    render::Renderer,
    resolve::{lookup::Lookup, modules::Modules, shape::Shapes},
    text::place::{FileId, Place, Span},
};

/// What was compiled so far, for all workflows together.
#[derive(Default)]
pub(crate) struct Progress {
    /// Scripts that were read: a command is compiled once for each use.
    scripts: HashSet<(FileId, Span)>,
    /// Jobs of the configuration that were looked into.
    compiled: HashSet<String>,
    /// Jobs that an entry of a workflow names which could not be read.
    unread: HashSet<String>,
    has_workflows: bool,
    are_workflows_unreadable: bool,
}

impl Progress {
    /// Notes that the configuration has at least one workflow.
    pub(crate) fn note_workflows(&mut self) {
        self.has_workflows = true;
    }

    /// Notes that the section of workflows cannot be read as it is meant: what runs is not known, so
    /// nothing is missing.
    pub(crate) fn note_unreadable_workflows(&mut self) {
        self.are_workflows_unreadable = true;
    }

    pub(crate) fn are_workflows_unreadable(&self) -> bool {
        self.are_workflows_unreadable
    }

    /// Returns whether a job was looked into.
    pub(crate) fn is_compiled(&self, job: &str) -> bool {
        self.compiled.contains(job)
    }

    /// Returns whether an entry that names a job could not be read.
    pub(crate) fn is_unread(&self, job: &str) -> bool {
        self.unread.contains(job)
    }

    /// Notes a script. Returns whether it is met for the first time.
    fn note_script(&mut self, place: Place) -> bool {
        self.scripts.insert((place.file, place.span))
    }
}

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
}
