//! The decision over a table of files and over the corpus: `validate`, `migrate-check` and the server
//! say the same.

use std::{fs, path::Path};

use clap::Parser as _;
use roundel_config::{Decision, Inputs, Support, codes, compile, page};
use roundel_model::name::{BranchName, GitRef};
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
    use Decision::{Invalid, Runs, SomeJobsRefused, SomeWorkflowsNeverStarted, Unsupported};

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
        // Its pipeline starts without the only workflow.
        (scheduled.clone(), SomeWorkflowsNeverStarted),
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
            "unsupported-schedule" => Decision::SomeWorkflowsNeverStarted,
            "unsupported-context"
            | "unsupported-service-container"
            | "unsupported-container-program" => Decision::SomeJobsRefused,
            "unsupported-option" => Decision::Runs,
            _ => Decision::Unsupported,
        };
        let checked = agree(&example(page::ExampleKind::Wrong), wanted);
        assert!(checked.compiled.unsupported.iter().any(|one| one.code == code.slug));
        // It runs on a branch of its own.
        let right = if code.slug == "unsupported-schedule" {
            Decision::NothingRuns
        } else {
            Decision::Runs
        };
        agree(&example(page::ExampleKind::Right), right);
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
    let is_whole = matches!(wanted, Decision::Runs | Decision::NothingRuns);
    // One push may be whole, and a workflow of the repository wait for its schedule in vain.
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
    for (text, arguments, why) in [
        (&only, ["--branch", "x"], "the filters of the jobs leave out the branch `x`"),
        (&only, ["--tag", "v1"], "no job runs for the tag `v1`"),
        (&matrix, ["--branch", "main"], "there are no workflows, their conditions do not hold"),
        (&none, ["--branch", "main"], "there are no workflows, their conditions do not hold"),
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
