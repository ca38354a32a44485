//! Names of commit statuses, which forges call contexts: stable, and the same in every run, because
//! branch protections list them.
//!
//! One function for all: what is set at a forge, and what pages show to be copied.

use roundel_forge::status_text;
use roundel_model::{kind::JobKind, text::one_line};

/// The job of a workflow, as far as its commit status is named after it.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// What the job does: only a build has a name that is alone on the commit.
    pub kind: JobKind,
    /// Key of the workflow in the file.
    pub workflow: &'a str,
    /// Name of the job in the workflow.
    pub job: &'a str,
}

/// Returns the name of a job's commit status: `prefix: job` for a build, `prefix: workflow/job` for
/// what waits for a person or does nothing.
pub fn of_job(prefix: &str, Named { kind, workflow, job }: Named<'_>) -> String {
    match kind {
        JobKind::Build => shown(&format!("{prefix}: {job}")),
        JobKind::Approval | JobKind::NoOp => shown(&format!("{prefix}: {workflow}/{job}")),
    }
}

/// Returns the name of the commit status of a configuration that does not compile.
pub(crate) fn of_config(prefix: &str) -> String {
    shown(&format!("{prefix}: config"))
}

/// A name that forges and people see is one line without anything hidden.
fn shown(name: &str) -> String {
    status_text::context(&one_line(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two jobs that differ only in what cannot be seen must not look the same, and no name may end
    /// the line or turn it around.
    #[test]
    fn a_name_is_one_line_and_shows_what_is_hidden() {
        let name = |job: &str| of_job("ci", Named { kind: JobKind::Build, workflow: "main", job });
        assert_eq!(name("a\u{202E}b\x1b[2Jc\u{9b}"), "ci: a⟦U+202E⟧b␛[2Jc⟦U+009B⟧");
        assert_eq!(name("build\r\nci: deploy"), "ci: build ci: deploy");
        assert_ne!(name("build\u{200B}"), name("build"));
        let held = Named { kind: JobKind::Approval, workflow: "w\u{2066}", job: "hold\n" };
        assert_eq!(of_job("ci", held), "ci: w⟦U+2066⟧/hold ");
        assert_eq!(name("בדיקה"), "ci: בדיקה");
    }

    #[test]
    fn two_long_names_with_the_same_beginning_stay_apart() {
        let name = |job: &str| of_job("ci", Named { kind: JobKind::Build, workflow: "main", job });
        let (one, other) = (name(&"x".repeat(300)), name(&format!("{}y", "x".repeat(299))));
        assert_ne!(one, other);
        assert_eq!(one, status_text::context(&one), "a forge takes it as it is");
    }
}
