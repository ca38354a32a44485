//! The uplink of a task: step reports and logs, in order, until the server has acknowledged them.
//!
//! One worker sends for all steps of the task, one request at a time. Of each step it sends that it began, then
//! its log, then how it ended, so a viewer never sees an end before the last line. What the server did not
//! acknowledge is sent again, from the offset that it names; requests may therefore be repeated, and never
//! leave a gap (invariant 3).
//!
//! While a request is on its way the steps continue writing, so that the next request carries more:
//! the busier the server, the fewer the requests.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use roundel_model::limits::LOG_CHUNK_BYTES;
use roundel_protocol::StepReport;
use tokio::{
    sync::{Mutex as AsyncMutex, Notify},
    task::{AbortHandle, JoinHandle},
};

use super::spool::Spool;
use crate::{
    client::{CallError, TaskClient},
    lease,
    stop::{StopReason, StopSignal},
};

/// What keeps the server from knowing everything.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UplinkError {
    /// The runner does not hold the task any more.
    #[error("the runner no longer holds the task")]
    LeaseGone,
    /// The server did not take it in time, or not at all.
    #[error("the log could not be sent to the server: {0}")]
    Failed(String),
}

/// Sends the reports and logs of one task.
pub(crate) struct Uplink {
    queue: Arc<Queue>,
    worker: AsyncMutex<JoinHandle<Result<(), UplinkError>>>,
    abort: AbortHandle,
}

/// What is to be sent. The worker and the steps share it.
struct Queue {
    steps: Mutex<BTreeMap<u32, Entry>>,
    wake: Arc<Notify>,
    closing: tokio_util::sync::CancellationToken,
}

struct Entry {
    began: Option<StepReport>,
    spool: Arc<Spool>,
    ended: Option<StepReport>,
}

/// A request to the server, in the order in which it has to receive them.
enum Next {
    Report { step: u32, report: Box<StepReport> },
    Chunk { step: u32, spool: Arc<Spool>, offset: u64, bytes: Vec<u8> },
}

impl Uplink {
    /// Starts the worker. It triggers `stop` when it learns that the task is lost.
    pub(crate) fn start(client: Arc<TaskClient>, stop: StopSignal) -> Self {
        let queue = Arc::new(Queue {
            steps: Mutex::default(),
            wake: Arc::new(Notify::new()),
            closing: tokio_util::sync::CancellationToken::new(),
        });
        let worker = tokio::spawn(work(Arc::clone(&queue), client, stop));
        Self { queue, abort: worker.abort_handle(), worker: AsyncMutex::new(worker) }
    }

    /// Returns what wakes the worker: for the log's writing end.
    pub(crate) fn wake(&self) -> Arc<Notify> {
        Arc::clone(&self.queue.wake)
    }

    /// Reports that a step began.
    pub(crate) fn began(&self, number: u32, report: StepReport, spool: Arc<Spool>) {
        self.queue.change(|steps| {
            steps.insert(number, Entry { began: Some(report), spool, ended: None });
        });
    }

    /// Reports that a step ended; nothing is written to its log any more.
    pub(crate) fn ended(&self, number: u32, report: StepReport) {
        self.queue.change(|steps| {
            if let Some(entry) = steps.get_mut(&number) {
                entry.ended = Some(report);
            }
        });
    }

    /// Waits until the server has everything, at most for `limit`. Called once.
    pub(crate) async fn close(&self, limit: Duration) -> Result<(), UplinkError> {
        self.queue.closing.cancel();
        let mut worker = self.worker.lock().await;
        match tokio::time::timeout(limit, &mut *worker).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(UplinkError::Failed("its sender ended unexpectedly".to_owned())),
            Err(_) => Err(UplinkError::Failed(format!(
                "it was not acknowledged within {} seconds",
                limit.as_secs()
            ))),
        }
    }
}

impl Drop for Uplink {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

impl Queue {
    fn change(&self, change: impl FnOnce(&mut BTreeMap<u32, Entry>)) {
        change(&mut self.steps.lock().unwrap_or_else(PoisonError::into_inner));
        self.wake.notify_one();
    }

    /// Picks the next request, beginning after step `last`, so that no step waits for another one
    /// that prints without end.
    fn next(&self, last: u32) -> std::io::Result<Option<Next>> {
        let steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let after = steps.range(last.saturating_add(1)..).chain(steps.range(..=last));
        for (&step, entry) in after {
            if let Some(report) = &entry.began {
                return Ok(Some(Next::Report { step, report: Box::new(report.clone()) }));
            }
            if let Some((offset, bytes)) = entry.spool.pending(LOG_CHUNK_BYTES)? {
                let spool = Arc::clone(&entry.spool);
                return Ok(Some(Next::Chunk { step, spool, offset, bytes }));
            }
            if let Some(report) = &entry.ended {
                return Ok(Some(Next::Report { step, report: Box::new(report.clone()) }));
            }
        }
        Ok(None)
    }

    /// A report was acknowledged: the first one first, then the last one.
    fn reported(&self, number: u32) {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = steps.get_mut(&number)
            && entry.began.take().is_none()
        {
            steps.remove(&number);
        }
    }
}

async fn work(
    queue: Arc<Queue>,
    client: Arc<TaskClient>,
    stop: StopSignal,
) -> Result<(), UplinkError> {
    let mut last = u32::MAX;
    loop {
        let closing = queue.closing.is_cancelled();
        let next = queue.next(last).map_err(|error| {
            let message = format!("the spool cannot be read: {error}");
            stop.trigger(StopReason::RunnerFailed(message.clone()));
            UplinkError::Failed(message)
        })?;
        let Some(next) = next else {
            if closing {
                return Ok(());
            }
            tokio::select! {
                () = queue.wake.notified() => {}
                () = queue.closing.cancelled() => {}
            }
            continue;
        };
        match client.until_reached(|| send(&queue, &client, &next)).await {
            Ok(()) => last = next.step(),
            Err(error) => {
                stop.trigger(lease::reason(&error));
                return Err(match error {
                    CallError::LeaseGone(_) | CallError::Transient(_) => UplinkError::LeaseGone,
                    CallError::Rejected { .. } => UplinkError::Failed(error.to_string()),
                });
            }
        }
    }
}

async fn send(queue: &Queue, client: &TaskClient, next: &Next) -> Result<(), CallError> {
    match next {
        Next::Report { step, report } => {
            client.put_step(*step, report).await?;
            queue.reported(*step);
        }
        Next::Chunk { step, spool, offset, bytes } => {
            let answer = client.put_log(*step, *offset, bytes).await?;
            spool.acknowledge(answer.committed).map_err(|error| CallError::Rejected {
                status: reqwest::StatusCode::CONFLICT,
                message: error.to_string(),
            })?;
        }
    }
    Ok(())
}

impl Next {
    fn step(&self) -> u32 {
        match self {
            Self::Report { step, .. } | Self::Chunk { step, .. } => *step,
        }
    }
}

#[cfg(test)]
mod tests;
