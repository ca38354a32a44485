//! Phase 5: workflows become the plan and the compiled document.

pub(crate) mod compiled_document;
pub(crate) mod emit;
pub(crate) mod graph;
pub(crate) mod lints;
pub(crate) mod names;
pub(crate) mod triggers;
pub(crate) mod workflows;
