//! Repositories and what is said about them.

use std::fs;

use clap::Parser as _;
use roundel_config::{Decision, Layout};

use super::{
    findings::{Finding, Level},
    *,
};

#[derive(clap::Parser)]
struct Program {
    #[command(flatten)]
    arguments: Arguments,
}

fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn look(files: &[(&str, &str)]) -> Repository {
    let folder = repository(files);
    let program = Program::try_parse_from(["program"]).unwrap();
    let compiler = program.arguments.check.compiler().unwrap();
    let mut found = Repository::look(folder.path(), &compiler).unwrap();
    let shown = folder.path().display().to_string();
    "REPO".clone_into(&mut found.path);
    for file in &mut found.files {
        file.path = file.path.replace(&shown, "REPO");
    }
    found
}

/// Says whether a repository has a part that cannot run here.
pub(in crate::config_command) fn cannot_run(folder: &std::path::Path, arguments: &[&str]) -> bool {
    let program = Program::try_parse_from([&["program"], arguments].concat()).unwrap();
    let compiler = program.arguments.check.compiler().unwrap();
    Repository::look(folder, &compiler).unwrap().readiness == Readiness::Cannot
}

/// What the JSON document calls it.
fn name(finding: &Finding) -> serde_json::Value {
    serde_json::to_value(finding.kind).unwrap()
}

fn finding<'r>(repository: &'r Repository, kind: &str) -> &'r Finding {
    let mut findings = repository.files.iter().flat_map(|file| &file.findings);
    findings
        .find(|finding| serde_json::to_value(finding.kind).unwrap() == kind)
        .unwrap_or_else(|| panic!("no {kind}"))
}

fn has(repository: &Repository, kind: &str) -> bool {
    repository.files.iter().flat_map(|file| &file.findings).any(|finding| name(finding) == kind)
}

const PLAIN: &str = "version: 2.1\njobs:\n  build:\n    docker: [{image: cimg/base:2024.01}]\n    \
                     steps: [checkout, run: make]\nworkflows: {main: {jobs: [build]}}\n";

const RICH: &str = r#"
version: 2.1
parameters: {where: {type: string, default: staging}}
commands:
  login:
    parameters: {token: {type: env_var_name, default: DEPLOY_TOKEN}}
    steps: [run: 'curl -H "X: ${<< parameters.token >>}" "$API_URL"']
jobs:
  build:
    docker:
      - image: acme/private:1
        auth: {username: $HUB_USER, password: "${HUB_PASSWORD}"}
      - image: 1.dkr.ecr.eu.amazonaws.com/db:1
    resource_class: large
    environment: {MODE: fast}
    steps:
      - checkout
      - add_ssh_keys: {fingerprints: ["SHA256:abc"]}
      - login
      - run: |
          VERSION=1
          echo $VERSION $MODE $NPM_TOKEN
          circleci tests glob "*" | circleci tests split
          circleci step halt
          curl https://circleci.com/api/v2/me
  vm:
    machine: {image: "ubuntu-2404:current"}
    resource_class: acme/big
    steps: [run: make]
  win:
    machine: {image: "windows-server-2022-gui:current"}
    resource_class: windows.medium
    steps: [run: make]
workflows:
  main:
    jobs:
      - build: {context: [deploy, << pipeline.parameters.where >>]}
      - vm: {context: org-wide}
      - win
  nightly:
    triggers: [schedule: {cron: "0 3 * * *", filters: {branches: {only: main}}}]
    jobs: [build]
"#;

#[test]
fn a_plain_repository_is_ready() {
    let found = look(&[(".circleci/config.yml", PLAIN), (".circleci/notes.yml", "a: 1\n")]);
    assert_eq!(found.readiness, Readiness::Ready);
    let text = report::text(&[found], Layout::default());
    assert_eq!(text, "REPO/.circleci/config.yml: ready\n\n1 file: ready to run here\n");
}

#[test]
fn a_repository_without_configuration_has_nothing_to_move() {
    let found = look(&[("README.md", "hello")]);
    assert_eq!(found.readiness, Readiness::Nothing);
    assert_eq!(
        report::text(&[found], Layout::default()),
        "REPO: there is no `.circleci/config.yml`\n"
    );
}

#[test]
fn a_single_file_is_checked_wherever_it_is() {
    let folder = repository(&[("build.yml", PLAIN), (".circleci/config.yml", RICH)]);
    let program = Program::try_parse_from(["program"]).unwrap();
    let compiler = program.arguments.check.compiler().unwrap();
    let found = Repository::look(&folder.path().join("build.yml"), &compiler).unwrap();
    assert_eq!((found.readiness, found.files.len()), (Readiness::Ready, 1));
    let found = Repository::look(&folder.path().join(".circleci/config.yml"), &compiler).unwrap();
    assert_eq!((found.readiness, found.files.len()), (Readiness::Cannot, 1));
}

/// Such a job needs no value of a context. What it is may be said at its entry or at its definition,
/// which may come after the workflows.
#[test]
fn contexts_of_jobs_that_no_runner_runs_are_not_counted() {
    let workflows = "workflows: {main: {jobs: [build, hold: {context: a}, none: {context: b}, \
                     ask: {type: approval, context: c}]}}";
    let gates = "  hold: {type: approval}\n  none: {type: no-op}\n";
    let (head, jobs) = PLAIN.split_once("jobs:").unwrap();
    let (jobs, _) = jobs.split_once("workflows:").unwrap();
    for text in [
        format!("{head}jobs:{}\n{gates}{workflows}\n", jobs.trim_end()),
        format!("{head}{workflows}\njobs:{}\n{gates}", jobs.trim_end()),
    ] {
        let found = look(&[(".circleci/config.yml", &text)]);
        assert_eq!(found.readiness, Readiness::Ready, "{text}");
    }
}

#[test]
fn what_is_not_in_the_repository_is_named() {
    let found = look(&[(".circleci/config.yml", RICH)]);
    let names = |kind: &str| finding(&found, kind).names.join(" ");
    assert_eq!(names("contexts"), "deploy org-wide staging");
    assert_eq!(names("login-variables"), "HUB_PASSWORD HUB_USER");
    assert_eq!(names("cloud-images"), "1.dkr.ecr.eu.amazonaws.com/db:1");
    assert_eq!(names("service-containers"), "build");
    assert_eq!(names("named-variables"), "DEPLOY_TOKEN");
    assert_eq!(names("script-variables"), "API_URL NPM_TOKEN");
    assert_eq!(names("runners"), "acme/big");
    assert_eq!(names("windows"), "windows-server-2022-gui:current windows.medium");
    assert_eq!(names("machine-images"), "ubuntu-2404:current");
    assert_eq!(names("schedules"), "0 3 * * *");
    assert_eq!(finding(&found, "schedules").level, Level::Cannot);
    assert_eq!(names("job-tool"), "circleci tests glob circleci tests split");
    assert_eq!(finding(&found, "job-tool").level, Level::Prepare);
    assert!(names("resource-classes").contains("large (1 job, 4 CPU, 8 GB)"));
    let classes = names("resource-classes");
    assert!(!classes.contains("windows"), "no runner runs it: {classes}");
    assert_eq!(finding(&found, "hosted-api").level, Level::Prepare);
    assert_eq!(found.readiness, Readiness::Cannot);
}

/// It said how large a runner must be that cannot run the job at all.
#[test]
fn the_size_of_a_mac_is_not_asked_of_a_runner() {
    let text = PLAIN.replace(
        "docker: [{image: cimg/base:2024.01}]",
        "macos: {xcode: '16.0.0'}\n    resource_class: m4pro.medium",
    );
    let found = look(&[(".circleci/config.yml", &text)]);
    assert_eq!(found.readiness, Readiness::Cannot);
    assert!(!has(&found, "resource-classes"), "{text}");
}

#[test]
fn an_orb_that_is_not_available_says_how_to_get_it() {
    let text = "version: 2.1\norbs: {node: circleci/node@5.1}\njobs:\n  build:\n    executor: node/default\n    \
                steps: [checkout]\nworkflows: {main: {jobs: [build]}}\n";
    let found = look(&[(".circleci/config.yml", text)]);
    let orbs = finding(&found, "orbs");
    assert_eq!(orbs.names, ["circleci/node@5.1"]);
    assert!(orbs.help.as_ref().unwrap().contains("DIR/circleci/node/<version>.yml"));
    assert!(!has(&found, "errors"), "the same once more would be a second thing to do");
    assert_eq!(found.readiness, Readiness::Cannot);
}

#[test]
fn a_wrong_configuration_shows_its_first_errors() {
    let found = look(&[(".circleci/config.yml", "version: 2.1\njobs: [\n")]);
    assert_eq!(found.readiness, Readiness::Cannot);
    let names = &finding(&found, "errors").names;
    assert!(names[0].contains("config.yml:"), "{names:?}");
    assert!(
        !has(&found, "next-profile"),
        "what is wrong by the old rules is not refused by new ones"
    );
    let report = report::text(std::slice::from_ref(&found), Layout::default());
    assert!(report.contains(&format!("\n           {}\n", names[0])), "{report}");
}

#[test]
fn cfg_238_what_the_next_profile_refuses_is_a_remark() {
    let text = PLAIN.replace("2.1", "2").replace("{main:", "{version: 2, main:");
    let found = look(&[(".circleci/config.yml", &text)]);
    assert_eq!(finding(&found, "next-profile").level, Level::Note);
    assert_eq!(found.readiness, Readiness::Ready);
}

#[test]
fn several_repositories_make_a_table_with_what_they_share() {
    let named = |name: &str, files: &[(&str, &str)]| {
        let mut found = look(files);
        name.clone_into(&mut found.path);
        found
    };
    let several = [
        named("web", &[(".circleci/config.yml", PLAIN)]),
        named("api", &[(".circleci/config.yml", RICH)]),
        named("lib", &[(".circleci/config.yml", RICH)]),
        named("docs", &[]),
    ];
    let text = report::text(&several, Layout::default());
    assert!(text.starts_with("repository  files  result     blockers and to-dos\n"), "{text}");
    assert!(text.contains("\nweb             1  ready"), "{text}");
    assert!(text.contains("\napi             1  cannot"), "{text}");
    assert!(text.contains("\ndocs            0  no config"), "{text}");
    assert!(
        text.contains(
            "they end as unauthorized (2 repositories)\n           deploy ×2, org-wide ×2"
        ),
        "{text}"
    );
    assert!(
        text.ends_with(
            "\n4 repositories: 1 ready, 0 after preparation, 2 that cannot run or not fully, 1 with \
             nothing to run\n"
        ),
        "{text}"
    );
    let json: serde_json::Value = serde_json::from_str(&report::json(&several).unwrap()).unwrap();
    assert_eq!(json["summary"]["cannot"], 2);
    assert_eq!(json["repositories"][0]["files"][0]["verdict"], "ready");
}

/// What the server refuses is never "ready", and nothing is promised that this release does not have.
#[test]
fn what_the_server_refuses_cannot_run_and_nothing_is_promised() {
    let with = |steps: &str, job: &str, invocation: &str| {
        PLAIN
            .replace(
                "steps: [checkout, run: make]",
                &format!("steps: [checkout{steps}]\n    {job}"),
            )
            .replace("[build]", &format!("[build{invocation}]"))
    };
    let service = PLAIN.replace("01}]", "01}, {image: 'postgres:16'}]");
    let program = PLAIN.replace("01}]", "01, entrypoint: [sh]}]");
    let schedule = PLAIN.replace(
        "main: {jobs",
        "main: {triggers: [{schedule: {cron: '0 3 * * *', filters: {branches: {only: main}}}}], jobs",
    );
    for (text, kind) in [
        (with(", store_artifacts: {path: x}", "", ""), "unsupported"),
        (with(", add_ssh_keys", "", ""), "unsupported"),
        (with("", "", ": {context: deploy}"), "contexts"),
        (with("", "", ": {serial-group: x}"), "unsupported"),
        (format!("setup: true\n{PLAIN}"), "unsupported"),
        (service, "service-containers"),
        (program, "container-programs"),
        (schedule, "schedules"),
    ] {
        let found = look(&[(".circleci/config.yml", &text)]);
        assert_eq!(found.readiness, Readiness::Cannot, "{text}");
        assert_eq!(finding(&found, kind).level, Level::Cannot, "{text}");
        let report = report::text(&[found], Layout::default());
        for promise in
            ["make contexts", "they start here too", "add keys", "must reach this server"]
        {
            assert!(!report.contains(promise), "{promise}: {report}");
        }
    }
}

/// `validate` says that these run: what a command does is only seen when it runs.
#[test]
fn what_is_guessed_from_commands_is_something_to_prepare() {
    for (command, kind) in [
        ("circleci tests glob '*'", "job-tool"),
        ("circleci tests split", "job-tool"),
        ("circleci env subst", "job-tool"),
        ("circleci run release log", "job-tool"),
        ("{name: x, command: circleci env subst}", "job-tool"),
        ("circleci run oidc get", "identity-tokens"),
    ] {
        let found = look(&[(".circleci/config.yml", &PLAIN.replace("make", command))]);
        assert_eq!(found.readiness, Readiness::Prepare, "{command}");
        assert_eq!(found.files[0].decision, Decision::Runs, "{command}");
        let guess = finding(&found, kind);
        assert!(guess.help.as_ref().unwrap().contains("a guess from the"), "{guess:?}");
    }
}

/// A file of which nothing runs is not one of which a part does not.
#[test]
fn a_file_that_cannot_run_says_how_much_of_it_in_the_words_of_validate() {
    let step = PLAIN.replace("run: make", "store_artifacts: {path: x}");
    let context = PLAIN.replace("[build]", "[build: {context: deploy}]");
    for (text, said, counted, codes) in [
        (
            PLAIN.replace("[build]", "[biuld]"),
            "1 error: none of it runs here",
            "1 file: 0 ready, 1 with errors",
            ["unknown-job"].as_slice(),
        ),
        (
            step,
            "not supported by this release: none of it runs here",
            "1 file: 0 ready, 1 not supported",
            &["unsupported-step"],
        ),
        (
            context,
            "a part of it cannot run here",
            "1 file: 0 ready, 1 with parts that cannot run",
            &["unsupported-context"],
        ),
    ] {
        let found = [look(&[(".circleci/config.yml", &text)])];
        let report = report::text(&found, Layout::default());
        assert!(report.starts_with(&format!("REPO/.circleci/config.yml: {said}\n")), "{report}");
        assert!(report.ends_with(&format!("\n{counted}\n")), "{report}");
        let json: serde_json::Value = serde_json::from_str(&report::json(&found).unwrap()).unwrap();
        let findings = &json["repositories"][0]["files"][0]["findings"];
        let worst = findings.as_array().unwrap().iter().find(|one| one["level"] == "cannot");
        assert_eq!(worst.unwrap()["codes"], serde_json::json!(codes), "{findings}");
    }
}

/// `validate` and the server say so, too.
#[test]
fn a_job_without_steps_may_name_contexts() {
    for kind in ["no-op", "approval"] {
        let text = format!(
            "version: 2.1\njobs:\n  gate: {{type: {kind}}}\nworkflows: {{main: {{jobs: \
             [gate: {{context: deploy}}]}}}}\n"
        );
        let found = look(&[(".circleci/config.yml", &text)]);
        assert_eq!(found.readiness, Readiness::Ready, "{kind}");
    }
}

#[test]
fn what_is_refused_in_a_workflow_that_is_off_is_a_remark() {
    let job =
        "    docker: [{image: cimg/base:2024.01}, {image: 'postgres:16'}]\n    steps: [checkout]\n";
    let text = PLAIN
        .replace("workflows: {main: {jobs: [build]}}\n", "")
        .replace("jobs:\n", &format!("jobs:\n  late:\n{job}"))
        + "workflows:\n  main: {jobs: [build]}\n  off: {when: false, jobs: [late: {context: deploy}]}\n";
    let found = look(&[(".circleci/config.yml", &text)]);
    assert_eq!(finding(&found, "contexts-off").names, ["deploy"]);
    assert_eq!(finding(&found, "service-containers-off").names, ["late"]);
    assert_eq!(finding(&found, "contexts-off").level, Level::Note);
    assert_eq!(found.readiness, Readiness::Ready);
    let on = text.replace("when: false", "when: true");
    let found = look(&[(".circleci/config.yml", &on)]);
    assert_eq!(finding(&found, "contexts").level, Level::Cannot);
    assert_eq!(finding(&found, "service-containers").names, ["late"]);
    let shown = report::text(&[found], Layout::default());
    assert!(!shown.contains("do not run now"), "{shown}");
    // A job that another workflow runs is refused now, not later.
    let also = text.replace("main: {jobs: [build]}", "main: {jobs: [build, late]}");
    let found = look(&[(".circleci/config.yml", &also)]);
    assert_eq!(finding(&found, "service-containers").names, ["late"]);
    assert!(!has(&found, "service-containers-off"));
}

/// The containers of a job may be those of its executor.
#[test]
fn a_job_that_is_off_has_the_containers_of_its_executor() {
    let text = "version: 2.1\nexecutors: {two: {docker: [{image: a}, {image: b}]}}\njobs:\n  build: {machine: \
                true, steps: [checkout]}\n  late: {executor: two, steps: [checkout]}\n  last: {executor: {name: \
                two}, steps: [checkout]}\nworkflows:\n  main: {jobs: [build]}\n  off: {when: false, jobs: \
                [late, last]}\n";
    let found = look(&[(".circleci/config.yml", text)]);
    assert_eq!(finding(&found, "service-containers-off").names, ["last", "late"]);
}

#[test]
fn a_context_that_a_template_names_is_reported_where_nothing_compiles() {
    let text = PLAIN
        .replace("[checkout, run: make]", "[chekout]")
        .replace("[build]", "[build: {context: << pipeline.parameters.a >>}]");
    let found = look(&[(".circleci/config.yml", &text)]);
    assert_eq!(finding(&found, "contexts-by-template").level, Level::Cannot);
    assert!(!has(&found, "contexts"));
}

#[test]
fn an_image_of_a_cloud_registry_with_a_login_of_its_own_needs_nothing() {
    let image = "1.dkr.ecr.eu.amazonaws.com/a:1";
    let of = |auth: &str| {
        let text = PLAIN.replace("image: cimg/base:2024.01", &format!("image: '{image}'{auth}"));
        has(&look(&[(".circleci/config.yml", &text)]), "cloud-images")
    };
    assert!(of(""));
    assert!(!of(", auth: {username: $A, password: $B}"));
    assert!(!of(", aws_auth: {aws_access_key_id: $A, aws_secret_access_key: $B}"));
}

#[test]
fn windows_is_said_once_and_the_main_configuration_comes_first() {
    let files =
        [(".circleci/b.yml", PLAIN), (".circleci/config.yml", RICH), (".circleci/a.yml", PLAIN)];
    let found = look(&files);
    let paths: Vec<_> = found.files.iter().map(|file| file.path.rsplit('/').next()).collect();
    assert_eq!(paths, [Some("config.yml"), Some("a.yml"), Some("b.yml")]);
    let titles: Vec<_> = found.files[0].findings.iter().map(|one| one.title.as_str()).collect();
    assert_eq!(titles.iter().filter(|title| title.contains("Windows")).count(), 1, "{titles:?}");
}

#[test]
fn a_folder_that_does_not_exist_is_a_wrong_argument_and_what_cannot_run_a_failure() {
    let exit = |arguments: &[&str]| {
        let line = ["program"].iter().chain(arguments);
        run(&Program::try_parse_from(line).unwrap().arguments)
    };
    let error = exit(&["/nowhere/at/all"]).unwrap_err();
    assert_eq!(error.to_string(), "there is no file or directory `/nowhere/at/all`");
    assert!(error.is::<UsageError>());
    let folder = repository(&[(".circleci/config.yml", RICH)]);
    let failed = exit(&[&folder.path().display().to_string(), "--json"]).unwrap();
    assert!(matches!(failed, Exit::Failure), "{failed:?}");
}

#[test]
fn of_many_jobs_with_one_cause_eight_are_named() {
    let job = |number| {
        format!("  job{number}:\n    docker: [{{image: a}}, {{image: b}}]\n    steps: [checkout]\n")
    };
    let jobs = (10..30).map(job).collect::<Vec<_>>().concat();
    let names = (10..30).map(|number| format!("job{number}")).collect::<Vec<_>>().join(", ");
    let text = format!("version: 2.1\njobs:\n{jobs}workflows: {{main: {{jobs: [{names}]}}}}\n");
    let found = look(&[(".circleci/config.yml", &text)]);
    assert_eq!(finding(&found, "service-containers").names.len(), 20);
    let text = report::text(&[found], Layout::default());
    assert!(text.contains("job17, and 12 more jobs\n") && !text.contains("job18"), "{text}");
}

/// One advice: that of `validate`.
#[test]
fn a_schedule_has_the_advice_of_the_compiler() {
    let found = look(&[(".circleci/config.yml", RICH)]);
    let help = finding(&found, "schedules").help.clone().unwrap();
    assert!(help.starts_with("remove `triggers`"), "{help}");
}

#[test]
fn a_narrow_terminal_breaks_the_report_between_words() {
    let found = look(&[(".circleci/config.yml", RICH)]);
    let wide = report::text(std::slice::from_ref(&found), Layout::default());
    let narrow = report::text(&[found], Layout { width: Some(50), ..Layout::default() });
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words(&narrow), words(&wide));
    for line in narrow.lines() {
        // A place is one word, which terminals open.
        let is_place = line.trim_start().starts_with('/') && !line.trim().contains(' ');
        assert!(is_place || line.chars().count() <= 50, "{line}");
    }
}

#[test]
fn the_list_of_what_the_job_tool_can_do_is_the_truth() {
    let script = include_str!("../../../../jobtool/src/circleci.sh");
    assert!(script.contains("'step halt' | 'task halt')\n    halt"), "{script}");
    // When the tool learns more, this test and the list in `findings` change with it.
    assert!(
        script.contains("'tests '* | 'env '* | 'run '* | 'testsuite '*)\n    fail"),
        "{script}"
    );
}

/// It may differ in what matters, so it is never used without a word.
#[test]
fn an_orb_that_stands_in_for_another_version_is_a_remark() {
    let text = "version: 2.1\norbs: {kit: acme/kit@1.0.0}\njobs:\n  build:\n    docker: [{image: a}]\n    \
                steps: [kit/greet]\nworkflows: {main: {jobs: [build]}}\n";
    let orb = "version: 2.1\ncommands: {greet: {steps: [run: echo]}}\n";
    let folder =
        repository(&[(".circleci/config.yml", text), ("orbs/acme/kit/1.0.0~near.yml", orb)]);
    let orbs = folder.path().join("orbs").display().to_string();
    let program = Program::try_parse_from(["program", "--orbs", &orbs]).unwrap();
    let compiler = program.arguments.check.compiler().unwrap();
    let found = Repository::look(folder.path(), &compiler).unwrap();
    let stand_in = finding(&found, "orb-stand-ins");
    assert_eq!(stand_in.level, Level::Note);
    assert!(stand_in.names[0].contains("stands in for acme/kit@1.0.0"), "{:?}", stand_in.names);
}

/// `validate` says to rename it, and the server does not find it.
#[test]
fn a_configuration_under_another_name_is_none() {
    let found = look(&[(".circleci/config.yaml", PLAIN)]);
    assert_eq!((found.readiness, found.files.len()), (Readiness::Nothing, 0));
    let text = report::text(std::slice::from_ref(&found), Layout::default());
    assert!(text.contains("config.yaml` is not read; rename it"), "{text}");
    let two = [found, look(&[(".circleci/config.yml", PLAIN)])];
    let text = report::text(&two, Layout::default());
    assert!(text.contains("no config  `") && text.contains("rename it"), "{text}");
    let folder = repository(&[(".circleci/config.yaml", PLAIN)]);
    let program =
        Program::try_parse_from(["program", &folder.path().display().to_string()]).unwrap();
    let error = run(&program.arguments).unwrap_err();
    assert!(error.to_string().ends_with("config.yaml` is not read; rename it"), "{error}");
}

#[test]
fn a_file_in_which_nothing_can_ever_run_is_not_ready() {
    let never = "version: 2.1\njobs: {}\nworkflows: {}\n";
    let found = look(&[(".circleci/config.yml", never)]);
    let text = report::text(&[found], Layout::default());
    assert!(text.contains("nothing to run") && !text.contains("ready"), "{text}");
    let of = |from: &str, to: &str| {
        let text = PLAIN
            .replace(from, to)
            .replace("jobs:\n", "parameters: {go: {type: boolean, default: false}}\njobs:\n");
        look(&[(".circleci/config.yml", &text)]).readiness
    };
    // A push gives no parameters.
    for never in ["when: false", "unless: true", "when: << pipeline.parameters.go >>"] {
        assert_eq!(of("main: {", &format!("main: {{{never}, ")), Readiness::Nothing, "{never}");
    }
    let only = "[build: {filters: {branches: {ignore: /.*/}}}]";
    assert_eq!(of("[build]", only), Readiness::Nothing);
    assert_eq!(
        of("[build]", &only.replace("/.*/}}", "/.*/}, tags: {only: v1}}")),
        Readiness::Ready
    );
    for later in [
        "when: {equal: [main, << pipeline.git.branch >>]}",
        "when: << pipeline.git.branch.is_default >>",
        "when: {matches: {pattern: '^\\[go\\].*$', value: << pipeline.git.commit.subject >>}}",
    ] {
        assert_eq!(of("main: {", &format!("main: {{{later}, ")), Readiness::Ready, "{later}");
    }
}
