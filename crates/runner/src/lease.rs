//! Keeping the right to a task: renews the lease, and stops the task when it is lost.
//!
//! A runner that cannot reach the server continues until the lease has run out by its own clock,
//! counted from the moment at which it *sent* the last renewal that was granted: by then the server
//! has ended the task as `infrastructure_fail`, and nothing that this runner reports counts.

use std::{sync::Arc, time::Duration};

use roundel_model::limits::LEASE_RENEWAL;
use roundel_protocol::ErrorCode;
use tokio::time::{Instant, sleep, timeout_at};

use crate::{
    client::{CallError, TaskClient},
    stop::{StopReason, StopSignal},
};

/// Renews until the lease is lost. Never returns before; it is dropped when the task is over.
pub(crate) async fn keep(client: Arc<TaskClient>, stop: StopSignal, granted: Duration) {
    let mut duration = granted;
    let mut ends_at = Instant::now() + duration;
    loop {
        let left = ends_at.saturating_duration_since(Instant::now());
        sleep(renewal(duration).min(left)).await;
        let renew = || async {
            let sent_at = Instant::now();
            client.renew().await.map(|answer| (sent_at, answer))
        };
        match timeout_at(ends_at, client.until_reached(renew)).await {
            Ok(Ok((sent_at, answer))) => {
                duration = answer.lease_duration;
                ends_at = sent_at + duration;
            }
            Ok(Err(error)) => return stop.trigger(reason(&error)),
            Err(_) => return stop.trigger(StopReason::LeaseLost),
        }
    }
}

/// Returns what a failed task request means for the task.
pub(crate) fn reason(error: &CallError) -> StopReason {
    match error {
        CallError::LeaseGone(error) if error.code.is(ErrorCode::Canceled) => StopReason::Canceled,
        CallError::LeaseGone(_) | CallError::Transient(_) => StopReason::LeaseLost,
        CallError::Rejected { .. } => StopReason::RunnerFailed(error.to_string()),
    }
}

/// Three renewals fit into a lease, so that two may be lost.
fn renewal(lease: Duration) -> Duration {
    LEASE_RENEWAL.min(lease / 3)
}

#[cfg(test)]
mod tests {
    use roundel_model::word::Word;
    use roundel_protocol::ApiError;

    use super::*;

    #[test]
    fn a_cancel_is_distinguished_from_a_lost_lease() {
        let gone =
            |code: Word<ErrorCode>| CallError::LeaseGone(ApiError { code, message: String::new() });
        assert_eq!(reason(&gone(ErrorCode::Canceled.into())), StopReason::Canceled);
        assert_eq!(reason(&gone(ErrorCode::LeaseLost.into())), StopReason::LeaseLost);
        assert_eq!(reason(&gone(Word::Other("newer".to_owned()))), StopReason::LeaseLost);
    }

    #[test]
    fn three_renewals_fit_into_a_lease() {
        assert_eq!(renewal(Duration::from_secs(30)), Duration::from_secs(10));
        assert_eq!(renewal(Duration::from_secs(3)), Duration::from_secs(1));
    }
}
