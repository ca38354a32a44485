//! The uplink of a task: step reports and logs, in order, until the server has acknowledged them.
//!
//! One worker sends for all steps of the task, one request at a time. Of each step it sends that it
//! began, then its log, then how it ended, so whoever watches never sees an end before the last
//! line. What the server did not acknowledge is sent again, from the offset that it names; requests
//! may therefore be repeated, and never leave a gap (invariant 3).
//!
//! While a request is on its way the steps go on writing, so that the next request carries more:
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
    time::sleep,
};

use super::Spool;
use crate::{
    backoff::Backoff,
    client::{CallError, TaskClient},
    lease,
    stop::{Stop, StopReason},
};

/// What keeps the server from knowing everything.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UplinkTrouble {
    /// The task is not ours any more.
    #[error("the task is not ours any more")]
    Gone,
    /// The server did not take it in time, or not at all.
    #[error("the log could not be handed to the server: {0}")]
    Failed(String),
}

/// Sends the reports and logs of one task.
pub(crate) struct Uplink {
    queue: Arc<Queue>,
    worker: AsyncMutex<JoinHandle<Result<(), UplinkTrouble>>>,
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

/// The next request.
enum Next {
    Report(u32, Box<StepReport>),
    Chunk(u32, Arc<Spool>, u64, Vec<u8>),
}

impl Uplink {
    /// Starts the worker. It pulls `stop` when it learns that the task is lost.
    pub(crate) fn start(client: Arc<TaskClient>, stop: Stop) -> Self {
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

    /// A step began.
    pub(crate) fn began(&self, number: u32, report: StepReport, spool: Arc<Spool>) {
        self.queue.change(|steps| {
            steps.insert(number, Entry { began: Some(report), spool, ended: None });
        });
    }

    /// A step ended; nothing is written to its log any more.
    pub(crate) fn ended(&self, number: u32, report: StepReport) {
        self.queue.change(|steps| {
            if let Some(entry) = steps.get_mut(&number) {
                entry.ended = Some(report);
            }
        });
    }

    /// Waits until the server has everything, at most `patience`. Called once.
    pub(crate) async fn close(&self, patience: Duration) -> Result<(), UplinkTrouble> {
        self.queue.closing.cancel();
        let mut worker = self.worker.lock().await;
        match tokio::time::timeout(patience, &mut *worker).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(UplinkTrouble::Failed("its sender came to an end".to_owned())),
            Err(_) => Err(UplinkTrouble::Failed(format!(
                "it was not acknowledged within {} seconds",
                patience.as_secs()
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

    /// Picks the next request, beginning after step `last`, so that no step waits for a flood in
    /// another one.
    fn next(&self, last: u32) -> std::io::Result<Option<Next>> {
        let steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let after = steps.range(last.saturating_add(1)..).chain(steps.range(..=last));
        for (&number, entry) in after {
            if let Some(report) = &entry.began {
                return Ok(Some(Next::Report(number, Box::new(report.clone()))));
            }
            if let Some((offset, bytes)) = entry.spool.pending(LOG_CHUNK_BYTES)? {
                return Ok(Some(Next::Chunk(number, Arc::clone(&entry.spool), offset, bytes)));
            }
            if let Some(report) = &entry.ended {
                return Ok(Some(Next::Report(number, Box::new(report.clone()))));
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

async fn work(queue: Arc<Queue>, client: Arc<TaskClient>, stop: Stop) -> Result<(), UplinkTrouble> {
    let mut backoff = Backoff::new();
    let mut last = u32::MAX;
    loop {
        let closing = queue.closing.is_cancelled();
        let next = queue.next(last).map_err(|error| {
            let message = format!("the spool cannot be read: {error}");
            stop.trigger(StopReason::Broken(message.clone()));
            UplinkTrouble::Failed(message)
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
        let number = next.number();
        match send(&queue, &client, next).await {
            Ok(()) => {
                backoff.reset();
                last = number;
            }
            Err(CallError::Away(message)) => {
                tracing::warn!(message, step = number, "a report has to wait");
                sleep(backoff.next()).await;
            }
            Err(error) => {
                stop.trigger(lease::reason(&error));
                return Err(match error {
                    CallError::Gone(_) | CallError::Away(_) => UplinkTrouble::Gone,
                    CallError::Refused { .. } => UplinkTrouble::Failed(error.to_string()),
                });
            }
        }
    }
}

async fn send(queue: &Queue, client: &TaskClient, next: Next) -> Result<(), CallError> {
    match next {
        Next::Report(number, report) => {
            client.put_step(number, &report).await?;
            queue.reported(number);
        }
        Next::Chunk(number, spool, offset, bytes) => {
            let answer = client.put_log(number, offset, bytes).await?;
            spool.acknowledge(answer.committed).map_err(|error| CallError::Refused {
                status: reqwest::StatusCode::CONFLICT,
                message: error.to_string(),
            })?;
        }
    }
    Ok(())
}

impl Next {
    fn number(&self) -> u32 {
        match self {
            Self::Report(number, _) | Self::Chunk(number, ..) => *number,
        }
    }
}

#[cfg(test)]
mod tests;
