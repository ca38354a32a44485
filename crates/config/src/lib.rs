//! Text of `.circleci/config.yml` in, a plan and diagnostics out.
//!
//! [`compile`] never fails and never runs away: it returns a plan if it can, and every
//! [`Diagnostic`] that it finds, each with the place in the text. It is a pure function: no I/O, no
//! async, no clock.
//!
//! The phases are directories, and each imports only those before it (CFG §7.2):
//!
//! ```text
//! codes      the catalogue of diagnostics
//! text       places, lines, messages, "did you mean …?"
//! read       1  YAML, sources, the report, plain documents
//! language      values, definitions, keys, templates, expressions, patterns
//! api           what goes in and what comes out
//! render     2  a node and what its tags may refer to ─▶ a value
//! resolve    3  version ▸ pipeline parameters ▸ orbs ▸ definitions and their shape
//! expand     4  an entry of a workflow ─▶ its jobs: matrix, executor, steps
//! plan       5  workflows ▸ names ▸ graph ▸ filters ▸ the plan, the compiled document
//! check      6  what nothing runs; an orb by itself
//! ```
//!
//! A phase cannot call a later one: its types borrow what earlier ones made. `compile` runs resolve ▸ plan ▸
//! check; plan calls expand for the entries of each workflow, and all of them call render. Above all of it
//! are `explain`, `listing`, `page`, `pack` and `pushes`.
//!
//! Deliberately absent: what this release cannot run (caches, contexts, …). It is recognized and
//! reported as an `unsupported-…` diagnostic, never dropped silently.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a rendered value is asked whether it is the one type that fits; any other is wrong"
)]

mod api;
mod check;
pub mod codes;
mod compile;
mod expand;
mod explain;
mod language;
pub mod listing;
pub mod pack;
pub mod page;
mod plan;
mod pushes;
mod read;
mod render;
mod resolve;
#[cfg(test)]
mod tests;
mod text;

pub use api::{
    compiled::{Compiled, Schedule},
    decision::{Decision, NothingRuns, RefusalReason, RefusedJob},
    inputs::Inputs,
    orbs,
    support::Support,
};
pub use check::check_orb::check_orb;
pub use codes::consequence::{Consequence, JobRefusal, NEVER_STARTED_HELP};
pub use compile::{compile, compile_with_orbs};
pub use explain::{ExplainError, Explanation, ExplanationStep, explain};
pub use language::{pipeline_values::PipelineValue, profile::Profile, restriction};
pub use pushes::{Push, Pushes};
pub use read::{
    document,
    snippet::{Layout, render},
};
pub use text::diagnostic::{Diagnostic, JobOfPlan, Related, Severity};
