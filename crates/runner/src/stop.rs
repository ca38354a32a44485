//! Why a task must end before its steps are through, signaled once to everything that runs for it.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

/// Why a task is stopped. The first reason counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StopReason {
    /// The server has ended the task by now, and accepts nothing more for it (invariant 2). Everything
    /// ends at once, and no outcome is reported.
    LeaseLost,
    /// A person or a rule canceled the job (RUN §1.12).
    Canceled,
    /// The job reached this limit on its run time (RUN §1.9).
    RunTime(Duration),
    /// The runner is shutting down.
    Shutdown,
    /// The runner itself cannot continue; the sentence is for the job page.
    RunnerFailed(String),
}

/// A task's stop signal, shared by everything that may stop it and everything that it stops.
#[derive(Clone, Debug)]
pub(crate) struct StopSignal {
    reason: Arc<watch::Sender<Option<StopReason>>>,
}

impl StopSignal {
    /// Makes a signal that is not given yet.
    pub(crate) fn new() -> Self {
        Self { reason: Arc::new(watch::Sender::new(None)) }
    }

    /// Stops the task, unless it was stopped before.
    pub(crate) fn trigger(&self, reason: StopReason) {
        self.reason.send_if_modified(|current| {
            let first = current.is_none();
            if first {
                tracing::debug!(?reason, "stopping a task");
                *current = Some(reason);
            }
            first
        });
    }

    /// Returns the reason, once there is one.
    pub(crate) fn reason(&self) -> Option<StopReason> {
        self.reason.borrow().clone()
    }

    /// Waits until the task is stopped.
    pub(crate) async fn stopped(&self) -> StopReason {
        let mut receiver = self.reason.subscribe();
        loop {
            if let Some(reason) = receiver.borrow_and_update().clone() {
                return reason;
            }
            // `self` keeps the sender, so a closed channel cannot be seen here.
            if receiver.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_reason_counts_and_reaches_every_listener() {
        let stop = StopSignal::new();
        let listener = tokio::spawn({
            let stop = stop.clone();
            async move { stop.stopped().await }
        });
        let first = StopReason::RunTime(Duration::from_hours(1));
        stop.trigger(first.clone());
        stop.trigger(StopReason::Canceled);
        assert_eq!(listener.await.unwrap(), first);
        assert_eq!(stop.stopped().await, first);
        assert_eq!(stop.reason(), Some(first));
    }
}
