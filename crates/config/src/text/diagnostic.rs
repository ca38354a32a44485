//! What somebody should know about a configuration, as plain data: what the compiler returns,
//! stores keep and pages show.

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
