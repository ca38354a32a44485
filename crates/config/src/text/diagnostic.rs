//! What is wrong with a configuration, or worth knowing about it, as plain data: what the compiler returns,
//! stores keep and pages show.

/// One thing that is wrong with the configuration, or worth knowing about it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Diagnostic {
    /// Stable slug: `unknown-parameter`. [`codes::code`] has the number in the catalogue: `E-033`.
    pub code: String,
    /// Whether it keeps the configuration from running.
    pub severity: Severity,
    /// What is wrong, in one sentence.
    pub message: String,
    /// Path of the file, as the caller named it.
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
    /// Other places that explain the problem, each with a note.
    pub related: Vec<Related>,
    /// How to fix it.
    pub help: Option<String>,
    /// What to write instead of the underlined text, where one name was probably meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<String>,
    /// The orb that it is about, as `message` names it: `circleci/node@5.2.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orb: Option<String>,
    /// Jobs of the plan that it is about. Known only of what this release cannot run or ignores: of
    /// anything else there is no plan, or it is about a definition and not about its uses. At most
    /// [`JOBS_PER_DIAGNOSTIC`](roundel_model::limits::JOBS_PER_DIAGNOSTIC).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<JobOfPlan>,
    /// How many more jobs of the plan it is about.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_jobs: usize,
}

/// In the signature that serde wants.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// A job of a plan, by its names.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct JobOfPlan {
    /// Name of its workflow.
    pub workflow: String,
    /// Its name in the workflow.
    pub job: String,
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
    /// How that place is related, in a few words.
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

impl Diagnostic {
    /// Returns the message of something that is wrong within an orb.
    pub(crate) fn message_in_orb(orb: &str, message: &str) -> String {
        format!("{}{message}", in_orb(orb))
    }

    /// Returns the message without the name of the orb that it is about.
    pub fn message_within_orb(&self) -> &str {
        let prefix = self.orb.as_deref().map(in_orb);
        prefix.and_then(|prefix| self.message.strip_prefix(&*prefix)).unwrap_or(&self.message)
    }
}

fn in_orb(orb: &str) -> String {
    format!("in orb `{orb}`: ")
}

#[cfg(test)]
mod tests;
