//! A `run` step in the background (RUN §2.5): it runs beside the steps that follow, and its exit
//! code never changes how the job ends. What still runs when the job is over is ended.

use std::sync::Arc;

use roundel_model::plan::{PlannedStep, RunStep};
use tokio_util::sync::CancellationToken;

use super::{
    OpenStep, StepEnd,
    process::{Patience, Why, attend},
    run::{Started, run_report, start, verdict},
};
use crate::{
    inside::Inside,
    phrases,
    task::{Task, Trouble},
};

/// Starts a background step and returns as soon as it runs.
///
/// # Errors
///
/// The environment is broken, or the runner's disk does not take the log.
pub(crate) async fn launch(
    task: &Arc<Task>,
    inside: &Inside,
    number: u32,
    planned: &PlannedStep,
    run: &RunStep,
) -> Result<(), Trouble> {
    let mut step = OpenStep::begin(task, number, run_report(inside, planned, run))?;
    let Started::Process(mut process) = start(inside, &mut step, number, run).await? else {
        return step.end(task, StepEnd::FAILED).map(drop);
    };
    let over = task.steps_over.clone();
    let of_task = Arc::clone(task);
    task.beside.lock().await.spawn(async move {
        let task = of_task;
        let attended =
            attend(&mut process, &mut step.log, Patience { silence: None }, ending(&task, &over))
                .await;
        let ended = match attended {
            Ok((end, leftover)) => {
                if let (None, Some(exit)) = (&end.why, end.exit) {
                    for line in phrases::ending(exit) {
                        drop(step.line(&line));
                    }
                }
                let ended = step.end(&task, verdict(&end)).map(drop);
                if let Some(leftover) = leftover {
                    tokio::select! {
                        () = leftover.drain() => {}
                        () = over.cancelled() => {}
                    }
                }
                ended
            }
            Err(trouble) => Err(step.fail(&task, trouble)),
        };
        if let Err(trouble) = ended {
            tracing::warn!(%trouble, step = number, "a background step was lost");
        }
    });
    Ok(())
}

async fn ending(task: &Task, over: &CancellationToken) -> Why {
    tokio::select! {
        reason = task.stop.stopped() => Why::Stopped(reason),
        () = over.cancelled() => Why::JobOver,
    }
}
