//! Text of `.circleci/config.yml` in, a plan and diagnostics out.
//!
//! [`compile`] never fails and never runs away: it returns a plan if it can, and every
//! [`Diagnostic`] that it finds, each with the place in the text. It is a pure function: no I/O, no
//! async, no clock.

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
pub enum PipelineValue { Text(String), Integer(i64), Boolean(bool) }

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
    /// Stable slug: `unknown-parameter`. With the catalogue's number where it has one: `E-033`.
    pub code: String,
    pub severity: Severity,
    pub message: String,
    pub path: String,
    /// Bytes of the text that are meant; empty range at the start if none.
    pub start: usize,
    pub end: usize,
    /// 1-based; column in characters.
    pub line: u32,
    pub column: u32,
    /// Further places: (start, end, line, column, text).
    pub related: Vec<(usize, usize, u32, u32, String)>,
    pub help: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity { Error, Warning }

/// Compiles a configuration.
pub fn compile(text: &str, inputs: &Inputs) -> Compiled { let _ = (text, inputs); todo!() }

/// Renders diagnostics as text with the source underlined, for terminals (`color`) and logs.
pub fn render(text: &str, diagnostics: &[Diagnostic], color: bool) -> String { let _ = (text, diagnostics, color); todo!() }
