//! Text of `.circleci/config.yml` in, a plan and diagnostics out.
//!
//! [`compile`] never fails and never runs away: it returns a plan if it can, and every
//! [`Diagnostic`] that it finds, each with the place in the text. It is a pure function: no I/O, no
//! async, no clock.
//!
//! The phases, each in a file of its own (CFG §7.2):
//!
//! ```text
//! yaml ▸ version ▸ pipeline_parameters ▸ definitions + shape ▸ workflows (when/unless)
//!      ▸ invocation (matrix) ▸ job ▸ executor ▸ steps ▸ names ▸ graph ▸ filters ▸ the plan
//! ```
//!
//! Deliberately absent: what this release cannot run (orbs, caches, …). It is recognised and told
//! as an `unsupported-…` diagnostic, never dropped in silence.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a rendered value is asked whether it is the one type that fits; any other is wrong"
)]

mod budget;
mod builtin;
mod check_orb;
pub mod codes;
mod compile;
mod compiled;
mod cron;
mod definitions;
pub mod document;
mod dormant;
pub mod editor;
mod environment;
mod evaluate;
mod executor;
mod explain;
mod express;
mod expression;
mod fields;
mod filters;
mod graph;
mod imports;
mod invocation;
mod job;
mod lints;
mod logic;
mod matrix;
mod modules;
mod names;
pub mod orbs;
pub mod pack;
mod parameters;
mod pattern;
mod pipeline;
mod pipeline_parameters;
mod report;
pub mod restriction;
mod run;
mod shape;
mod snippet;
mod source;
mod steps;
mod suggest;
mod template;
mod triggers;
mod value;
mod verdict;
mod version;
mod workflows;
mod yaml;

use roundel_model::{name::GitRef, plan::Plan};

use crate::{
    document::Node,
    orbs::{OrbReference, OrbSet, ResolvedOrb},
};

/// What a configuration is compiled with.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Where the text comes from, for messages.
    pub path: String,
    /// `<< pipeline.x >>` values by their name without `pipeline.`: `number`, `git.branch`, …
    pub pipeline_values: Vec<(String, PipelineValue)>,
    /// Arguments for the pipeline's parameters.
    pub parameters: Vec<(String, PipelineValue)>,
    /// What the pipeline was started for: filters are applied to it. `None`: no filtering.
    pub git_ref: Option<GitRef>,
    /// How strictly it is read (CFG §10.1).
    pub profile: Profile,
    /// What is known about the orbs that it names.
    pub orbs: OrbSet,
    /// It was posted by a setup configuration's job (CFG §8).
    pub continuation: bool,
    /// The workflow whose schedule starts the pipeline; otherwise scheduled workflows do not run
    /// (CFG §5.8).
    pub scheduled: Option<String>,
    /// Workflows whose condition is false are compiled too, for checking; their problems are told
    /// as warnings (CFG §5.1).
    pub all_workflows: bool,
}

/// How strictly a configuration is read (CFG §10.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// As the hosted service did until September 2026; what most files were written against.
    #[default]
    Legacy,
    /// The stricter rules that it announced: version 2.1 only, linear regular expressions, every
    /// reference must exist.
    Next,
}

/// A value that is put into a configuration.
#[derive(Clone, Debug, PartialEq)]
pub enum PipelineValue {
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A truth value.
    Boolean(bool),
}

/// What compiling found.
#[derive(Clone, Debug, Default)]
pub struct Compiled {
    /// The plan, if there is one to run. `None` whenever a diagnostic is an error.
    pub plan: Option<Plan>,
    /// The same as a document in the shape of version 2.0, as `config process` prints it
    /// (CFG §7.4). Filters are kept in it. `None` whenever `plan` is.
    pub document: Option<Node>,
    /// Everything that was found, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// What is right, and what this release cannot run yet: errors for what keeps the plan from
    /// running, warnings for options that have no effect. [`Compiled::verdict`] decides.
    pub unsupported: Vec<Diagnostic>,
    /// The orbs that were used.
    pub orbs: Vec<ResolvedOrb>,
    /// Orbs that [`Inputs::orbs`] knows nothing about. Everything that depends on them is passed
    /// over in silence, so the diagnostics are incomplete while there are any.
    pub wanted: Vec<OrbReference>,
    /// It is a setup configuration: a job of it posts the one that goes on (CFG §8).
    pub setup: bool,
    /// Workflows that a clock starts (CFG §5.8).
    pub schedules: Vec<Schedule>,
}

/// A workflow that a clock starts, on the branch that its file stands on (CFG §5.8).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Schedule {
    /// The workflow.
    pub workflow: String,
    /// Five fields, in UTC.
    pub cron: String,
    /// Whether the branch in [`Inputs::git_ref`] passes the schedule's filters; `true` without one.
    pub applies: bool,
}

/// One thing that somebody should know about the configuration.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Diagnostic {
    /// Stable slug: `unknown-parameter`. [`codes::code`] tells the catalogue's number: `E-033`.
    pub code: String,
    /// Whether it keeps the configuration from running.
    pub severity: Severity,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The file.
    pub path: String,
    /// First byte of the text that is meant; equal to `end` if none is.
    pub start: usize,
    /// Byte after the text that is meant.
    pub end: usize,
    /// Line of `start`, counted from 1.
    pub line: u32,
    /// Column of `start` in characters, counted from 1.
    pub column: u32,
    /// Where that is in the configuration: `jobs.build.steps[2].run.command`. Empty if unknown.
    #[serde(default)]
    pub at: String,
    /// How one gets there, outermost first: "workflow `main`", "job `test`", "command `upload`".
    #[serde(default)]
    pub via: Vec<String>,
    /// Further places.
    pub related: Vec<Related>,
    /// How to mend it.
    pub help: Option<String>,
}

/// A further place that belongs to a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Related {
    /// The file, if it is another one: an orb, `circleci/node@5.2.0`.
    #[serde(default)]
    pub path: Option<String>,
    /// First byte of the text that is meant.
    pub start: usize,
    /// Byte after it.
    pub end: usize,
    /// Line of `start`, counted from 1.
    pub line: u32,
    /// Column of `start` in characters, counted from 1.
    pub column: u32,
    /// What it has to do with it.
    pub text: String,
}

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// There is no plan because of it.
    Error,
    /// There is a plan, perhaps not the one that was meant.
    Warning,
}

/// Compiles a configuration (CFG §7). Never fails, never panics, never runs away.
pub fn compile(text: &str, inputs: &Inputs) -> Compiled {
    compile::compile(text, inputs)
}

/// Renders diagnostics as text with the source underlined, for terminals (`color`) and logs.
pub fn render(text: &str, diagnostics: &[Diagnostic], color: bool) -> String {
    snippet::render(text, diagnostics, color)
}

pub use check_orb::check_orb;
pub use explain::{ExplainError, Explanation, ExplanationStep, explain};
pub use verdict::Verdict;

#[cfg(test)]
mod chance;
#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
mod mutation_tests;
#[cfg(test)]
mod robustness_tests;
#[cfg(test)]
mod spec_tests;
