//! What a step finds, prints and leaves behind.

use std::time::Duration;

use roundel_model::{
    plan::{ContainerSpec, Executor, When},
    status::{Outcome, StepStatus},
};
use roundel_protocol::VariableSource;

use super::world::{Setup, World, job, run, run_with, variable, when};

crate::stories![
    a_job_runs_its_steps_in_order_and_passes,
    a_failed_step_lets_only_always_and_on_fail_run,
    a_step_finds_a_terminal_its_directory_and_its_home,
    what_a_step_writes_to_bash_env_reaches_the_next_one,
    a_secret_is_masked_even_when_it_is_printed_in_pieces,
    a_secret_is_masked_however_long_the_pause_within_it,
    a_background_step_serves_the_others_and_does_not_fail_the_job,
    a_halted_job_ends_well_and_runs_nothing_more,
    a_step_is_run_again_in_the_same_environment,
    a_log_beyond_its_limit_keeps_its_beginning_and_its_end,
    another_shell_gets_the_script_as_a_file,
    a_directory_that_is_not_there_fails_the_step,
    a_child_that_outlives_its_step_does_not_hold_it,
    what_a_step_leaves_running_serves_the_steps_after_it,
    a_child_that_keeps_printing_neither_holds_its_step_nor_is_killed,
    sudo_that_is_refused_names_the_setting_that_allows_it,
    setuid_programs_work_on_a_runner_that_allows_them,
    services_are_refused_in_step_zero,
];

async fn a_job_runs_its_steps_in_order_and_passes() {
    let world = World::new().await;
    let ended = world
        .run(job(vec![run("echo one > file\necho done"), run("cat file"), run("exit 0")]))
        .await;
    assert_eq!(ended.outcome(), Outcome::Success, "{ended:?}");
    assert_eq!(ended.numbers(), [0, 99, 101, 102, 103]);
    assert_eq!(ended.log(101), "done\nExited with code 0\n");
    assert_eq!(ended.log(102), "one\nExited with code 0\n");
    assert_eq!(ended.exit_code(101), Some(0));
    assert_eq!(ended.command(102).as_deref(), Some("#!/bin/bash -eo pipefail\ncat file"));
    assert!(ended.log(0).starts_with("Build-agent version "), "{}", ended.log(0));
    // The name that the job's page and the page of runners show.
    assert!(ended.log(0).contains("(Roundel runner `test-1`)"), "{}", ended.log(0));

    assert!(ended.log(99).contains("CIRCLE_SHELL_ENV=/tmp/.bash_env-"), "{}", ended.log(99));
}

async fn a_failed_step_lets_only_always_and_on_fail_run() {
    let world = World::new().await;
    let ended = world
        .run(job(vec![
            when(When::OnFail, run("echo too early")),
            run("false; echo not reached"),
            run("echo skipped"),
            when(When::Always, run("echo always")),
            when(When::OnFail, run("echo on fail")),
        ]))
        .await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    // Numbers are positions: a step that does not run leaves a hole.
    assert_eq!(ended.numbers(), [0, 99, 102, 104, 105]);
    assert_eq!(ended.log(102), "Exited with code 1\n");
    assert_eq!(ended.status(102), Some(StepStatus::Failed));
    assert_eq!(ended.status(104), Some(StepStatus::Success));
}

async fn a_step_finds_a_terminal_its_directory_and_its_home() {
    let world = World::new().await;
    let mut spec = job(vec![
        run("[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && stty size && echo $TERM"),
        run("pwd; echo $PWD; ls -ld ~ >/dev/null; umask; echo home is $HOME"),
        run_with("pwd; echo $MODE $LEVEL", |step| {
            step.working_directory = Some("/tmp".to_owned());
            step.environment = vec![("LEVEL".to_owned(), "step".to_owned())];
        }),
    ]);
    spec.body.environment =
        vec![("MODE".to_owned(), "job".to_owned()), ("LEVEL".to_owned(), "job".to_owned())];
    let ended = world.run(spec).await;
    assert_eq!(ended.outcome(), Outcome::Success, "{}", ended.log(101));
    assert_eq!(ended.log(101), "24 80\nxterm\nExited with code 0\n");
    let home = ended.log(102).lines().last().map(str::to_owned);
    assert!(home.is_some());
    let lines: Vec<_> = ended.log(102).lines().map(str::to_owned).collect();
    assert_eq!(lines[0], lines[1]);
    assert!(lines[0].ends_with("/project"), "{lines:?}");
    assert_eq!(lines[2], "0022");
    assert_eq!(format!("{}/project", lines[3].replace("home is ", "")), lines[0]);
    assert!(ended.log(103).starts_with("/tmp\njob step\n"), "{}", ended.log(103));
}

async fn what_a_step_writes_to_bash_env_reaches_the_next_one() {
    let world = World::new().await;
    let ended = world
        .run(job(vec![
            run("echo 'export COLOR=green' >> \"$BASH_ENV\"; export LOST=yes"),
            run("echo \"color: $COLOR, lost: ${LOST:-no}\""),
        ]))
        .await;
    assert!(ended.log(102).starts_with("color: green, lost: no\n"), "{}", ended.log(102));
}

async fn a_secret_is_masked_even_when_it_is_printed_in_pieces() {
    let world = World::new().await;
    let mut spec = job(vec![
        run("printf 'a hun'; printf 'ter'; printf '22 b\\n'; echo \"$TOKEN$TOKEN\"; printf hunt"),
        run("echo 'public: visible'"),
    ]);
    spec.variables = vec![
        variable("TOKEN", "hunter22", VariableSource::Project),
        variable("SHOWN", "visible", VariableSource::BuiltIn),
    ];
    let ended = world.run(spec).await;
    assert_eq!(ended.log(101), "a **** b\n********\nhunt\nExited with code 0\n");
    assert!(ended.log(102).starts_with("public: visible\n"));
    assert!(ended.log(99).contains("  TOKEN=********\n"), "{}", ended.log(99));
    assert!((0..110).all(|number| !ended.log(number).contains("hunter22")));
}

/// A pipe writes in blocks that end within a value. What was held back appeared after 100 ms of silence,
/// and the rest of the value with the next block: the log showed all of it.
async fn a_secret_is_masked_however_long_the_pause_within_it() {
    let world = World::new().await;
    let mut spec = job(vec![run("printf 'a hunt'; sleep 0.3; printf 'er22 b\\n'")]);
    spec.variables = vec![variable("TOKEN", "hunter22", VariableSource::Project)];
    let ended = world.run(spec).await;
    assert_eq!(ended.log(101), "a **** b\nExited with code 0\n");
}

async fn a_background_step_serves_the_others_and_does_not_fail_the_job() {
    let world = World::new().await;
    let background = |command| run_with(command, |step| step.background = true);
    let ended = world
        .run(job(vec![
            background("echo up > state; echo serving; sleep 1000"),
            background("echo $$ > pid; exit 3"),
            run("until [ -e state ] && [ -s pid ]; do sleep 0.01; done; cat state\n\
                 while kill -0 $(cat pid) 2>/dev/null; do sleep 0.01; done"),
        ]))
        .await;
    assert_eq!(ended.outcome(), Outcome::Success);
    assert_eq!(ended.status(101), Some(StepStatus::Success));
    assert_eq!(ended.exit_code(101), None);
    assert!(ended.log(101).starts_with("serving\n"));
    assert_eq!(ended.status(102), Some(StepStatus::Failed));
    assert_eq!(ended.exit_code(102), Some(3));
}

async fn a_halted_job_ends_well_and_runs_nothing_more() {
    let world = World::new().await;
    let ended = world
        .run(job(vec![
            run("rm -rf /tmp/*; circleci-agent step halt; echo still this step"),
            run("echo not this one"),
            when(When::Always, run("echo nor this one")),
        ]))
        .await;
    assert_eq!(ended.outcome(), Outcome::Success);
    assert_eq!(ended.numbers(), [0, 99, 101]);
    assert!(ended.log(101).starts_with("still this step\n"), "{}", ended.log(101));
}

async fn a_step_is_run_again_in_the_same_environment() {
    let world = World::new().await;
    let command = "echo try >> tries; [ $(wc -l < tries) -eq 3 ]";
    let flaky = run_with(command, |step| {
        step.max_auto_reruns = 4;
        step.auto_rerun_delay = Duration::from_millis(10);
    });
    let ended = world.run(job(vec![flaky])).await;
    assert_eq!(ended.outcome(), Outcome::Success);
    let log = ended.log(101);
    assert!(log.contains("Running it again (2 of 4) in 10ms."), "{log}");
    assert!(!log.contains("(3 of 4)"), "{log}");
}

async fn a_log_beyond_its_limit_keeps_its_beginning_and_its_end() {
    let world = World::new().await;
    let mut spec = job(vec![run("seq -f 'row %.0f' 1 30000; echo the end; exit 7")]);
    spec.limits.log_bytes_per_step = 100_000;
    let ended = world.run(spec).await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert!(ended.is_truncated(101));
    // Before plain line ends: the limit is one on bytes.
    assert!((90_000..=100_000).contains(&ended.log_bytes(101)), "{}", ended.log_bytes(101));
    let log = ended.log(101);
    assert!(log.starts_with("row 1\nrow 2\n"));
    assert!(log.ends_with("row 30000\nthe end\nExited with code 7\n"));
    let (head, rest) = log.split_once("[… this log is longer than ").unwrap();
    let (_, tail) = rest.split_once(" KiB left out …]\n").unwrap();
    let row = |line: &str| line.strip_prefix("row ").unwrap().parse::<u32>().unwrap();
    let last = row(head.lines().last().unwrap());
    let first = row(tail.lines().next().unwrap());
    assert!(4_000 < last && last < first && first < 26_000, "{last}, {first}");
}

async fn another_shell_gets_the_script_as_a_file() {
    let world = World::new().await;
    let python = run_with("import os\nprint('pid', os.getpid() > 0)", |step| {
        step.shell = Some("python3".to_owned());
    });
    let absent = run_with("true", |step| step.shell = Some("/no/such/shell -x".to_owned()));
    let ended = world.run(job(vec![python, absent])).await;
    assert!(ended.log(101).starts_with("pid True\n"), "{}", ended.log(101));
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert_eq!(ended.status(102), Some(StepStatus::Failed));
    assert!(ended.log(102).contains("/no/such/shell"), "{}", ended.log(102));
}

async fn a_directory_that_is_not_there_fails_the_step() {
    let world = World::new().await;
    let lost = run_with("true", |step| step.working_directory = Some("lost".to_owned()));
    let ended = world.run(job(vec![lost])).await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert!(
        ended.log(101).contains("/project/lost`: No such file or directory"),
        "{}",
        ended.log(101)
    );
}

async fn a_child_that_outlives_its_step_does_not_hold_it() {
    let world = World::new().await;
    let ended = world
        .run(job(vec![
            run("(echo alive > state; exec sleep 1000) &\n\
                 until [ -e state ]; do sleep 0.01; done; echo left; echo $! > pid"),
            run("cat state; kill -0 $(cat pid) && echo still there"),
        ]))
        .await;
    assert_eq!(ended.outcome(), Outcome::Success);
    assert!(ended.log(101).starts_with("left\n"), "{}", ended.log(101));
    assert!(ended.log(102).starts_with("alive\nstill there\n"), "{}", ended.log(102));
}

/// RUN §2.5: a database or a server that a step starts with `&` is there for the others.
async fn what_a_step_leaves_running_serves_the_steps_after_it() {
    let world = World::new().await;
    let ended = world
        .run(job(vec![
            run("echo hello > greeting\n\
                 sleep 86399 & echo $! > /tmp/pid\n\
                 python3 -m http.server 8000 >/dev/null 2>&1 &"),
            run("kill -0 $(cat /tmp/pid) && echo sleeps\n\
                 cat > ask.py <<'END'\n\
                 import time, urllib.request\n\
                 for _ in range(600):\n\
                 \x20   try:\n\
                 \x20       print(urllib.request.urlopen('http://127.0.0.1:8000/greeting').read())\n\
                 \x20       break\n\
                 \x20   except OSError:\n\
                 \x20       time.sleep(0.05)\n\
                 END\n\
                 python3 ask.py"),
            run("kill -0 $(cat /tmp/pid) && echo still sleeps"),
        ]))
        .await;
    assert_eq!(ended.outcome(), Outcome::Success, "{}", ended.log(102));
    assert!(ended.log(102).starts_with("sleeps\nb'hello\\n'\n"), "{}", ended.log(102));
    assert!(ended.log(103).starts_with("still sleeps\n"), "{}", ended.log(103));
    assert_eq!(on_host("sleep\x0086399\0"), 0, "nothing of a job survives it");
}

async fn a_child_that_keeps_printing_neither_holds_its_step_nor_is_killed() {
    let world = World::new().await;
    let printer =
        "while :; do echo x; echo $((i += 1)) > new; mv new count; sleep 0.1; done & echo $! > pid";
    let ended = world
        .run(job(vec![
            run(printer),
            // It continues counting, so it was not stopped by what it prints into.
            run(
                "kill -0 $(cat pid); until [ -s count ]; do sleep 0.01; done; before=$(cat count)\n\
                 for i in 1 2 3; do\n\
                 until [ \"$(cat count)\" -gt \"$((before + i))\" ]; do sleep 0.01; done\n\
                 done; echo counts",
            ),
        ]))
        .await;
    assert_eq!(ended.outcome(), Outcome::Success, "{}", ended.log(102));
    let took = ended.duration(101);
    assert!(took < Duration::from_secs(5), "{took:?}: two seconds after the shell are enough");
    assert!(ended.log(101).contains("x\n"), "{}", ended.log(101));
    assert!(ended.log(102).starts_with("counts\n"), "{}", ended.log(102));
}

/// How many processes of the host have this command line.
fn on_host(command_line: &str) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|it| std::fs::read(it.path().join("cmdline")).ok());
    lines.filter(|line| line == command_line.as_bytes()).count()
}

/// Images of the hosted service's family call `sudo` in steps (decision 0007).
async fn sudo_that_is_refused_names_the_setting_that_allows_it() {
    let world = World::new().await;
    let said =
        "echo 'sudo: The \"no new privileges\" flag is set, which prevents sudo from running'";
    let ended = world.run(job(vec![run(said), run(&format!("{said}; exit 1"))])).await;
    assert!(!ended.log(101).contains("allow_setuid"), "{}", ended.log(101));
    assert!(
        ended.log(102).contains("`allow_setuid = true` under `[runner]`"),
        "{}",
        ended.log(102)
    );
    assert!(ended.log(102).ends_with("Exited with code 1\n"));
}

async fn setuid_programs_work_on_a_runner_that_allows_them() {
    let gain = "cp /usr/bin/id /tmp/own-id && chmod 4755 /tmp/own-id\n\
                setpriv --reuid 1234 --regid 1234 --clear-groups /tmp/own-id -u\n\
                grep NoNewPrivs /proc/self/status";
    let refused = World::new().await.run(job(vec![run(gain)])).await;
    assert!(refused.log(101).starts_with("1234\nNoNewPrivs:\t1\n"), "{}", refused.log(101));
    let world = World::with(Setup { allow_setuid: true, ..Setup::default() }).await;
    let ended = world.run(job(vec![run(gain)])).await;
    if ended.log(0).contains("do not work") {
        eprintln!("SKIPPED: the ids of environments are those of this host");
        assert!(ended.log(101).starts_with("1234\nNoNewPrivs:\t1\n"), "{}", ended.log(101));
        return;
    }
    assert!(ended.log(101).starts_with("0\nNoNewPrivs:\t0\n"), "{}", ended.log(101));
}

async fn services_are_refused_in_step_zero() {
    let world = World::new().await;
    let mut spec = job(vec![run("true")]);
    let container = |image: &str| ContainerSpec { image: image.to_owned(), ..Default::default() };
    spec.body.executor =
        Executor::Docker { containers: vec![container("debian"), container("postgres:16")] };
    let ended = world.run(spec).await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert_eq!(ended.numbers(), [0]);
    assert!(ended.log(0).contains("`postgres:16`"), "{}", ended.log(0));
    assert!(ended.finish.reason.is_some());
}
