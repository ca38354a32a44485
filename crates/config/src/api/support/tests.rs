//! What a compiled configuration says about running it.

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

/// A list of refusals names what happens to this push. With errors there is no push to speak of, and all
/// of them are worth knowing.
#[test]
fn a_refusal_is_listed_for_the_jobs_that_run_and_with_errors_for_all() {
    let text = "version: 2.1
jobs: { build: { machine: true, steps: [checkout] } }
workflows:
  main: { jobs: [build, build: { name: late, context: deploy, filters: { branches: { only: x } } }] }
";
    let of = |branch: &str, text: &str| {
        let git_ref = Some(roundel_model::name::GitRef::Branch(branch.into()));
        let compiled = compile(text, &Inputs { git_ref, ..Inputs::default() });
        let whys: Vec<_> = compiled.refusals().map(|(why, _)| why).collect();
        (compiled.plan.is_some(), whys)
    };
    assert_eq!(of("main", text), (true, vec![]));
    assert_eq!(of("x", text), (true, vec![JobRefusal::Context]));
    let wrong = text.replace("steps: [checkout]", "steps: [chekout]");
    assert_eq!(of("main", &wrong), (false, vec![JobRefusal::Context]));
}

#[test]
fn what_is_refused_only_for_some_jobs_says_which_kind_it_is() {
    let text = "version: 2.1
jobs:
  a: { docker: [{ image: x, command: [sh] }, { image: y }], steps: [checkout] }
workflows:
  main: { jobs: [a: { context: deploy }] }
  nightly: { triggers: [schedule: { cron: 0 3 * * *, filters: { branches: { only: main } } }], jobs: [a] }
";
    let compiled = compiled(text);
    let mut whys: Vec<_> = compiled.refusals().map(|(why, _)| why.help()).collect();
    whys.sort_unstable();
    let mut expected =
        [JobRefusal::Context, JobRefusal::ServiceContainer, JobRefusal::ContainerProgram]
            .map(JobRefusal::help);
    expected.sort_unstable();
    assert_eq!(whys, expected);
    assert_eq!(codes(compiled.never_started()), ["unsupported-schedule"]);
}
