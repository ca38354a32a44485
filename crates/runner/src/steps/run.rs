//! A `run` step in the foreground (RUN §2.1–§2.6).

use std::path::PathBuf;

use roundel_container::Process;
use roundel_model::{
    kind::StepKind,
    plan::{PlannedStep, RunStep},
    status::StepStatus,
};
use roundel_protocol::StepReport;

use super::{
    OpenStep, StepEnd,
    process::{End, Patience, Why, attend},
    report, stopped_status,
};
use crate::{
    inside::Inside,
    paths, phrases, shell,
    stop::StopReason,
    task::{Task, Trouble},
};

/// Runs a step to its end, with the retries that it asks for.
///
/// # Errors
///
/// The environment or the runner's disk is broken; the step has been reported so.
pub(crate) async fn run(
    task: &Task,
    inside: &Inside,
    number: u32,
    planned: &PlannedStep,
    run: &RunStep,
) -> Result<StepEnd, Trouble> {
    let mut step = OpenStep::begin(task, number, run_report(inside, planned, run))?;
    match attempts(task, inside, &mut step, number, run).await {
        Ok(end) => step.end(task, end),
        Err(trouble) => Err(step.fail(task, trouble)),
    }
}

async fn attempts(
    task: &Task,
    inside: &Inside,
    step: &mut OpenStep,
    number: u32,
    run: &RunStep,
) -> Result<StepEnd, Trouble> {
    let mut end = attempt(task, inside, step, number, run).await?;
    for retry in 1..=run.max_auto_reruns {
        if !end.is_failure() || task.stop.reason().is_some() {
            break;
        }
        step.line(&format!(
            "The step failed. Running it again ({retry} of {}) in {}.",
            run.max_auto_reruns,
            phrases::duration(run.auto_rerun_delay)
        ))?;
        tokio::select! {
            () = tokio::time::sleep(run.auto_rerun_delay) => {}
            reason = task.stop.stopped() => {
                return Ok(StepEnd { status: stopped_status(&reason), exit_code: end.exit_code });
            }
        }
        end = attempt(task, inside, step, number, run).await?;
    }
    Ok(end)
}

/// Returns what the server is told when a run step begins.
pub(super) fn run_report(inside: &Inside, planned: &PlannedStep, run: &RunStep) -> StepReport {
    StepReport {
        command: Some(shell::display(inside.shell(run.shell.as_deref()), &run.command)),
        background: run.background,
        ..report(planned, StepKind::Run)
    }
}

/// A process that could be started, or why the step has failed already.
pub(super) enum Started {
    Process(Process),
    Failed,
}

/// Writes the script and starts the shell on it.
pub(super) async fn start(
    inside: &Inside,
    step: &mut OpenStep,
    number: u32,
    run: &RunStep,
) -> Result<Started, Trouble> {
    let directory = directory(inside, run);
    let script = inside.write_script(&format!("step-{number}"), &run.command).await?;
    let mut argv = shell::words(inside.shell(run.shell.as_deref()));
    if argv.is_empty() {
        step.line("The shell of this step is an empty text: write `shell: /bin/sh -e`, say.")?;
        return Ok(Started::Failed);
    }
    argv.push(script.to_string_lossy().into_owned());
    let env = inside.variables.of_step(&run.environment, &directory);
    match inside.spawn(argv, env, directory).await? {
        Ok(process) => Ok(Started::Process(process)),
        Err(error) if error.kind().is_request() => {
            step.line(&error.to_string())?;
            Ok(Started::Failed)
        }
        Err(error) => Err(error.into()),
    }
}

fn directory(inside: &Inside, run: &RunStep) -> PathBuf {
    run.working_directory.as_deref().map_or_else(
        || inside.directory.clone(),
        |written| paths::resolve(written, &inside.user.home, &inside.directory),
    )
}

async fn attempt(
    task: &Task,
    inside: &Inside,
    step: &mut OpenStep,
    number: u32,
    run: &RunStep,
) -> Result<StepEnd, Trouble> {
    let Started::Process(mut process) = start(inside, step, number, run).await? else {
        return Ok(StepEnd::FAILED);
    };
    let patience = Patience { silence: Some(run.no_output_timeout) };
    let ending = async { Why::Stopped(task.stop.stopped().await) };
    let (end, leftover) = attend(&mut process, &mut step.log, patience, ending).await?;
    // What is left of a step that was ended is not asked to stay: its terminal is hung up.
    if let (Some(leftover), None) = (leftover, &end.why) {
        task.keep_draining(leftover);
    }
    let ended = verdict(&end);
    if ended.is_failure() && step.log.has_refused_setuid() {
        step.line(phrases::refused_setuid(task.host.settings.allow_setuid))?;
    }
    for line in last_lines(&end, run) {
        step.line(&line)?;
    }
    Ok(ended)
}

/// Says how the process ended, in the words that scripts look for.
fn last_lines(end: &End, run: &RunStep) -> Vec<String> {
    match (&end.why, end.exit) {
        (Some(Why::Silent), _) => vec![phrases::no_output(run.no_output_timeout)],
        (Some(Why::Stopped(reason)), _) => vec![stopped(reason).to_owned()],
        (Some(Why::JobOver), _) => vec!["Step canceled".to_owned()],
        (None, Some(exit)) => phrases::ending(exit),
        (None, None) => Vec::new(),
    }
}

fn stopped(reason: &StopReason) -> &'static str {
    match reason {
        StopReason::LeaseLost => "The runner lost the task.",
        StopReason::Canceled => "The job was canceled.",
        StopReason::RunTime => "The job ran for longer than it may.",
        StopReason::Shutdown => "The runner was told to stop.",
        StopReason::Broken(_) => "The runner cannot go on.",
    }
}

/// Returns how a step ended, given how its process did.
pub(super) fn verdict(end: &End) -> StepEnd {
    let exit_code = end.exit.map(phrases::exit_code);
    let status = match &end.why {
        None if exit_code == Some(0) => StepStatus::Success,
        None => StepStatus::Failed,
        Some(Why::Silent) => StepStatus::Timedout,
        Some(Why::Stopped(reason)) => stopped_status(reason),
        Some(Why::JobOver) => return StepEnd::SUCCESS,
    };
    StepEnd { status, exit_code }
}

#[cfg(test)]
mod tests {
    use roundel_container::Exit;

    use super::*;

    #[test]
    fn a_step_that_was_ended_is_not_judged_by_its_exit_code() {
        // A process that answers SIGTERM with exit code 0 has not succeeded.
        let end = |why| End { why: Some(why), exit: Some(Exit::Code(0)) };
        for (why, status) in [
            (Why::Silent, StepStatus::Timedout),
            (Why::Stopped(StopReason::RunTime), StepStatus::Timedout),
            (Why::Stopped(StopReason::Canceled), StepStatus::Canceled),
            (Why::Stopped(StopReason::LeaseLost), StepStatus::InfrastructureFail),
            (Why::JobOver, StepStatus::Success),
        ] {
            assert_eq!(verdict(&end(why.clone())).status, status, "{why:?}");
        }
    }

    #[test]
    fn an_exit_code_of_zero_is_success_and_anything_else_is_not() {
        let end = |exit| End { why: None, exit: Some(exit) };
        assert_eq!(
            verdict(&end(Exit::Code(0))),
            StepEnd { status: StepStatus::Success, exit_code: Some(0) }
        );
        let killed = Exit::Signal { signal: 9, out_of_memory: true };
        assert_eq!(
            verdict(&end(killed)),
            StepEnd { status: StepStatus::Failed, exit_code: Some(137) }
        );
    }
}
