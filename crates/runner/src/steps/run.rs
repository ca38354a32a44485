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
    OpenStep,
    end::StepEnd,
    process::{EndReason, ProcessEnd, Timeouts, supervise},
    report,
};
use crate::{
    job_environment::JobEnvironment, paths, phrases, shell, steps::context::Task, stop::StopReason,
    task_error::TaskError,
};

/// Runs a step to its end, with the retries that it asks for.
///
/// # Errors
///
/// The environment or the runner's disk is broken; the step has been reported so.
pub(crate) async fn run(
    task: &Task,
    environment: &JobEnvironment,
    number: u32,
    planned: &PlannedStep,
    run: &RunStep,
) -> Result<StepEnd, TaskError> {
    let mut step = OpenStep::begin(task, number, run_report(environment, planned, run))?;
    match attempts(task, environment, &mut step, number, run).await {
        Ok(end) => step.end(task, end),
        Err(error) => Err(step.fail(task, error)),
    }
}

async fn attempts(
    task: &Task,
    environment: &JobEnvironment,
    step: &mut OpenStep,
    number: u32,
    run: &RunStep,
) -> Result<StepEnd, TaskError> {
    let mut end = attempt(task, environment, step, number, run).await?;
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
                return Ok(StepEnd::stopped(&reason, end.exit_code));
            }
        }
        end = attempt(task, environment, step, number, run).await?;
    }
    Ok(end)
}

/// Returns the report of a run step that begins.
pub(super) fn run_report(
    environment: &JobEnvironment,
    planned: &PlannedStep,
    run: &RunStep,
) -> StepReport {
    StepReport {
        command: Some(shell::display(environment.shell(run.shell.as_deref()), &run.command)),
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
    environment: &JobEnvironment,
    step: &mut OpenStep,
    number: u32,
    run: &RunStep,
) -> Result<Started, TaskError> {
    let directory = directory(environment, run);
    let script = environment.write_script(&format!("step-{number}"), &run.command).await?;
    let mut argv = shell::words(environment.shell(run.shell.as_deref()));
    if argv.is_empty() {
        step.line("The shell of this step is empty: write `shell: /bin/sh -e`, for example.")?;
        return Ok(Started::Failed);
    }
    argv.push(script.to_string_lossy().into_owned());
    let env = environment.variables.of_step(&run.environment, &directory);
    match environment.spawn(argv, env, directory).await? {
        Ok(process) => Ok(Started::Process(process)),
        Err(error) if error.kind().is_request() => {
            step.line(&error.to_string())?;
            Ok(Started::Failed)
        }
        Err(error) => Err(error.into()),
    }
}

fn directory(environment: &JobEnvironment, run: &RunStep) -> PathBuf {
    run.working_directory.as_deref().map_or_else(
        || environment.directory.clone(),
        |written| paths::resolve(written, &environment.user.home, &environment.directory),
    )
}

async fn attempt(
    task: &Task,
    environment: &JobEnvironment,
    step: &mut OpenStep,
    number: u32,
    run: &RunStep,
) -> Result<StepEnd, TaskError> {
    let Started::Process(mut process) = start(environment, step, number, run).await? else {
        return Ok(StepEnd::FAILED);
    };
    let timeouts = Timeouts { no_output: Some(run.no_output_timeout) };
    let ending = async { EndReason::Stopped(task.stop.stopped().await) };
    let (end, terminal) = supervise(&mut process, &mut step.log, timeouts, ending).await?;
    // The terminal of a step that was ended is hung up, which ends its children too.
    if let (Some(terminal), None) = (terminal, &end.reason) {
        task.keep_draining(terminal);
    }
    let ended = step_end(&end);
    if ended.is_failure() && step.log.has_refused_sudo() {
        let is_allowed = task.host.settings.allow_setuid;
        step.line(if is_allowed {
            phrases::SUDO_NOT_CONTAINED
        } else {
            phrases::SUDO_NOT_ALLOWED
        })?;
    }
    for line in last_lines(&end, run) {
        step.line(&line)?;
    }
    Ok(ended)
}

/// Returns the lines that say how the process ended.
fn last_lines(end: &ProcessEnd, run: &RunStep) -> Vec<String> {
    match (&end.reason, end.exit) {
        (Some(EndReason::NoOutput), _) => vec![format!(
            "{} (`no_output_timeout`). The step was stopped.",
            phrases::no_output(run.no_output_timeout)
        )],
        (Some(EndReason::Stopped(reason)), _) => vec![stopped(reason)],
        (Some(EndReason::JobOver), _) => vec!["Step canceled".to_owned()],
        (None, Some(exit)) => phrases::ending(exit),
        (None, None) => Vec::new(),
    }
}

fn stopped(reason: &StopReason) -> String {
    match reason {
        StopReason::LeaseLost => "The runner lost the task.".to_owned(),
        StopReason::Canceled => "The job was canceled.".to_owned(),
        StopReason::RunTime(limit) => format!("{}.", phrases::run_time(*limit)),
        StopReason::Shutdown => "The runner is shutting down.".to_owned(),
        StopReason::RunnerFailed(sentence) => sentence.clone(),
    }
}

/// Returns how a step ended, given how its process did.
pub(super) fn step_end(end: &ProcessEnd) -> StepEnd {
    let exit_code = end.exit.map(phrases::exit_code);
    let status = match &end.reason {
        None if exit_code == Some(0) => StepStatus::Success,
        None => StepStatus::Failed,
        Some(EndReason::NoOutput) => StepStatus::Timedout,
        Some(EndReason::Stopped(reason)) => return StepEnd::stopped(reason, exit_code),
        Some(EndReason::JobOver) => return StepEnd::SUCCESS,
    };
    StepEnd { status, exit_code }
}

#[cfg(test)]
mod tests {
    use roundel_container::Exit;

    use super::*;

    #[test]
    fn a_step_that_was_ended_is_not_judged_by_its_exit_code() {
        // A process that exits with code 0 on SIGTERM has not succeeded.
        let end = |reason| ProcessEnd { reason: Some(reason), exit: Some(Exit::Code(0)) };
        let run_time = StopReason::RunTime(std::time::Duration::from_hours(1));
        for (reason, status) in [
            (EndReason::NoOutput, StepStatus::Timedout),
            (EndReason::Stopped(run_time), StepStatus::Timedout),
            (EndReason::Stopped(StopReason::Canceled), StepStatus::Canceled),
            (EndReason::Stopped(StopReason::LeaseLost), StepStatus::InfrastructureFail),
            (EndReason::JobOver, StepStatus::Success),
        ] {
            assert_eq!(step_end(&end(reason.clone())).status, status, "{reason:?}");
        }
    }

    #[test]
    fn an_exit_code_of_zero_is_success_and_anything_else_is_not() {
        let end = |exit| ProcessEnd { reason: None, exit: Some(exit) };
        assert_eq!(
            step_end(&end(Exit::Code(0))),
            StepEnd { status: StepStatus::Success, exit_code: Some(0) }
        );
        let killed = Exit::Signal { signal: 9, out_of_memory: true };
        assert_eq!(
            step_end(&end(killed)),
            StepEnd { status: StepStatus::Failed, exit_code: Some(137) }
        );
    }
}
