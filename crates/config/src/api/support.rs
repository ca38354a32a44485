//! Whether what was compiled can be run by this release, and why not: one answer for the server
//! and for every command that says what the server will do.

use crate::{
    api::compiled::Compiled,
    codes,
    text::diagnostic::{Diagnostic, Severity},
};

/// What becomes of a configuration when it is pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// Its plan is run. There may be [notes](Compiled::notes).
    Runs,
    /// It is right, and asks for something that this release cannot run. Nothing of it is run: a
    /// plan without one of its steps would pass for a plan that ran.
    Unsupported,
    /// It has errors.
    Invalid,
}

impl Compiled {
    /// Decides whether the configuration can be run. A warning never keeps it from running, be it
    /// about the configuration or about an option that has no effect here.
    pub fn support(&self) -> Support {
        if self.plan.is_none() || self.diagnostics.iter().any(is_error) {
            Support::Invalid
        } else if self.unsupported.iter().any(is_error) {
            Support::Unsupported
        } else {
            Support::Runs
        }
    }

    /// Returns why it is not run: the errors of the configuration, then what this release cannot
    /// run.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().chain(&self.unsupported).filter(|found| is_error(found))
    }

    /// Returns the workflows that no pipeline of this release starts, though the others run.
    pub fn never_started(&self) -> impl Iterator<Item = &Diagnostic> {
        self.unsupported.iter().filter(|found| found.is_never_started())
    }

    /// Returns what is worth knowing and refuses nothing: warnings, and options without effect here.
    pub fn notes(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().chain(&self.unsupported).filter(|found| !is_error(found))
    }
}

impl Diagnostic {
    /// Returns whether it is about a workflow that this release never starts. It is a warning, for
    /// the pipeline runs without that workflow; commands that say what runs must not say "all".
    pub fn is_never_started(&self) -> bool {
        self.code == codes::UNSUPPORTED_SCHEDULE.slug
    }
}

fn is_error(found: &Diagnostic) -> bool {
    found.severity == Severity::Error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Inputs, compile};

    fn compiled(text: &str) -> Compiled {
        compile(text, &Inputs { path: "config.yml".to_owned(), ..Inputs::default() })
    }

    fn codes<'a>(found: impl Iterator<Item = &'a Diagnostic>) -> Vec<&'a str> {
        found.map(|found| found.code.as_str()).collect()
    }

    const START: &str = "version: 2.1\nworkflows: { main: { jobs: [build] } }\n";

    #[test]
    fn an_option_without_effect_refuses_nothing() {
        let text = format!(
            "{START}jobs: {{ build: {{ machine: {{ image: x, docker_layer_caching: true }}, steps: [checkout] }} }}\n"
        );
        let compiled = compiled(&text);
        assert_eq!(compiled.support(), Support::Runs);
        assert_eq!(codes(compiled.notes()), ["unsupported-option"]);
        assert_eq!(compiled.errors().count(), 0);
    }

    /// It is reported once, however many jobs come to it, and under whatever names they run.
    #[test]
    fn an_option_without_effect_names_every_job_that_has_it() {
        let text = "version: 2.1
executors: { cached: { machine: { image: x, docker_layer_caching: true } } }
commands: { fetch: { steps: [checkout: { method: shallow, depth: 1 }] } }
jobs:
  plain: { machine: true, steps: [run: echo] }
  build:
    parameters: { n: { type: integer, default: 0 } }
    machine: true
    steps: [fetch]
  image: { executor: cached, steps: [fetch] }
workflows:
  one: { jobs: [plain, build, { build: { name: again } }, { image: { filters: { branches: { only: x } } } }] }
  two: { jobs: [{ build: { matrix: { parameters: { n: [1, 2] } } } }] }
  off: { when: false, jobs: [image] }
";
        let of = |branch: &str| {
            let git_ref = Some(roundel_model::name::GitRef::Branch(branch.into()));
            let inputs = Inputs { path: "config.yml".to_owned(), git_ref, ..Inputs::default() };
            let compiled = compile(text, &inputs);
            assert_eq!(compiled.support(), Support::Runs, "{:?}", compiled.diagnostics);
            let jobs = |found: &Diagnostic| {
                let name = |used: &crate::JobOfPlan| format!("{}/{}", used.workflow, used.job);
                found.jobs.iter().map(name).collect::<Vec<_>>()
            };
            let mut options: Vec<_> =
                compiled.notes().filter(|found| found.code == "unsupported-option").collect();
            options.sort_by_key(|found| found.start);
            options.into_iter().map(jobs).collect::<Vec<_>>()
        };
        let shallow = ["one/build", "one/again", "two/build-1", "two/build-2"];
        assert_eq!(of("main"), [vec![], shallow.to_vec()]);
        let shallow = ["one/build", "one/again", "one/image", "two/build-1", "two/build-2"];
        assert_eq!(of("x"), [vec!["one/image"], shallow.to_vec()]);
    }

    /// What is stored of a pipeline must not grow as options × jobs.
    #[test]
    fn many_options_of_many_jobs_stay_small() {
        use std::fmt::Write as _;
        let mut text = "version: 2.1\ncommands:\n  fetch:\n    steps:\n".to_owned();
        for depth in 1..=100 {
            let _ = writeln!(text, "      - checkout: {{ method: shallow, depth: {depth} }}");
        }
        text.push_str("jobs:\n  build:\n    parameters: { n: { type: integer } }\n");
        text.push_str("    machine: true\n    steps: [fetch]\nworkflows:\n  main:\n    jobs:\n");
        let numbers: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        for entry in 0..9 {
            let name = format!("{}-{entry}", "j".repeat(90));
            let _ = writeln!(
                text,
                "      - build: {{ name: {name}-<< matrix.n >>, matrix: {{ parameters: {{ n: [{}] }} }} }}",
                numbers.join(", ")
            );
        }
        let compiled = compiled(&text);
        assert_eq!(compiled.support(), Support::Runs, "{:?}", compiled.diagnostics);
        let mut notes: Vec<_> = compiled.notes().collect();
        notes.retain(|note| note.code == "unsupported-option");
        assert_eq!(notes.len(), 100);
        for note in &notes {
            assert_eq!(note.jobs.len() + note.more_jobs, 900);
        }
        let size = serde_json::to_string(&notes).unwrap().len();
        assert!(size < 500_000, "{size} bytes of diagnostics");
    }

    #[test]
    fn a_step_that_cannot_be_run_refuses_everything() {
        let text = format!(
            "{START}jobs: {{ build: {{ machine: true, steps: [{{ save_cache: {{ key: k, paths: [p] }} }}] }} }}\n"
        );
        let compiled = compiled(&text);
        assert_eq!(compiled.support(), Support::Unsupported);
        assert_eq!(codes(compiled.errors()), ["unsupported-step"]);
        assert!(compiled.plan.is_some(), "the configuration itself is right");
    }

    /// What the author can fix comes first: commit statuses show one sentence.
    #[test]
    fn errors_of_the_configuration_come_before_what_is_not_supported() {
        let text = format!(
            "{START}jobs: {{ build: {{ machine: true, steps: [{{ save_cache: {{ key: k, paths: [p] }} }}, chekout] }} }}\n"
        );
        let compiled = compiled(&text);
        assert_eq!(compiled.support(), Support::Invalid);
        assert_eq!(codes(compiled.errors()), ["unknown-command", "unsupported-step"]);
    }
}
