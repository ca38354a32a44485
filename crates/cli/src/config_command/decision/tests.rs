//! The decision over a table of files and over the corpus: `validate`, `migrate-check` and the server
//! say the same.

use std::{fs, path::Path};

use clap::Parser as _;
use roundel_config::{Decision, Inputs, PipelineValue, Severity, Support, codes, compile, page};
use roundel_model::{
    name::{BranchName, GitRef},
    plan::{Executor, PlannedJobKind},
};
use std::collections::BTreeSet;

use super::*;
use crate::config_command::{
    check::{CheckArguments, Checked},
    migrate::tests::cannot_run,
    report::Report,
    sources,
};

#[derive(clap::Parser)]
struct Program {
    #[command(flatten)]
    check: CheckArguments,
}

const JOB: &str = "docker: [{image: 'cimg/base:2024.01'}], steps: [checkout]";

fn file(job: &str, invocation: &str) -> String {
    format!(
        "version: 2.1\njobs: {{build: {{{job}}}}}\nworkflows: {{main: {{jobs: [{invocation}]}}}}\n"
    )
}

fn with_steps(steps: &str) -> String {
    file(&JOB.replace("[checkout]", &format!("[checkout, {steps}]")), "build")
}

/// A configuration, and the decision about it.
fn table() -> Vec<(String, Decision)> {
    use Decision::{Invalid, NothingRuns, Runs, SomeJobsRefused, Unsupported};

    let triggers = "{schedule: {cron: '0 3 * * *', filters: {branches: {only: main}}}}";
    let scheduled =
        file(JOB, "build").replace("jobs: [", &format!("triggers: [{triggers}], jobs: ["));
    let windows = "image: 'windows-server-2022-gui:current'";
    vec![
        (file(JOB, "build"), Runs),
        (file("machine: true, steps: [checkout]", "build"), Runs),
        // Options without effect refuse nothing.
        (file("machine: {image: x, docker_layer_caching: true}, steps: [checkout]", "build"), Runs),
        (with_steps("checkout: {method: shallow, depth: 1}"), Runs),
        (with_steps("save_cache: {key: k, paths: [p]}"), Unsupported),
        (with_steps("store_test_results: {path: p}"), Unsupported),
        (with_steps("setup_remote_docker"), Unsupported),
        (with_steps("add_ssh_keys"), Unsupported),
        (file("macos: {xcode: '16.2.0'}, steps: [checkout]", "build"), Unsupported),
        (file(JOB, "build: {serial-group: x}"), Unsupported),
        (format!("setup: true\n{}", file(JOB, "build")), Unsupported),
        (file(&format!("machine: {{{windows}}}, steps: [checkout]"), "build"), Unsupported),
        (
            file("machine: true, resource_class: windows.large, steps: [checkout]", "build"),
            Unsupported,
        ),
        // Its pipeline starts without the only workflow, which is all that there is.
        (scheduled.clone(), NothingRuns),
        // A push does what it would do without it.
        (scheduled.replace("workflows: {", "workflows: {push: {jobs: [build]}, "), Runs),
        (
            scheduled.replace("workflows: {", "workflows: {push: {jobs: [build: {context: a}]}, "),
            SomeJobsRefused,
        ),
        (file(JOB, "build: {context: deploy}"), SomeJobsRefused),
        (file(&JOB.replace("}]", "}, {image: 'redis:7'}]"), "build"), SomeJobsRefused),
        (file(&JOB.replace("'}]", "', command: [x]}]"), "build"), SomeJobsRefused),
        (
            file(&JOB.replace("'}]", "', entrypoint: x}, {image: 'redis:7'}]"), "build"),
            SomeJobsRefused,
        ),
        // They wait for a runner on ARM, as others wait for one of their class.
        (file(&format!("{JOB}, resource_class: arm.large"), "build"), Runs),
        (file("machine: {image: arm-default}, steps: [checkout]", "build"), Runs),
        // An approval has no variables to miss.
        (file(JOB, "build: {type: approval, context: deploy}"), Runs),
        (file(JOB, "biuld"), Invalid),
        (with_steps("save_cache: {key: k, paths: [p]}, chekout"), Invalid),
        ("version: 2.1\njobs: [\n".to_owned(), Invalid),
    ]
}

fn check(folder: &Path, arguments: &[&str]) -> Checked {
    let program = Program::parse_from([&["program"], arguments].concat());
    let compiler = program.check.compiler().unwrap();
    compiler.check(sources::read(&folder.join(".circleci/config.yml")).unwrap())
}

fn put(folder: &Path, text: &str) {
    fs::create_dir_all(folder.join(".circleci")).unwrap();
    fs::write(folder.join(".circleci/config.yml"), text).unwrap();
}

#[test]
fn each_file_of_the_table_is_decided_as_the_server_decides_it() {
    for (text, wanted) in table() {
        agree(&text, wanted);
    }
}

/// Each code about this release has an example that it is about, and one that runs.
#[test]
fn each_kind_of_unsupported_diagnostic_is_decided_alike() {
    let area = codes::AREAS.iter().find(|area| area.title.starts_with("Not supported")).unwrap();
    assert!(area.codes.len() > 5);
    for code in area.codes {
        let example = |which| page::example(*code, which).unwrap().0;
        let wanted = match code.slug {
            "unsupported-context"
            | "unsupported-service-container"
            | "unsupported-container-program" => Decision::SomeJobsRefused,
            // The schedule is of another workflow than the one of the push.
            "unsupported-option" | "unsupported-schedule" => Decision::Runs,
            _ => Decision::Unsupported,
        };
        let checked = agree(&example(page::ExampleKind::Wrong), wanted);
        assert!(checked.compiled.unsupported.iter().any(|one| one.code == code.slug));
        agree(&example(page::ExampleKind::Right), Decision::Runs);
    }
}

/// Checks that every command and the server decide about a file as it is said.
fn agree(text: &str, wanted: Decision) -> Checked {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), text);
    let checked = check(folder.path(), &["--branch", "main"]);
    assert_eq!(checked.decision(), wanted, "{text}");
    // The same as the server does: compile for the branch, and ask whether it can run.
    let git_ref = Some(GitRef::Branch(BranchName::from("main")));
    let server = compile(text, &Inputs { git_ref, ..Inputs::default() });
    let starts = server.support() == Support::Runs;
    let ends = matches!(wanted, Decision::Unsupported | Decision::Invalid);
    assert_eq!(starts, !ends, "{text}");
    // What is asked before moving gets the same answer.
    let is_whole = wanted != Decision::Invalid && !checked.is_refused();
    // One push may be whole, and a workflow of the repository wait for a schedule that never comes.
    let is_whole = is_whole && checked.compiled.never_started().next().is_none();
    assert_eq!(cannot_run(folder.path(), &[]), !is_whole, "{text}");
    let says_why = !listed(&checked.compiled, Notes::LeftOut, None).is_empty();
    assert!(says_why || !checked.is_refused(), "{text}");
    assert_eq!(refused_by_place(&checked.compiled), refused_by_plan(&checked.compiled), "{text}");
    checked
}

/// The jobs that diagnostics call refused: editors, pages and `validate` show these.
fn refused_by_place(compiled: &Compiled) -> BTreeSet<(String, String)> {
    let found = compiled.refusals().filter(|_| compiled.plan.is_some());
    let jobs = found.flat_map(|(_, found)| &found.jobs);
    jobs.map(|one| (one.workflow.clone(), one.job.clone())).collect()
}

/// The jobs that the server and the runner refuse.
fn refused_by_plan(compiled: &Compiled) -> BTreeSet<(String, String)> {
    compiled.refused_jobs().into_iter().map(|refused| (refused.workflow, refused.job)).collect()
}

/// The real configurations next to the repository, when they are there.
#[test]
fn no_file_of_the_corpus_is_ready_that_the_server_refuses() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let Ok(entries) = fs::read_dir(corpus.join("configs")) else {
        println!("skipped: there is no corpus next to this repository");
        return;
    };
    let orbs = corpus.join("orbs").display().to_string();
    let folder = tempfile::tempdir().unwrap();
    let mut counts = [0_usize; 2];
    for entry in entries {
        let Ok(text) = fs::read_to_string(entry.unwrap().path()) else { continue };
        put(folder.path(), &text);
        let checked = check(folder.path(), &["--orbs", &orbs, "--branch", "main"]);
        let runs = matches!(checked.decision(), Decision::Runs | Decision::NothingRuns);
        assert!(runs || checked.compiled.support() != Support::Runs || checked.is_refused());
        if checked.compiled.unsupported.iter().all(|one| one.more_jobs == 0) {
            let compiled = &checked.compiled;
            assert_eq!(refused_by_place(compiled), refused_by_plan(compiled), "{text}");
        }
        if !runs {
            assert!(cannot_run(folder.path(), &["--orbs", &orbs]), "{text}");
        }
        counts[usize::from(runs)] += 1;
    }
    assert!(counts[0] > 50 && counts[1] > 10, "both kinds are there: {counts:?}");
}

/// Of many places eight are named, and of jobs that a diagnostic no longer names, how many there are.
#[test]
fn of_many_places_and_jobs_the_first_are_named_and_the_others_counted() {
    let steps = "{store_artifacts: {path: a}}, ".repeat(11);
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), &with_steps(steps.trim_end_matches(", ")));
    let text = listed(&check(folder.path(), &[]).compiled, Notes::LeftOut, None);
    assert!(text.contains(", and 3 more)") || text.contains(", and 3 more, "), "{text}");
    let numbers: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    let matrix = format!("matrix: {{parameters: {{n: [{}]}}}}", numbers.join(", "));
    let text = format!(
        "version: 2.1\njobs:\n  a:\n    parameters: {{n: {{type: integer}}}}\n    docker: [{{image: x}}, \
         {{image: y}}]\n    steps: [checkout]\nworkflows: {{main: {{jobs: [a: {{{matrix}}}]}}}}\n"
    );
    put(folder.path(), &text);
    let compiled = check(folder.path(), &[]).compiled;
    assert!(compiled.unsupported[0].more_jobs > 0, "the diagnostic does not name all");
    let text = listed(&compiled, Notes::LeftOut, None);
    assert!(text.contains("and 92 more jobs"), "{text}");
}

/// Below a count of errors they would be read as some of them.
#[test]
fn what_is_refused_next_to_errors_has_a_line_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), &with_steps("{store_artifacts: {path: a}}, chekout"));
    let checked = check(folder.path(), &[]);
    assert_eq!(checked.decision(), Decision::Invalid);
    let text = listed(&checked.compiled, Notes::LeftOut, None);
    let first = "  and, once the errors are fixed, not supported by this release:\n  - the `store_artifacts`";
    assert!(text.starts_with(first), "{text}");
}

/// "valid" alone would pass for a push that does something.
#[test]
fn a_push_that_runs_nothing_is_said_to_and_why() {
    let only = file(JOB, "build: {filters: {branches: {only: main}}}");
    let matrix = file(
        &format!("parameters: {{v: {{type: string}}}}, {JOB}"),
        "build: {matrix: {parameters: {v: []}}}",
    );
    let none = "version: 2.1\njobs: {}\nworkflows: {}\n".to_owned();
    let off = format!(
        "version: 2.1\njobs: {{build: {{{JOB}}}}}\nworkflows:\n  b: {{when: false, jobs: [build]}}\n"
    );
    let both_off = format!("{off}  c: {{unless: true, jobs: [build]}}\n");
    for (text, arguments, why) in [
        (&only, ["--branch", "x"], "no job's filters match branch `x`"),
        (&only, ["--tag", "v1"], "no job runs for tag `v1`"),
        (&matrix, ["--branch", "main"], "no workflow has a job"),
        (&none, ["--branch", "main"], "no workflow has a job"),
        (&off, ["--branch", "main"], "the condition of workflow `b` does not hold"),
        (&both_off, ["--branch", "main"], "the conditions of 2 workflows do not hold"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), text);
        let checked = check(folder.path(), &arguments);
        assert_eq!(checked.decision(), Decision::NothingRuns, "{text}");
        let said = checked.why_nothing_runs().unwrap();
        assert!(said.starts_with(why), "{said}");
        assert!(!checked.is_refused());
        let json = terminal::json(&Report::of(std::slice::from_ref(&checked))).unwrap();
        assert!(json.contains("\"decision\": \"nothing_runs\"") && json.contains(&said), "{json}");
    }
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), &only);
    assert_eq!(check(folder.path(), &["--branch", "main"]).decision(), Decision::Runs);
    assert_eq!(check(folder.path(), &[]).decision(), Decision::Runs);
}

/// Where no name is found for a condition, what depends on it is possible: "no push runs anything" would be a
/// guess, and the server refuses what does run.
#[test]
fn a_condition_that_no_name_is_found_for_may_hold() {
    let folder = tempfile::tempdir().unwrap();
    let value = "value: << pipeline.git.branch >>";
    for condition in [
        format!("matches: {{pattern: /hotfix/, {value}}}"),
        format!(r"matches: {{pattern: '^(feature|bugfix)/(?=JIRA-)\w+-\d+$', {value}}}"),
        format!(r"matches: {{pattern: '^.{{40,}}$', {value}}}"),
        "equal: [\"refs/<< pipeline.git.branch >>\", refs/dev]".to_owned(),
        "not: {not: {equal: [\"refs/<< pipeline.git.branch >>\", refs/dev]}}".to_owned(),
    ] {
        let when = format!("main: {{when: {{{condition}}}, ");
        let runs = file(JOB, "build").replace("main: {", &when);
        put(folder.path(), &runs);
        assert_eq!(check(folder.path(), &[]).decision(), Decision::Runs, "{runs}");
        put(folder.path(), &with_steps("add_ssh_keys").replace("main: {", &when));
        assert_eq!(check(folder.path(), &[]).decision(), Decision::Unsupported, "{runs}");
        for kind in ["when", "unless"] {
            let step = format!("{kind}: {{condition: {{{condition}}}, steps: [add_ssh_keys]}}");
            put(folder.path(), &with_steps(&step));
            assert_eq!(check(folder.path(), &[]).decision(), Decision::Unsupported, "{step}");
        }
        let never = format!("main: {{when: {{and: [false, {{{condition}}}]}}, ");
        put(folder.path(), &with_steps("add_ssh_keys").replace("main: {", &never));
        assert_eq!(check(folder.path(), &[]).decision(), Decision::NothingRuns, "{never}");
    }
}

/// Each name that is tried would be in a message of its own.
#[test]
fn what_is_wrong_for_every_push_is_reported_once() {
    let folder = tempfile::tempdir().unwrap();
    let parallel = format!("{JOB}, parallelism: << pipeline.git.branch >>");
    for text in [
        with_steps("run: {command: make, when: << pipeline.git.branch >>}"),
        file(&parallel, "build: {filters: {branches: {only: [main, dev]}}}"),
    ] {
        put(folder.path(), &text);
        let checked = check(folder.path(), &[]);
        assert_eq!(checked.count(Severity::Error), 1, "{:?}", checked.compiled.diagnostics);
    }
}

/// Under a count of errors, what a schedule keeps from running would pass for one of them.
#[test]
fn a_schedule_next_to_an_error_has_a_line_above_it() {
    let trigger = "triggers: [{schedule: {cron: '0 3 * * *', filters: {branches: {only: main}}}}]";
    let text = file(JOB, "build").replace("main: {", &format!("main: {{{trigger}, "));
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), &text.replace("steps: [", "steps: [chekout, "));
    let listed = listed(&check(folder.path(), &[]).compiled, Notes::LeftOut, None);
    let preface = "and, once the errors are fixed, not run by this release:";
    assert!(listed.trim_start().starts_with(preface), "{listed}");
}

/// A nightly workflow must not fail every check of a branch that it does not touch.
#[test]
fn a_schedule_is_a_note_where_one_push_is_asked_about() {
    let nightly = "nightly: {triggers: [{schedule: {cron: '0 3 * * *', filters: {branches: {only: \
                   main}}}}], jobs: [build]}, ";
    let text = file(JOB, "build").replace("workflows: {", &format!("workflows: {{{nightly}"));
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), &text);
    for arguments in [["--branch", "arm"], ["--branch", "main"]] {
        let checked = check(folder.path(), &arguments);
        assert_eq!(checked.decision(), Decision::Runs, "{arguments:?}");
        assert!(!checked.is_refused());
        let noted = listed(&checked.compiled, Notes::Listed, None);
        assert!(noted.contains("only runs on a schedule"), "{noted}");
    }
    let checked = check(folder.path(), &[]);
    assert_eq!(checked.decision(), Decision::SomeWorkflowsNeverStarted);
    assert!(checked.is_refused());
}

/// Programs read it: a member that is a string, a list or not there is three formats.
#[test]
fn a_refused_job_names_what_it_is_refused_for_in_a_list() {
    let containers = JOB.replace("}]", "}, {image: 'redis:7'}]");
    let program = JOB.replace("'}]", "', command: [x]}]");
    for (text, reason, names) in [
        (file(JOB, "build: {context: [a, b]}"), "contexts", vec!["a", "b"]),
        (file(&containers, "build"), "service_containers", vec!["redis:7"]),
        (file(&program, "build"), "container_program", vec![]),
    ] {
        let refused = compile(&text, &Inputs::default()).refused_jobs();
        let expected = serde_json::json!([
            { "workflow": "main", "job": "build", "reason": reason, "names": names }
        ]);
        assert_eq!(serde_json::to_value(refused).unwrap(), expected);
    }
}

/// Numbers without a pattern, and the same in each run.
struct Dice(u64);

impl Dice {
    fn one_of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let count = u64::try_from(all.len()).unwrap();
        all[usize::try_from((self.0 >> 33) % count).unwrap()]
    }
}

/// What each job of a random configuration has before its step.
const JOB_BEFORE_STEPS: &str =
    "parameters: {on: {type: boolean, default: false}}, machine: true, steps: [";

/// A configuration whose filters and conditions may keep off what this release refuses.
fn random(dice: &mut Dice) -> String {
    const CONDITIONS: &[&str] = &[
        "",
        "",
        "when: false, ",
        "unless: true, ",
        "when: << pipeline.parameters.off >>, ",
        "when: {equal: [main, << pipeline.git.branch >>]}, ",
        "unless: {equal: [main, << pipeline.git.branch >>]}, ",
        "when: {matches: {pattern: ^release-.+$, value: << pipeline.git.branch >>}}, ",
        "when: << pipeline.git.branch.is_default >>, ",
        "when: << pipeline.git.tag >>, ",
        "when: pipeline.git.branch == \"dev\" or pipeline.git.tag == \"v1\", ",
        "when: {and: [{equal: [dev, << pipeline.git.branch >>]}, {equal: [main, x]}]}, ",
    ];
    const FILTERS: &[&str] = &[
        "",
        "",
        "branches: {only: main}",
        "branches: {only: [dev, /release-.+/]}",
        "branches: {ignore: main}",
        "branches: {ignore: /.*/}",
        "branches: {ignore: /.*/}, tags: {only: v1}",
        "tags: {only: /v.*/}",
    ];
    const STEPS: &[&str] = &[
        "run: a",
        "run: b",
        "store_artifacts: {path: p}",
        "when: {condition: {equal: [main, << pipeline.git.branch >>]}, steps: [store_artifacts: {path: p}]}",
        "when: {condition: << parameters.on >>, steps: [store_artifacts: {path: p}]}",
        "unless: {condition: {equal: [<< pipeline.git.tag >>, \"\"]}, steps: [setup_remote_docker]}",
    ];
    const CONTEXTS: &[&str] = &["", "", "", "context: c, ", "serial-group: g, "];
    const SCHEDULES: &[&str] = &[
        "",
        "",
        "",
        "triggers: [schedule: {cron: '0 3 * * *', filters: {branches: {only: main}}}], ",
    ];
    let mut text =
        String::from("version: 2.1\nparameters: {off: {type: boolean, default: false}}\njobs:\n");
    for job in ["a", "b"] {
        let step = dice.one_of(STEPS);
        text.extend(["  ", job, ": {", JOB_BEFORE_STEPS, step, "]}\n"]);
    }
    text += "workflows:\n";
    for workflow in ["v", "w"] {
        let mut jobs = Vec::new();
        for job in ["a", "b"] {
            let (context, filters) = (dice.one_of(CONTEXTS), dice.one_of(FILTERS));
            let requires = if job == "b" { dice.one_of(&["", "requires: [a], "]) } else { "" };
            let expression = dice.one_of(&["", "", "", "pipeline.git.branch == \"main\""]);
            let on = dice.one_of(&["", "on: true, ", "on: << pipeline.git.branch.is_default >>, "]);
            let filters = if expression.is_empty() {
                format!("filters: {{{filters}}}")
            } else {
                format!("filters: {expression}")
            };
            jobs.push(format!("{job}: {{{context}{requires}{on}{filters}}}"));
        }
        let condition = dice.one_of(CONDITIONS);
        let schedule = dice.one_of(SCHEDULES);
        let jobs = jobs.join(", ");
        text.extend(["  ", workflow, ": {", condition, schedule, "jobs: [", &jobs, "]}\n"]);
    }
    text
}

/// Every ref that the random configurations tell apart, compiled as the server does.
fn pushes(text: &str) -> Vec<Compiled> {
    let mut compiled = Vec::new();
    for (name, is_tag) in [
        ("main", false),
        ("dev", false),
        ("release-7", false),
        ("topic", false),
        ("v1", true),
        ("v2", true),
        ("nightly", true),
    ] {
        for is_default in [false, true] {
            let git_ref =
                if is_tag { GitRef::Tag(name.into()) } else { GitRef::Branch(name.into()) };
            let is_default = PipelineValue::Boolean(is_default && !is_tag);
            let key = if is_tag { "git.tag" } else { "git.branch" };
            let pipeline_values = vec![
                (key.to_owned(), PipelineValue::Text(name.to_owned())),
                ("git.branch.is_default".to_owned(), is_default),
            ];
            let inputs = Inputs { git_ref: Some(git_ref), pipeline_values, ..Inputs::default() };
            compiled.push(compile(text, &inputs));
        }
    }
    compiled
}

/// Without a branch or a tag, what some push is refused for counts, and nothing else.
#[test]
fn a_configuration_is_refused_exactly_if_some_push_is() {
    let mut dice = Dice(7);
    let folder = tempfile::tempdir().unwrap();
    let mut counts = [0_usize; 3];
    for _ in 0..120 {
        let text = random(&mut dice);
        put(folder.path(), &text);
        let pushes = pushes(&text);
        let refused = pushes.iter().any(|push| {
            push.support() != Support::Runs
                || !push.refused_jobs().is_empty()
                || push.never_started().next().is_some()
        });
        let runs = pushes
            .iter()
            .any(|push| push.plan.as_ref().is_none_or(|plan| !plan.workflows.is_empty()));
        let checked = check(folder.path(), &[]);
        let is_invalid = checked.decision() == Decision::Invalid;
        assert_eq!(checked.is_refused() || is_invalid, refused, "{text}");
        assert_eq!(cannot_run(folder.path(), &[]), refused, "{text}");
        assert_eq!(checked.decision() == Decision::NothingRuns, !runs && !is_invalid, "{text}");
        assert_eq!(
            refused_by_place(&checked.compiled),
            refused_by_plan(&checked.compiled),
            "{text}"
        );
        counts[if refused {
            0
        } else if runs {
            1
        } else {
            2
        }] += 1;
        // With a branch, it is that push which is decided about.
        let on_main = &pushes[0];
        let checked = check(
            folder.path(),
            &["--branch", "main", "--pipeline-value", "git.branch.is_default=false"],
        );
        // A schedule of another workflow keeps nothing of this push from running.
        let of_push = on_main.decision();
        let waits = of_push == Decision::SomeWorkflowsNeverStarted;
        let of_push = if waits { Decision::Runs } else { of_push };
        assert_eq!(checked.decision(), of_push, "{text}");
        let arguments = ["--branch", "main", "--pipeline-value", "git.branch.is_default=false"];
        let is_refused = checked.is_refused() || checked.decision() == Decision::Invalid;
        assert_eq!(cannot_run(folder.path(), &arguments), is_refused, "{text}");
    }
    assert!(counts.iter().all(|count| *count > 3), "all kinds are there: {counts:?}");
}

/// Else `--branch main` would pass what the server refuses on `main`.
#[test]
fn where_the_default_branch_decides_and_is_not_known_the_worse_is_said() {
    let text = with_steps(
        "when: {condition: << pipeline.git.branch.is_default >>, steps: [store_artifacts: {path: p}]}",
    );
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), &text);
    let checked = check(folder.path(), &["--branch", "main"]);
    assert_eq!(checked.decision(), Decision::Unsupported);
    assert!(checked.uncertain_branch.is_some());
    for (given, wanted) in [("true", Decision::Unsupported), ("false", Decision::Runs)] {
        let value = format!("git.branch.is_default={given}");
        let checked = check(folder.path(), &["--branch", "main", "--pipeline-value", &value]);
        assert_eq!(checked.decision(), wanted);
        assert!(checked.uncertain_branch.is_none());
    }
    put(folder.path(), &file(JOB, "build"));
    assert!(check(folder.path(), &["--branch", "main"]).uncertain_branch.is_none());
}

fn planned_image(compiled: &Compiled) -> String {
    let job = &compiled.plan.as_ref().unwrap().workflows[0].jobs[0];
    let PlannedJobKind::Build(body) = &job.kind else { panic!() };
    let Executor::Docker { containers } = &body.executor else { panic!() };
    containers[0].image.clone()
}

/// References to images, and what only looks like one.
const IMAGES: &str = "
    alpine cimg/base:2026.01 localhost/a localhost:5000/a/b:x Localhost/a Cimg/base Cimg a/B R.example/a
    a.example:80/b a.example:80 a.example:x/b a.example:/b a-.example/b -a.example/b a..b/c
    a.b__c-d---e/f_g:V1_.-x a___b a- a_ a. -a .a _a a-.b a._b a//b /a a/ a: a:.b a:-b a:_b a:b:c a:b/c :a @a
    a@ a@b a@sha256 a@b@c a:x@ a#b a%20b a,b https://a.example/b [::1]:5000/a ä a/ä a/b/c/d/e:f 0 0.0
    127.0.0.1:5000/a a@md5:00000000000000000000000000000000
";

/// `validate` warns of images that no registry can have; runners read references by the grammar of another
/// crate. Where they differ, a warning is wrong or a job fails without one.
#[test]
fn an_image_is_judged_as_runners_read_it() {
    let digest =
        |algorithm: &str, length: usize| format!("a@{algorithm}:{}", "0a".repeat(length / 2));
    let long = |length: usize| "a".repeat(length);
    let spaced = ["a b", " a", "a ", "a:b c", "a\tb", "Ubuntu Latest", "x:..bad tag"];
    let mut images: Vec<String> =
        IMAGES.split_whitespace().chain(spaced).map(str::to_owned).collect();
    for (algorithm, length) in [("sha256", 64), ("sha384", 96), ("sha512", 128), ("Sha256", 64)] {
        images.extend([length - 2, length, length + 2].map(|length| digest(algorithm, length)));
    }
    images.push(digest("sha256", 64).replace("0a", "0A"));
    images.push(digest("sha256", 64).replace("0a", "0g"));
    images.push(digest("sha256", 64).replace('@', ":x@"));
    images.extend([128, 129].map(|length| format!("a:{}", long(length))));
    for start in
        ["", "b/", "docker.io/", "index.docker.io/", "docker.io/b/", "r.example/", "localhost/"]
    {
        images.extend((240..=256).map(|length| format!("{start}{}", long(length))));
    }
    for image in images {
        let text = file(&format!("docker: [{{image: {image:?}}}], steps: [checkout]"), "build");
        let compiled = compile(&text, &Inputs::default());
        let is_warned_of = compiled.diagnostics.iter().any(|found| found.code == "invalid-image");
        // As the runner gets it.
        let read = roundel_container::image::check_reference(&planned_image(&compiled));
        assert_eq!(is_warned_of, read.is_err(), "{image}: {read:?}");
    }
}
