//! The decision over a table of files and over the corpus: `validate`, `migrate-check` and the server
//! say the same.

use std::{fs, path::Path};

use clap::Parser as _;
use roundel_config::{Inputs, compile};
use roundel_model::name::{BranchName, GitRef};

use super::*;
use crate::config_command::{
    check::{CheckArguments, Checked},
    migrate::tests::cannot_run,
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

/// What is written, and what becomes of it.
fn table() -> Vec<(String, Decision)> {
    use Decision::{Invalid, Runs, SomeJobsRefused, Unsupported};

    let triggers = "{schedule: {cron: '0 3 * * *', filters: {branches: {only: main}}}}";
    vec![
        (file(JOB, "build"), Runs),
        (file("machine: true, steps: [checkout]", "build"), Runs),
        // Options without effect refuse nothing.
        (file("machine: {image: x, docker_layer_caching: true}, steps: [checkout]", "build"), Runs),
        (with_steps("checkout: {method: shallow, depth: 1}"), Runs),
        (file(JOB, "build").replace("jobs: [", &format!("triggers: [{triggers}], jobs: [")), Runs),
        (with_steps("save_cache: {key: k, paths: [p]}"), Unsupported),
        (with_steps("store_test_results: {path: p}"), Unsupported),
        (with_steps("setup_remote_docker"), Unsupported),
        (with_steps("add_ssh_keys"), Unsupported),
        (file("macos: {xcode: '16.2.0'}, steps: [checkout]", "build"), Unsupported),
        (file(JOB, "build: {serial-group: x}"), Unsupported),
        (format!("setup: true\n{}", file(JOB, "build")), Unsupported),
        (file(JOB, "build: {context: deploy}"), SomeJobsRefused),
        (file(&JOB.replace("}]", "}, {image: 'redis:7'}]"), "build"), SomeJobsRefused),
        (file(&JOB.replace("'}]", "', command: [x]}]"), "build"), SomeJobsRefused),
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
    let folder = tempfile::tempdir().unwrap();
    for (text, wanted) in table() {
        put(folder.path(), &text);
        let checked = check(folder.path(), &["--branch", "main"]);
        assert_eq!(checked.decision(), wanted, "{text}");
        // The same as the server does: compile for the branch, and ask for the verdict.
        let git_ref = Some(GitRef::Branch(BranchName::from("main")));
        let server = compile(&text, &Inputs { git_ref, ..Inputs::default() });
        let starts = server.verdict() == Verdict::Runs;
        assert_eq!(starts, matches!(wanted, Decision::Runs | Decision::SomeJobsRefused), "{text}");
        // Whoever asks before moving is told no less.
        let cannot = cannot_run(folder.path(), &[]);
        assert!(cannot || wanted == Decision::Runs, "{text}");
        if checked.is_refused() {
            assert!(!listed(&checked.compiled, false, None).is_empty(), "{text}");
        }
    }
}

/// The real configurations beside the repository, when they are there.
#[test]
fn no_file_of_the_corpus_is_ready_that_the_server_refuses() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let Ok(entries) = fs::read_dir(corpus.join("configs")) else {
        println!("skipped: there is no corpus beside this repository");
        return;
    };
    let orbs = corpus.join("orbs").display().to_string();
    let folder = tempfile::tempdir().unwrap();
    let mut counts = [0_usize; 2];
    for entry in entries {
        let Ok(text) = fs::read_to_string(entry.unwrap().path()) else { continue };
        put(folder.path(), &text);
        let checked = check(folder.path(), &["--orbs", &orbs, "--branch", "main"]);
        let runs = checked.decision() == Decision::Runs;
        assert!(runs || checked.compiled.verdict() != Verdict::Runs || checked.is_refused());
        if !runs {
            assert!(cannot_run(folder.path(), &["--orbs", &orbs]), "{text}");
        }
        counts[usize::from(runs)] += 1;
    }
    assert!(counts[0] > 50 && counts[1] > 10, "both kinds are there: {counts:?}");
}
