//! A `run` step in the background (RUN §2.5): it runs concurrently with the steps that follow, and
//! its exit code never changes how the job ends. It is ended when the job is over.

use std::sync::Arc;

use roundel_model::plan::{PlannedStep, RunStep};
use tokio_util::sync::CancellationToken;

use super::{
    OpenStep,
    end::StepEnd,
    process::{EndReason, Timeouts, supervise},
    run::{Started, run_report, start, step_end},
};
use crate::{
    job_environment::JobEnvironment, phrases, steps::context::Task, task_error::TaskError,
};

/// Starts a background step and returns as soon as it runs.
///
/// # Errors
///
/// The environment is broken, or the runner's disk does not accept the log.
pub(crate) async fn launch(
    task: &Arc<Task>,
    environment: &JobEnvironment,
    number: u32,
    planned: &PlannedStep,
    run: &RunStep,
) -> Result<(), TaskError> {
    let mut step = OpenStep::begin(task, number, run_report(environment, planned, run))?;
    let Started::Process(mut process) = start(environment, &mut step, number, run).await? else {
        return step.end(task, StepEnd::FAILED).map(drop);
    };
    let over = task.steps_over.clone();
    let of_task = Arc::clone(task);
    task.background.lock().await.spawn(async move {
        let task = of_task;
        let ending = ending(&task, &over);
        let timeouts = Timeouts { no_output: None };
        let supervised = supervise(&mut process, &mut step.log, timeouts, ending).await;
        let ended = match supervised {
            Ok((end, terminal)) => {
                if let (None, Some(exit)) = (&end.reason, end.exit) {
                    for line in phrases::ending(exit) {
                        drop(step.line(&line));
                    }
                }
                let ended = step.end(&task, step_end(&end)).map(drop);
                if let Some(terminal) = terminal {
                    tokio::select! {
                        () = terminal.drain() => {}
                        () = over.cancelled() => {}
                    }
                }
                ended
            }
            Err(error) => Err(step.fail(&task, error)),
        };
        if let Err(error) = ended {
            tracing::warn!(%error, step = number, "a background step failed");
        }
    });
    Ok(())
}

async fn ending(task: &Task, over: &CancellationToken) -> EndReason {
    tokio::select! {
        reason = task.stop.stopped() => EndReason::Stopped(reason),
        () = over.cancelled() => EndReason::JobOver,
    }
}
