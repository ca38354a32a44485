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

/// It is reported once, however many jobs use it, and under whatever names they run.
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
    assert_eq!(of("main"), [shallow.to_vec()]);
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

/// A way to keep a job from running: keys of its entry, and of its workflow.
const KEPT_OFF: [(&str, &str); 7] = [
    ("filters: { branches: { only: main } }", ""),
    ("filters: { branches: { ignore: [x, y] } }", ""),
    ("filters: { branches: { ignore: /.*/ }, tags: { only: /v.*/ } }", ""),
    ("requires: [first]", ""),
    ("", "when: { equal: [main, << pipeline.git.branch >>] }, "),
    ("", "triggers: [schedule: { cron: 0 3 * * *, filters: { branches: { only: main } } }], "),
    ("filters: pipeline.git.branch == \"release\"", ""),
];

/// Parts that refuse a pipeline: what the job is, and what its entry says.
const REFUSED_PARTS: [(&str, &str); 13] = [
    ("machine: true, steps: [save_cache: { key: k, paths: [p] }]", ""),
    ("machine: true, steps: [restore_cache: { keys: [k] }]", ""),
    ("machine: true, steps: [store_artifacts: { path: p }]", ""),
    ("machine: true, steps: [store_test_results: { path: p }]", ""),
    ("machine: true, steps: [persist_to_workspace: { root: ., paths: [p] }]", ""),
    ("machine: true, steps: [attach_workspace: { at: . }]", ""),
    ("machine: true, steps: [add_ssh_keys]", ""),
    ("docker: [{ image: 'x:1' }], steps: [setup_remote_docker]", ""),
    ("machine: true, parallelism: 2, steps: [deploy: make]", ""),
    ("macos: { xcode: 16.2.0 }, steps: [checkout]", ""),
    ("machine: true, resource_class: windows.large, steps: [checkout]", ""),
    ("machine: true, steps: [checkout]", "serial-group: g"),
    ("machine: true, steps: [cached]", ""),
];

fn on_branch(text: &str, branch: &str) -> Compiled {
    let name = crate::PipelineValue::Text(branch.to_owned());
    let git_ref = Some(roundel_model::name::GitRef::Branch(branch.into()));
    let pipeline_values = vec![("git.branch".to_owned(), name)];
    compile(text, &Inputs { pipeline_values, git_ref, ..Inputs::default() })
}

fn with_part(part: (&str, &str), off: (&str, &str)) -> String {
    let (job, entry) = part;
    let (keys, workflow) = off;
    let separator = if entry.is_empty() || keys.is_empty() { "" } else { ", " };
    format!(
        "version: 2.1
commands: {{ cached: {{ steps: [restore_cache: {{ keys: [k] }}] }} }}
jobs: {{ a: {{ machine: true, steps: [checkout] }}, b: {{ {job} }} }}
workflows:
  always: {{ jobs: [a] }}
  other:
    {{ {workflow}jobs: [a: {{ name: first, filters: {{ branches: {{ only: main }} }} }}, b: {{ {entry}{separator}{keys} }}] }}
"
    )
}

#[test]
fn what_a_push_does_not_run_refuses_nothing_however_it_is_kept_off() {
    for part in REFUSED_PARTS {
        for off in KEPT_OFF {
            let text = with_part(part, off);
            let compiled = on_branch(&text, "x");
            assert_eq!(compiled.support(), Support::Runs, "{text}\n{:?}", compiled.diagnostics);
            let left = compiled.unsupported.iter().filter(|one| one.code != "unsupported-schedule");
            assert_eq!(codes(left), [""; 0], "{text}");
        }
    }
}

#[test]
fn every_part_that_a_planned_job_has_still_refuses() {
    for part in REFUSED_PARTS {
        // All but the tags and the schedule let `main` pass.
        for off in [KEPT_OFF[0], KEPT_OFF[1], KEPT_OFF[3], KEPT_OFF[4], ("", "")] {
            let text = with_part(part, off);
            assert_eq!(on_branch(&text, "main").support(), Support::Unsupported, "{text}");
        }
        // Without a branch nothing is filtered.
        for off in [KEPT_OFF[2], KEPT_OFF[6]] {
            let text = with_part(part, off);
            assert_eq!(compiled(&text).support(), Support::Unsupported, "{text}");
        }
    }
}

/// What belongs to no job is not kept off with one.
#[test]
fn a_setup_configuration_is_refused_whatever_its_jobs_are() {
    let text = with_part(REFUSED_PARTS[0], KEPT_OFF[0]);
    let setup = text.replace("version: 2.1", "version: 2.1\nsetup: true");
    let setup = setup
        .replace("  always: { jobs: [a] }\n", "")
        .replace("only: main } } }, b", "only: x } } }, b");
    let compiled = on_branch(&setup, "x");
    assert_eq!(codes(compiled.errors()), ["unsupported-setup"]);
}

/// Without a branch it is listed: it is next for a user who takes the advice about the schedule.
#[test]
fn what_only_a_schedule_would_start_refuses_no_push_and_is_listed() {
    let text = with_part(REFUSED_PARTS[1], KEPT_OFF[5]);
    let compiled = compiled(&text);
    assert_eq!(compiled.support(), Support::Runs);
    let listed = compiled.unsupported.iter();
    assert_eq!(codes(listed), ["unsupported-step", "unsupported-schedule"]);
}

/// The oracle is the plan itself: whether a runner would meet a step that it cannot run. Two jobs share
/// a command, so what one of them keeps off the other may still have.
#[test]
fn whether_a_push_is_refused_is_whether_its_plan_has_what_cannot_be_run() {
    use roundel_model::plan::{PlannedJobKind, PlannedStepKind};

    const FILTERS: [&str; 6] = [
        "",
        "branches: { only: main }",
        "branches: { only: [x, /r.*/] }",
        "branches: { ignore: main }",
        "tags: { only: /v.*/ }",
        "branches: { ignore: /.*/ }, tags: { only: v1 }",
    ];
    let refs =
        ["main", "x", "release"].map(|name| roundel_model::name::GitRef::Branch(name.into()));
    let tags = ["v1", "w1"].map(|name| roundel_model::name::GitRef::Tag(name.into()));
    let mut counts = [0, 0];
    for (b, c) in FILTERS.iter().flat_map(|b| FILTERS.iter().map(move |c| (b, c))) {
        for requires in ["", "requires: [b], "] {
            let text = format!(
                "version: 2.1
commands: {{ cached: {{ steps: [restore_cache: {{ keys: [k] }}] }} }}
jobs:
  a: {{ machine: true, steps: [checkout] }}
  b: {{ machine: true, steps: [cached] }}
workflows: {{ main: {{ jobs: [a, b: {{ filters: {{ {b} }} }}, b: {{ name: c, {requires}filters: {{ {c} }} }}] }} }}
"
            );
            for git_ref in refs.iter().chain(&tags) {
                let inputs = Inputs { git_ref: Some(git_ref.clone()), ..Inputs::default() };
                let compiled = compile(&text, &inputs);
                let plan = compiled.plan.as_ref().unwrap();
                let jobs = plan.workflows.iter().flat_map(|workflow| &workflow.jobs);
                let is_refused = jobs.into_iter().any(|job| match &job.kind {
                    PlannedJobKind::Build(body) => body.steps.iter().any(|step| {
                        !matches!(
                            step.kind,
                            PlannedStepKind::Run(_) | PlannedStepKind::Checkout { .. }
                        )
                    }),
                    _ => false,
                });
                let expected = if is_refused { Support::Unsupported } else { Support::Runs };
                assert_eq!(compiled.support(), expected, "{git_ref:?}\n{text}");
                counts[usize::from(is_refused)] += 1;
            }
        }
    }
    assert!(counts.iter().all(|count| *count > 50), "both kinds are there: {counts:?}");
}

/// Only so many are kept, and a job whose own are not among them is refused all the same.
#[test]
fn many_parts_that_are_kept_off_do_not_hide_one_that_runs() {
    let steps = |count| (0..count).map(|at| format!("store_artifacts: {{ path: p{at} }}"));
    let many = steps(300).collect::<Vec<_>>().join(", ");
    let text = format!(
        "version: 2.1
commands: {{ last: {{ steps: [{many}] }} }}
jobs:
  a: {{ machine: true, steps: [{many}, last] }}
  b: {{ machine: true, parameters: {{ to: {{ type: string, default: q }} }}, steps: [last] }}
  c: {{ machine: true, steps: [store_artifacts: {{ path: r }}] }}
workflows:
  main:
    jobs: [a: {{ filters: {{ branches: {{ only: main }} }} }}, JOB]
"
    );
    for job in ["b", "c"] {
        let compiled = on_branch(&text.replace("JOB", job), "x");
        assert_eq!(compiled.support(), Support::Unsupported, "{job}: {:?}", compiled.diagnostics);
    }
}

#[test]
fn a_step_without_effect_on_a_machine_refuses_nothing_and_is_not_planned() {
    use roundel_model::plan::PlannedJobKind;

    let text = format!(
        "{START}jobs: {{ build: {{ machine: true, steps: [setup_remote_docker: {{ docker_layer_caching: true }}, checkout] }} }}\n"
    );
    let compiled = compiled(&text);
    assert_eq!(compiled.support(), Support::Runs);
    assert_eq!(codes(compiled.notes()), ["not-on-this-executor"]);
    let plan = compiled.plan.unwrap();
    let PlannedJobKind::Build(body) = &plan.workflows[0].jobs[0].kind else { panic!("{plan:?}") };
    assert_eq!(body.steps.iter().map(|step| step.kind.key()).collect::<Vec<_>>(), ["checkout"]);
}

#[test]
fn an_image_that_no_registry_can_have_has_a_warning_of_its_own() {
    for (image, code) in [
        ("Ubuntu Latest", "invalid-image"),
        ("x:..bad tag", "invalid-image"),
        ("$IMG", "unexpanded-variable"),
        ("${REG}/x", "unexpanded-variable"),
        ("x", "floating-image"),
    ] {
        let text = format!(
            "{START}jobs: {{ build: {{ docker: [{{ image: '{image}' }}], steps: [checkout] }} }}\n"
        );
        let compiled = compiled(&text);
        assert_eq!(compiled.support(), Support::Runs);
        assert_eq!(codes(compiled.notes()), [code], "{image}");
    }
}
