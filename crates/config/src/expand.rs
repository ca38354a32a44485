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
    resolve::{Resolver, modules::Modules},
    text::place::{FileId, Place, Span},
};

/// Scripts that were read: a command is compiled once for each use.
#[derive(Default)]
pub(crate) struct SeenScripts {
    places: HashSet<(FileId, Span)>,
}

impl SeenScripts {
    /// Notes a script. Returns whether it is met for the first time.
    fn note(&mut self, place: Place) -> bool {
        self.places.insert((place.file, place.span))
    }
}

/// Turns entries of workflows into jobs.
pub(crate) struct Expander<'c, 'd> {
    pub(crate) render: &'c mut Renderer<'d>,
    pub(crate) modules: &'c mut Modules<'d>,
    pub(crate) scripts: &'c mut SeenScripts,
}

impl<'d> Expander<'_, 'd> {
    /// Returns what finds out about names.
    pub(crate) fn resolver(&mut self) -> Resolver<'_, 'd> {
        Resolver { render: self.render, modules: self.modules }
    }
}
