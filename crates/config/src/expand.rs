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
