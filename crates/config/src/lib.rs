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
pub mod codes;
mod compile;
mod definitions;
mod environment;
mod evaluate;
mod executor;
mod expression;
mod fields;
mod filters;
mod graph;
mod invocation;
mod job;
mod logic;
mod matrix;
mod names;
mod parameters;
mod pattern;
mod pipeline;
mod pipeline_parameters;
mod report;
mod run;
mod shape;
mod snippet;
mod source;
mod steps;
mod suggest;
mod template;
mod value;
mod version;
mod workflows;
mod yaml;

use roundel_model::{name::GitRef, plan::Plan};

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
    /// Everything that was found, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
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
    /// Further places: (start, end, line, column, text).
    pub related: Vec<(usize, usize, u32, u32, String)>,
    /// How to mend it.
    pub help: Option<String>,
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

#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
mod robustness_tests;
#[cfg(test)]
mod spec_tests;
