//! Keeping the right to a task: renews the lease, and stops the task when it is lost.
//!
//! A runner that cannot reach the server goes on until the lease has run out by its own clock,
//! counted from the moment at which it *sent* the last renewal that was granted: by then the server
//! may have given the task up, and somebody may have started it again.

use std::{sync::Arc, time::Duration};

use roundel_model::limits::LEASE_RENEWAL;
use roundel_protocol::RefusalCode;
use tokio::time::{Instant, sleep, timeout_at};

use crate::{
    backoff::Backoff,
    client::{CallError, TaskClient},
    stop::{Stop, StopReason},
};

/// Renews until the lease is lost. Never returns before; it is dropped when the task is over.
pub(crate) async fn keep(client: Arc<TaskClient>, stop: Stop, granted: Duration) {
    let mut duration = granted;
    let mut ends_at = Instant::now() + duration;
    let mut pause = renewal(duration);
    let mut backoff = Backoff::new();
    loop {
        sleep(pause.min(ends_at.saturating_duration_since(Instant::now()))).await;
        let sent_at = Instant::now();
        match timeout_at(ends_at, client.renew()).await {
            Ok(Ok(answer)) => {
                duration = answer.lease_duration;
                ends_at = sent_at + duration;
                pause = renewal(duration);
                backoff.reset();
            }
            Ok(Err(CallError::Away(message))) if Instant::now() < ends_at => {
                tracing::warn!(message, "a lease could not be renewed");
                pause = backoff.next();
            }
            Ok(Err(error)) => return stop.trigger(reason(&error)),
            Err(_) => return stop.trigger(StopReason::LeaseLost),
        }
    }
}

/// Says what a refused task request means for the task.
pub(crate) fn reason(error: &CallError) -> StopReason {
    match error {
        CallError::Gone(refusal) if refusal.code.is(RefusalCode::Canceled) => StopReason::Canceled,
        CallError::Gone(_) | CallError::Away(_) => StopReason::LeaseLost,
        CallError::Refused { .. } => StopReason::Broken(error.to_string()),
    }
}

/// Three renewals fit into a lease, so that two may be lost.
fn renewal(lease: Duration) -> Duration {
    LEASE_RENEWAL.min(lease / 3)
}

#[cfg(test)]
mod tests {
    use roundel_model::word::Word;
    use roundel_protocol::Refusal;

    use super::*;

    #[test]
    fn a_cancel_is_told_from_a_lost_lease() {
        let gone =
            |code: Word<RefusalCode>| CallError::Gone(Refusal { code, message: String::new() });
        assert_eq!(reason(&gone(RefusalCode::Canceled.into())), StopReason::Canceled);
        assert_eq!(reason(&gone(RefusalCode::LeaseLost.into())), StopReason::LeaseLost);
        assert_eq!(reason(&gone(Word::Other("newer".to_owned()))), StopReason::LeaseLost);
    }

    #[test]
    fn three_renewals_fit_into_a_lease() {
        assert_eq!(renewal(Duration::from_secs(30)), Duration::from_secs(10));
        assert_eq!(renewal(Duration::from_secs(3)), Duration::from_secs(1));
    }
}
