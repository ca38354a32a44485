//! What expanding leaves for later entries and for the plan.

use std::collections::HashSet;

use crate::text::place::{FileId, Place, Span};

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

    pub(super) fn has_workflows(&self) -> bool {
        self.has_workflows
    }

    /// Notes that a job is looked into.
    pub(super) fn note_compiled(&mut self, job: &str) {
        self.compiled.insert(job.to_owned());
    }

    /// Returns whether a job was looked into.
    pub(crate) fn is_compiled(&self, job: &str) -> bool {
        self.compiled.contains(job)
    }

    /// Notes that an entry names a job and could not be read, so that the job is not compiled because of it.
    pub(super) fn note_unread(&mut self, job: &str) {
        self.unread.insert(job.to_owned());
    }

    /// Returns whether an entry that names a job could not be read.
    pub(crate) fn is_unread(&self, job: &str) -> bool {
        self.unread.contains(job)
    }

    /// Notes a script. Returns whether it is met for the first time.
    pub(super) fn note_script(&mut self, place: Place) -> bool {
        self.scripts.insert((place.file, place.span))
    }
}
