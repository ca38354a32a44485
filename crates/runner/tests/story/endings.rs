//! How jobs end before their last step, and what a failing server does to them.

use roundel_protocol::ErrorCode;
use std::time::Duration;

use roundel_model::{
    plan::When,
    status::{Outcome, StepStatus},
};

use roundel_runner::RunError;

use super::{
    server::Known,
    world::{Setup, World, job, run, run_with, when},
};

crate::stories![
    a_silent_step_times_its_job_out_and_says_so,
    a_job_that_runs_too_long_is_timed_out_and_runs_nothing_more,
    a_canceled_job_gets_a_signal_and_the_slot_is_free_again,
    a_step_that_floods_and_ignores_sigterm_is_killed,
    a_child_that_floods_does_not_hold_its_step,
    a_lost_lease_has_no_outcome,
    a_server_that_is_away_for_a_while_gets_everything,
    a_drained_runner_finishes_what_runs,
    a_runner_that_ends_signs_off_each_of_its_slots,
    a_server_that_does_not_know_signing_off_lets_the_runner_end,
    a_runner_that_is_asked_to_end_ends_its_tasks,
    a_rejected_token_ends_the_runner_after_what_runs,
    a_runner_says_what_its_host_lacks,
];

/// Administrators read it on the page of runners, before a job stumbles over it.
async fn a_runner_says_what_its_host_lacks() {
    let world = World::new().await;
    let known = |known: &Known| known.claims.iter().find_map(|claim| claim.limitations.clone());
    let limitations = world.server.until("a claim says what the host lacks", known).await;
    let ended = world.run(job(vec![run("true")])).await;
    let log = ended.log(0);
    for line in log.lines().filter(|line| line.starts_with("Jobs on this runner")) {
        assert!(limitations.iter().any(|known| known == line), "{line}: {limitations:?}");
    }
    assert!(ended.finish.reason.is_none(), "it must not be the reason: {:?}", ended.finish);
}

async fn a_silent_step_times_its_job_out_and_says_so() {
    let world = World::new().await;
    let silent = run_with("echo before; sleep 1000", |step| {
        step.no_output_timeout = Duration::from_secs(1);
    });
    let ended = world.run(job(vec![silent, when(When::Always, run("echo cleanup"))])).await;
    assert_eq!(ended.outcome(), Outcome::Timedout);
    assert_eq!(ended.finish.reason.as_deref(), Some("No output for 1 second."));
    assert_eq!(ended.status(101), Some(StepStatus::Timedout));
    assert_eq!(
        ended.log(101),
        "before\nNo output for 1 second (`no_output_timeout`). The step was stopped.\n"
    );
    assert!(ended.log(102).starts_with("cleanup\n"));
}

async fn a_job_that_runs_too_long_is_timed_out_and_runs_nothing_more() {
    let world = World::new().await;
    let mut spec = job(vec![
        run("while true; do echo tick; sleep 0.2; done"),
        when(When::Always, run("echo not even this")),
    ]);
    spec.limits.run_time = Duration::from_secs(10);
    let ended = world.run(spec).await;
    assert_eq!(ended.outcome(), Outcome::Timedout);
    assert_eq!(ended.status(101), Some(StepStatus::Timedout));
    assert_eq!(ended.numbers(), [0, 99, 101]);
    assert!(ended.log(101).contains("The job ran longer than 10 seconds."));
}

async fn a_canceled_job_gets_a_signal_and_the_slot_is_free_again() {
    let world = World::new().await;
    world
        .server
        .offer(job(vec![run("trap 'exit 0' TERM; echo ready; while :; do sleep 0.1; done")]));
    world.printed(101, "ready").await;
    world.server.change(|known| known.gone = Some(ErrorCode::Canceled));
    // Only a runner whose task is over asks for another one.
    let claims = world.server.change(|known| known.claims.len());
    world
        .server
        .until("the slot asks again", |known| (known.claims.len() > claims).then_some(()))
        .await;
    assert_eq!(world.server.change(|known| known.finish.clone()), None);
    let ended = world.run(job(vec![run("echo next")])).await;
    assert_eq!(ended.outcome(), Outcome::Success);
}

async fn a_step_that_floods_and_ignores_sigterm_is_killed() {
    let world = World::new().await;
    let mut spec = job(vec![run("trap '' TERM; while :; do echo flood; done")]);
    spec.limits.log_bytes_per_step = 50_000;
    world.server.offer(spec);
    world.printed(101, "its end follows when the step has ended").await;
    world.stop_now.cancel();
    let ended = world.ended().await;
    assert_eq!(ended.exit_code(101), Some(137));
    assert!(ended.is_truncated(101));
}

async fn a_child_that_floods_does_not_hold_its_step() {
    let world = World::new().await;
    let mut spec = job(vec![
        run("(trap '' HUP; touch up; exec yes) &\nuntil [ -e up ]; do sleep 0.01; done"),
        run("echo next"),
    ]);
    spec.limits.log_bytes_per_step = 50_000;
    let ended = world.run(spec).await;
    assert_eq!(ended.outcome(), Outcome::Success);
    assert!(ended.log(102).starts_with("next\n"), "{}", ended.log(102));
}

async fn a_lost_lease_has_no_outcome() {
    let world = World::new().await;
    world.server.offer(job(vec![run("echo ready; sleep 1000"), run("echo never")]));
    world.printed(101, "ready").await;
    let claims = world.server.change(|known| {
        known.gone = Some(ErrorCode::LeaseLost);
        known.claims.len()
    });
    world
        .server
        .until("the slot asks again", |known| (known.claims.len() > claims).then_some(()))
        .await;
    world.server.change(|known| {
        assert_eq!(known.finish, None);
        assert!(!known.steps.contains_key(&102));
    });
}

async fn a_server_that_is_away_for_a_while_gets_everything() {
    let world = World::new().await;
    world.server.offer(job(vec![run(
        "echo ready; for n in $(seq 1 200); do echo line $n; sleep 0.002; done",
    )]));
    world.printed(101, "ready").await;
    world.server.change(|known| known.away = 4);
    let ended = world.ended().await;
    assert_eq!(ended.outcome(), Outcome::Success);
    let expected: Vec<String> = (1..=200).map(|n| format!("line {n}\n")).collect();
    let expected = expected.concat();
    assert!(ended.log(101).contains(&expected), "{}", ended.log(101));
}

async fn a_drained_runner_finishes_what_runs() {
    let mut world = World::new().await;
    world.server.offer(job(vec![run("echo ready; sleep 0.5; echo done")]));
    world.printed(101, "ready").await;
    world.stop.cancel();
    let ended = world.ended().await;
    assert_eq!(ended.outcome(), Outcome::Success);
    world.runner_ends().await.unwrap();
}

/// The page of runners must not show it as online for minutes.
async fn a_runner_that_ends_signs_off_each_of_its_slots() {
    let mut world = World::with(Setup { slots: 2, ..Setup::default() }).await;
    world.server.offer(job(vec![run("echo ready; sleep 1000")]));
    world.printed(101, "ready").await;
    world.stop.cancel();
    // The idle one at once, the other when what it runs has ended.
    let idle = |known: &Known| known.signed_off.first().cloned();
    let first = world.server.until("the idle slot signs off", idle).await;
    assert!(world.server.change(|known| known.finish.is_none()));
    world.stop_now.cancel();
    world.runner_ends().await.unwrap();
    let mut all = world.server.change(|known| known.signed_off.clone());
    assert_eq!(all.first(), Some(&first));
    all.sort();
    assert_eq!(all, ["test-1", "test-2"]);
    assert!(world.server.change(|known| known.finish.is_some()), "its outcome came before");
}

async fn a_server_that_does_not_know_signing_off_lets_the_runner_end() {
    let mut world = World::new().await;
    world.server.change(|known| known.is_of_an_earlier_release = true);
    world.stop.cancel();
    world.runner_ends().await.unwrap();
    assert_eq!(world.server.change(|known| known.signed_off.len()), 1, "it is asked once");
}

async fn a_runner_that_is_asked_to_end_ends_its_tasks() {
    let mut world = World::new().await;
    world.server.offer(job(vec![run("echo ready; sleep 1000")]));
    world.printed(101, "ready").await;
    world.stop_now.cancel();
    let ended = world.ended().await;
    assert_eq!(ended.outcome(), Outcome::InfrastructureFail);
    assert_eq!(ended.status(101), Some(StepStatus::InfrastructureFail));
    assert!(ended.finish.reason.unwrap().contains("was shut down"));
    world.runner_ends().await.unwrap();
}

/// A token that was replaced on the server must not be tried forever.
async fn a_rejected_token_ends_the_runner_after_what_runs() {
    let mut world = World::with(Setup { slots: 2, ..Setup::default() }).await;
    world.server.offer(job(vec![run("echo ready; sleep 0.5; echo done")]));
    world.printed(101, "ready").await;
    world.server.change(|known| known.rejects_runner = true);
    let ended = world.ended().await;
    assert_eq!(ended.outcome(), Outcome::Success, "what runs is finished");
    let error = world.runner_ends().await.unwrap_err();
    assert!(matches!(error, RunError::TokenRejected { .. }), "{error:?}");
    let said = error.to_string();
    assert!(said.contains("runner token rejected by http://127.0.0.1:"), "{said}");
    assert!(said.contains("`runner.token`"), "{said}");
}
