//! The story of a configuration on a laptop: checked, compiled, packed, and inspected before migrating.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

use crate::installation::binary;

const GOOD: &str = "version: 2.1
parameters:
  tag: { type: string, default: '1' }
  many: { type: integer, default: 1 }
jobs:
  build:
    docker: [{ image: 'cimg/base:<< pipeline.parameters.tag >>' }]
    parallelism: << pipeline.parameters.many >>
    steps: [checkout, run: make]
workflows:
  main:
    jobs:
      - build: { filters: { branches: { only: main } } }
";

const WRONG: &str = "version: 2.1
jobs:
  build:
    docker: [{ image: alpine }]
    steps: [chekout]
workflows: { main: { jobs: [build] } }
";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        put(folder.path(), path, text);
    }
    folder
}

fn put(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn config(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(binary())
        .arg("config")
        .args(arguments)
        .current_dir(folder)
        .env_remove("ROUNDEL_ORBS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read it may have ended.
    let written = child.stdin.take().unwrap().write_all(input.as_bytes());
    drop(written);
    child.wait_with_output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn validate_says_what_is_wrong_and_the_exit_code_says_whose_fault_it_is() {
    let folder = folder(&[(".circleci/config.yml", GOOD), ("wrong.yml", WRONG)]);
    let run = |arguments: &[&str], input: &str| {
        let output = config(folder.path(), arguments, input);
        (output.status.code(), out(&output), err(&output))
    };
    let (code, text, _) = run(&["validate"], "");
    assert_eq!((code, text.as_str()), (Some(0), ".circleci/config.yml: valid\n"));
    let (code, text, _) = run(&["validate", ".circleci/config.yml", "wrong.yml", "-"], GOOD);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("did you mean `checkout`?"), "{text}");
    assert!(text.contains(" --> wrong.yml:5:13  jobs."), "{text}");
    assert!(text.ends_with("standard input: valid\n\n2 files valid, 1 with errors\n"), "{text}");
    assert!(!text.contains('\u{1b}'), "no colors in a pipe: {text}");
    let (code, text, _) = run(&["validate", "--quiet"], "");
    assert_eq!((code, text.as_str()), (Some(0), ""));
    let floating = "version: 2\njobs: {build: {docker: [{image: alpine}], steps: [checkout]}}\n";
    assert_eq!(run(&["validate", "-"], floating).0, Some(0));
    assert_eq!(run(&["validate", "-", "--deny-warnings"], floating).0, Some(1));
    let (code, text, errors) = run(&["validate", "nowhere.yml"], "");
    assert_eq!((code, text.as_str()), (Some(2), ""));
    assert_eq!(errors, "error: there is no file `nowhere.yml`\n");
    for misuse in [
        &["validate", "--param", "x"][..],
        &["validate", "--no-such-option"],
        &["validate", "--orbs", "nowhere"],
        &["validate", "--update-lock"],
        &["pack", "nowhere"],
        &["migrate-check", "nowhere"],
    ] {
        assert_eq!(run(misuse, "").0, Some(2), "{misuse:?}");
    }
    // It cannot be read: that is an I/O error, not a mistake in a configuration.
    let (code, _, errors) = run(&["validate", "wrong.yml/inner"], "");
    assert_eq!(code, Some(3), "{errors}");
}

const UNSUPPORTED: &str = "version: 2.1
jobs:
  build:
    docker: [{ image: 'cimg/base:2024.01' }]
    steps: [checkout, store_artifacts: { path: out }]
workflows: { main: { jobs: [build] } }
";

/// A hook that runs before each commit must not say "valid" alone of what the server refuses.
#[test]
fn what_is_valid_and_not_supported_has_words_and_an_exit_code_of_its_own() {
    let context = GOOD.replace("- build: {", "- build: { context: [aws, hub],");
    let folder = folder(&[("a.yml", UNSUPPORTED), ("b.yml", &context), ("c.yml", GOOD)]);
    let run = |arguments: &[&str]| {
        let output = config(folder.path(), arguments, "");
        (output.status.code(), out(&output), err(&output))
    };
    let (code, text, _) = run(&["validate", "a.yml"]);
    assert_eq!(
        (code, text.as_str()),
        (
            Some(4),
            "a.yml: valid, but not supported by this release:\n  - the `store_artifacts` step is not \
             supported in this release (a.yml:5:23)\n    remove it, or upload the files in a `run` step\n"
        )
    );
    let (code, quiet, _) = run(&["validate", "a.yml", "--quiet"]);
    assert_eq!((code, quiet), (Some(4), text));
    assert_eq!(run(&["validate", "a.yml", "--allow-unsupported"]).0, Some(0));
    let (code, text, _) = run(&["validate", "b.yml", "c.yml"]);
    assert_eq!(
        (code, text.as_str()),
        (
            Some(4),
            "b.yml: valid, but this release does not run all of it:\n  - the context `aws` does not \
             exist: this release has no contexts, and a job that names one ends as unauthorized (b.yml:13:28, \
             job `build` of workflow `main`)\n    set the variables in the project's settings, and remove \
             `context`\n  - the context `hub` does not exist: this release has no contexts, and a job that \
             names one ends as unauthorized (b.yml:13:33, job `build` of workflow `main`)\n    set the variables in the \
             project's settings, and remove `context`\nc.yml: valid\n\n1 file valid, 1 not supported by \
             this release\n"
        )
    );
    let (code, json, _) = run(&["validate", "a.yml", "b.yml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(code, Some(4));
    assert_eq!(json["files"][0]["valid"], true);
    assert_eq!(json["files"][0]["decision"], "unsupported");
    assert_eq!(json["files"][0]["unsupported"][0]["code"], "unsupported-step");
    assert_eq!(json["files"][1]["decision"], "some_jobs_refused");
    assert_eq!(
        json["files"][1]["refused_jobs"][0],
        serde_json::json!({"workflow": "main", "job": "build", "reason": "contexts", "names": ["aws", "hub"]})
    );
    // The document is right, and the remark is not in it.
    let (code, document, remark) = run(&["process", "a.yml"]);
    assert_eq!(code, Some(0));
    assert!(document.starts_with("version: 2\n"), "{document}");
    assert!(remark.starts_with("a.yml: valid, but not supported by this release:\n"), "{remark}");
    for (file, code) in [("a.yml", 1), ("b.yml", 1), ("c.yml", 0)] {
        let text = fs::read_to_string(folder.path().join(file)).unwrap();
        put(folder.path(), "repository/.circleci/config.yml", &text);
        assert_eq!(run(&["migrate-check", "repository"]).0, Some(code), "{file}");
    }
}

/// Without a branch, whatever some push runs counts, and the branch that is checked out does not.
#[test]
fn every_command_says_what_some_push_is_refused_for() {
    let file = |workflow: &str| {
        format!(
            "version: 2.1\njobs:\n  b: {{machine: true, steps: [run: make]}}\n  art: {{machine: true, steps: \
             [store_artifacts: {{path: x}}]}}\n  step: {{machine: true, steps: [run: a, when: {{condition: \
             {{equal: [main, << pipeline.git.branch >>]}}, steps: [store_artifacts: {{path: x}}]}}]}}\n\
             workflows: {{w: {{{workflow}}}}}\n"
        )
    };
    let on_main = "when: {equal: [main, << pipeline.git.branch >>]}";
    let (ignored, filter) = ("{branches: {ignore: /.*/}}", "pipeline.git.branch == \"main\"");
    let folder = folder(&[]);
    for (workflow, validate, migrate, says) in [
        (format!("{on_main}, jobs: [art]"), 4, 1, "not supported by this release"),
        ("jobs: [step]".to_owned(), 4, 1, "not supported by this release"),
        (format!("{on_main}, jobs: [b: {{context: c}}]"), 4, 1, "does not run all of it"),
        (format!("jobs: [art: {{filters: {filter}}}]"), 4, 1, "not supported by this release"),
        (format!("jobs: [b: {{filters: {filter}}}]"), 0, 0, ": valid, 2 warnings\n"),
        (format!("jobs: [b: {{filters: {ignored}}}]"), 0, 0, "valid, and no push runs anything"),
        (
            format!("jobs: [b: {{filters: {ignored}}}, art: {{requires: [b]}}]"),
            0,
            0,
            "valid, and no push runs anything",
        ),
        ("when: false, jobs: [art]".to_owned(), 0, 0, "valid, and no push runs anything"),
    ] {
        put(folder.path(), ".circleci/config.yml", &file(&workflow));
        let output = config(folder.path(), &["validate"], "");
        let said = out(&output);
        assert_eq!(output.status.code(), Some(validate), "{workflow}: {said}");
        assert!(said.contains(says), "{workflow}: {said}");
        let output = config(folder.path(), &["migrate-check"], "");
        let report = out(&output);
        assert_eq!(output.status.code(), Some(migrate), "{workflow}: {report}");
        assert_eq!(report.contains("nothing to run"), says.contains("no push"), "{report}");
    }
    // What the filters keep from a push refuses nothing in it.
    let workflow = "jobs: [b, b: {name: x, context: c, filters: {branches: {only: dev}}}]";
    put(folder.path(), ".circleci/config.yml", &file(workflow));
    for command in ["validate", "migrate-check"] {
        for (branch, is_whole) in [("main", true), ("dev", false)] {
            let output = config(folder.path(), &[command, "--branch", branch], "");
            assert_eq!(output.status.success(), is_whole, "{command} {branch}: {}", out(&output));
        }
    }
}

/// Nothing runs, and the schedule that would start it is not forgotten.
#[test]
fn a_push_of_schedules_alone_runs_nothing() {
    let schedule = "triggers: [schedule: {cron: '0 3 * * *', filters: {branches: {only: main}}}]";
    let file = |more: &str| {
        format!(
            "version: 2.1\njobs: {{b: {{machine: true, steps: [run: make]}}}}\nworkflows: {{w: \
             {{{more}{schedule}, jobs: [b]}}}}\n"
        )
    };
    let folder = folder(&[("a.yml", &file("")), ("b.yml", &file("when: false, "))]);
    let output = config(folder.path(), &["validate", "a.yml", "--branch", "main"], "");
    let said = out(&output);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.starts_with("a.yml: valid, and this push runs nothing:\n"), "{said}");
    assert!(said.contains("only runs on a schedule"), "{said}");
    let output = config(folder.path(), &["validate", "b.yml"], "");
    let said = out(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(!said.contains("schedule"), "{said}");
}

#[test]
fn validate_tells_programs_everything_in_one_document() {
    let folder = folder(&[("a.yml", GOOD), ("b.yml", WRONG)]);
    let output = config(folder.path(), &["validate", "a.yml", "b.yml", "--json"], "");
    let json: serde_json::Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(json["files"][0]["valid"], true);
    let found = json["files"][1]["diagnostics"].as_array().unwrap();
    let found = found.iter().find(|found| found["severity"] == "error").unwrap();
    assert_eq!(
        (found["code"].as_str(), found["number"].as_str()),
        (Some("unknown-command"), Some("E-021"))
    );
    let span = |name: &str| usize::try_from(found["span"][name].as_u64().unwrap()).unwrap();
    assert_eq!(&WRONG[span("start")..span("end")], "chekout");
    assert_eq!((found["line"].as_u64(), found["column"].as_u64()), (Some(5), Some(13)));
    assert_eq!(found["path"], "b.yml");
    assert_eq!(found["docs"], "docs/diagnostics/unknown-command.md");
}

#[test]
fn cfg_222_process_prints_a_document_that_is_a_configuration_again() {
    let folder = folder(&[("config.yml", GOOD)]);
    let arguments = ["process", "config.yml", "--param", "tag=12", "--param", "many=3"];
    let output = config(folder.path(), &arguments, "");
    let expected = "\
version: 2
jobs:
  build:
    docker:
    - image: cimg/base:12
    parallelism: 3
    steps:
    - checkout
    - run:
        command: make
workflows:
  main:
    jobs:
    - build:
        filters:
          branches:
            only: main
  version: 2
";
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    // The order of keys is free (CFG §7.4).
    assert_eq!(sorted(&out(&output)), sorted(expected), "{}", err(&output));
    let again = config(folder.path(), &["process", "-"], &out(&output));
    assert_eq!(out(&again), out(&output));
    let source = config(folder.path(), &["process", "config.yml", "--with-source"], "");
    assert!(
        out(&source).contains("\n# Original config.yml file:\n# version: 2.1\n# parameters:\n")
    );
    let wrong = config(folder.path(), &["process", "-"], WRONG);
    assert_eq!((wrong.status.code(), out(&wrong).as_str()), (Some(1), ""));
    assert!(err(&wrong).contains("cannot find a definition for command named"), "{}", err(&wrong));
    let typed = config(folder.path(), &["process", "config.yml", "--param", "many=\"3\""], "");
    assert_eq!(typed.status.code(), Some(0), "a numeric text is coerced: {}", err(&typed));
}

#[test]
fn explain_shows_every_place_that_a_value_comes_from() {
    let folder = folder(&[(".circleci/config.yml", GOOD)]);
    let explain = |arguments: &[&str]| {
        let output = config(folder.path(), &[&["explain"], arguments].concat(), "");
        (output.status.code(), out(&output), err(&output))
    };
    let image = "jobs.build.docker[0].image";
    let (code, text, errors) = explain(&[image, "--param", "tag=12"]);
    assert_eq!(code, Some(0), "{errors}");
    assert!(text.starts_with("jobs.build.docker[0].image\n  cimg/base:12\n"), "{text}");
    assert!(text.contains("--> .circleci/config.yml:7:"), "{text}");
    assert!(text.contains("pipeline.parameters.tag"), "{text}");
    let (_, by_name, _) = explain(&[".circleci/config.yml", image, "--param", "tag=12"]);
    assert_eq!(by_name, text);
    let (_, json, _) = explain(&[image, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["value"], &json["steps"][0]["line"]), (&"cimg/base:1".into(), &7.into()));
    let (code, _, errors) = explain(&["jobs.biuld"]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("did you mean `build`?"), "{errors}");
    put(folder.path(), ".circleci/config.yml", WRONG);
    let (code, text, errors) = explain(&["jobs.build"]);
    assert_eq!((code, text.as_str()), (Some(1), ""));
    assert!(errors.contains("did you mean `checkout`?"), "{errors}");
}

/// All commands that compile a file say that it is not text, and none of them ends well.
#[test]
fn a_file_that_is_not_utf_8_is_refused_by_every_command() {
    let folder = folder(&[]);
    fs::create_dir_all(folder.path().join(".circleci")).unwrap();
    let bytes = [GOOD.as_bytes(), b"# caf\xe9\n"].concat();
    fs::write(folder.path().join(".circleci/config.yml"), bytes).unwrap();
    for arguments in [
        &["validate"][..],
        &["process"],
        &["explain", "jobs.build"],
        &["explain", "jobs.build", "--json"],
        &["migrate-check"],
    ] {
        let output = config(folder.path(), arguments, "");
        let said = out(&output) + &err(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("not UTF-8"), "{arguments:?}: {said}");
    }
}

#[test]
fn cfg_162_orbs_come_from_a_folder_and_stay_pinned() {
    let orb =
        |text: &str| format!("version: 2.1\ncommands: {{greet: {{steps: [run: echo {text}]}}}}\n");
    let uses = "version: 2.1\norbs: {kit: acme/kit@1}\njobs:\n  build:\n    docker: [{image: 'a:1'}]\n    \
                steps: [kit/greet]\nworkflows: {main: {jobs: [build]}}\n";
    let folder = folder(&[("config.yml", uses), ("orbs/acme/kit/1.0.0.yml", &orb("old"))]);
    let process = |more: &[&str]| {
        let arguments = [&["process", "config.yml", "--orbs", "orbs"], more].concat();
        out(&config(folder.path(), &arguments, ""))
    };
    let missing = config(folder.path(), &["validate", "config.yml"], "");
    assert_eq!(missing.status.code(), Some(1));
    assert!(out(&missing).contains("--orbs DIR"), "{}", out(&missing));
    let unlocked = config(folder.path(), &["validate", "config.yml", "--lock", "orbs.lock"], "");
    assert_eq!(unlocked.status.code(), Some(2));
    assert!(err(&unlocked).contains("there is no lock file `orbs.lock`"), "{}", err(&unlocked));
    let arguments =
        ["validate", "config.yml", "--orbs", "orbs", "--lock", "own.lock", "--update-lock"];
    assert_eq!(config(folder.path(), &arguments, "").status.code(), Some(0));
    let lock = fs::read_to_string(folder.path().join("own.lock")).unwrap();
    assert!(lock.contains("acme/kit@1"), "`validate` writes the lock file, too: {lock}");
    let first = process(&["--lock", "orbs.lock", "--update-lock"]);
    assert!(
        first.starts_with("# Orb 'acme/kit@1' resolved to 'acme/kit@1.0.0'\nversion: 2\n"),
        "{first}"
    );
    assert!(first.contains("command: echo old"), "{first}");
    put(folder.path(), "orbs/acme/kit/1.1.0.yml", &orb("new"));
    assert!(process(&[]).contains("command: echo new"));
    assert!(process(&["--lock", "orbs.lock"]).contains("command: echo old"));
    assert!(process(&["--lock", "orbs.lock", "--update-lock"]).contains("command: echo new"));
    assert!(process(&["--lock", "orbs.lock"]).contains("command: echo new"));
    put(folder.path(), "orbs/acme/kit/1.1.0.yml", &orb("changed behind your back"));
    assert_eq!(process(&["--lock", "orbs.lock"]), "");
}

#[test]
fn a_packed_folder_is_a_configuration() {
    let folder = folder(&[
        ("src/@config.yml", "version: 2.1\n"),
        (
            "src/jobs/build.yml",
            "docker: [{image: 'cimg/base:2024.01'}]\nsteps:\n  - run: << include(run.sh) >>\n",
        ),
        ("src/run.sh", "cat <<EOF\nhello\nEOF\n"),
        ("src/workflows/main.yml", "jobs: [build]\n"),
    ]);
    let packed = config(folder.path(), &["pack", "src"], "");
    assert_eq!(packed.status.code(), Some(0), "{}", err(&packed));
    let validated = config(folder.path(), &["validate", "-", "--deny-warnings"], &out(&packed));
    assert_eq!(out(&validated), "standard input: valid\n");
    let processed = config(folder.path(), &["process", "-"], &out(&packed));
    assert!(out(&processed).contains("cat <<EOF\n"), "{}", out(&processed));
    put(folder.path(), "src/jobs/more/build.yml", "docker: []\nextra: 1\n");
    let twice = config(folder.path(), &["pack", "src"], "");
    assert_eq!((twice.status.code(), out(&twice).as_str()), (Some(1), ""));
    assert!(
        err(&twice).contains(
            "`jobs.build` is defined twice, in `jobs/build.yml` and in `jobs/more/build.yml`"
        ),
        "{}",
        err(&twice)
    );
}

#[test]
fn repositories_are_checked_before_they_move() {
    let orb = "version: 2.1\norbs: {kit: acme/kit@1}\njobs: {}\nworkflows: {main: {jobs: [kit/build: {context: deploy}]}}\n";
    let folder = folder(&[
        ("web/.circleci/config.yml", GOOD),
        ("api/.circleci/config.yml", orb),
        ("docs/README.md", "hello"),
        ("wrong/.circleci/config.yml", "version: 2.1\njobs: {build: {machine: true}}\n"),
    ]);
    let one = config(folder.path(), &["migrate-check", "web"], "");
    assert_eq!(one.status.code(), Some(0), "{}", out(&one));
    assert!(out(&one).ends_with("1 file: ready to run here\n"), "{}", out(&one));
    let all = config(folder.path(), &["migrate-check", "web", "api", "docs"], "");
    assert_eq!(all.status.code(), Some(1));
    assert!(
        out(&all).contains("\napi             1  cannot     1 context, 1 orb\n"),
        "{}",
        out(&all)
    );
    assert!(out(&all).contains("they end as unauthorized (1 repository)\n           deploy\n"));
    let wrong = config(folder.path(), &["migrate-check", "web", "wrong"], "");
    let row = "\nwrong           1  cannot     wrong/.circleci/config.yml:2:8: error[E-019 steps-missing]\n";
    assert!(out(&wrong).contains(row), "{}", out(&wrong));
    for nothing in [&["docs"][..], &["docs", "docs"], &["docs", "--json"]] {
        let output = config(folder.path(), &[&["migrate-check"], nothing].concat(), "");
        let message = err(&output);
        assert_eq!((output.status.code(), out(&output).as_str()), (Some(2), ""), "{message}");
        assert!(message.contains("there is no `.circleci/config.yml` in `docs`"), "{message}");
    }
    let json = config(folder.path(), &["migrate-check", "web", "api", "--json"], "");
    let json: serde_json::Value = serde_json::from_str(&out(&json)).unwrap();
    assert_eq!(json["summary"]["ready"], 1);
    assert_eq!(json["repositories"][1]["verdict"], "cannot");
}
