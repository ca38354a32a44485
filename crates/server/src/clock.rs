//! Notices what did not happen: the third loop.
//!
//! Leases that ended, pipelines that a crash left between creating and compiling, sessions that are
//! over. Every change of a status goes through [`drive`]; what expired is deleted (`expiry` of the store).
//!
//! After a start, and after a time in which it did not run itself (a paused machine, a clock that was set),
//! it leaves leases alone for as long as a lease lasts: while the server was down no runner could renew,
//! and a runner that is still there must not lose its job because the server was down.

use std::time::Duration;

use roundel_engine::Event;
use roundel_model::{limits, time::Timestamp};
use roundel_store::{Store, StoreError};
use tokio_util::sync::CancellationToken;

use crate::{
    drive::{self, Drive},
    retry::{Attempt, RetryPace},
    trigger::{self, PipelineStarter},
};

/// How often it looks.
const PERIOD: Duration = Duration::from_secs(2);

/// A pause between two looks that shows that this process did not run. Shorter than the lease, and longer
/// than a busy database makes it wait.
const ABSENCE: Duration = Duration::from_secs(10);

/// How often sessions and sign-ins that are over are forgotten.
const FORGET_PERIOD: Duration = Duration::from_hours(1);

/// A pipeline that is `pending` for this long was left by a server that crashed.
const STUCK: Duration = Duration::from_secs(30);

/// Runs until the server stops.
pub(crate) async fn run(starter: PipelineStarter, pace: RetryPace, stopping: CancellationToken) {
    let mut presence = Presence::new(Timestamp::now());
    let mut forgotten = None;
    resume_pending(&starter, pace, presence.since).await;
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
        let now = Timestamp::now();
        if presence.could_be_reached(now)
            && let Err(error) = expire_leases(&starter.store, &starter.drive, now).await
        {
            tracing::error!(%error, "could not look for leases that ended");
        }
        resume_pending(&starter, pace, now.minus(STUCK)).await;
        if forgotten.is_none_or(|then| now.since(then) >= FORGET_PERIOD) {
            forgotten = Some(now);
            if let Err(error) = starter.store.forget_expired(now).await {
                tracing::warn!(%error, "could not forget what expired");
            }
        }
    }
}

/// Since when this server could be reached without a break, as far as it can tell.
struct Presence {
    since: Timestamp,
    looked_at: Timestamp,
}

impl Presence {
    const fn new(now: Timestamp) -> Self {
        Self { since: now, looked_at: now }
    }

    /// Returns whether runners could reach this server for as long as a lease lasts.
    fn could_be_reached(&mut self, now: Timestamp) -> bool {
        let away = now.since(self.looked_at);
        if away >= ABSENCE {
            tracing::warn!(
                away_secs = away.as_secs(),
                "this server did not run for a while; running jobs get time to report again"
            );
            self.since = now;
        }
        self.looked_at = now;
        now.since(self.since) >= limits::LEASE
    }
}

/// Ends the tasks whose lease is over at `now`.
///
/// # Errors
///
/// If the store cannot be read. A pipeline that cannot be changed is logged, and tried again later.
pub async fn expire_leases(store: &Store, drive: &Drive, now: Timestamp) -> Result<(), StoreError> {
    for pipeline in store.pipelines_with_expired_leases(now).await? {
        match drive::apply(drive, pipeline, &Event::Tick, now).await {
            Ok(applied) => tracing::warn!(pipeline.id = %pipeline, ?applied, "a lease ended"),
            Err(error) => {
                tracing::error!(pipeline.id = %pipeline, %error, "a tick was not applied");
            }
        }
    }
    Ok(())
}

/// Continues with pipelines that were created before `created_before` and never compiled.
async fn resume_pending(starter: &PipelineStarter, pace: RetryPace, created_before: Timestamp) {
    let stuck = match starter.store.pending_pipelines(created_before).await {
        Ok(stuck) => stuck,
        Err(error) => return tracing::error!(%error, "could not look for pending pipelines"),
    };
    for pipeline in stuck {
        let age = match starter.store.pipeline(pipeline).await {
            Ok(Some(row)) => Timestamp::now().since(row.created_at),
            Ok(None) => continue,
            Err(error) => {
                tracing::error!(pipeline.id = %pipeline, %error, "could not read a pending pipeline");
                continue;
            }
        };
        match trigger::resume(starter, pipeline, Attempt::after(age, pace)).await {
            Ok(()) => tracing::info!(pipeline.id = %pipeline, "a pending pipeline was resumed"),
            Err(error) => tracing::warn!(pipeline.id = %pipeline, %error, "still pending"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A paused machine must not end a job: runners get a full lease to renew after it.
    #[test]
    fn leases_end_only_after_a_lease_without_an_absence_of_the_server() {
        let at = |secs: i64| Timestamp::from_micros(secs * 1_000_000);
        let mut presence = Presence::new(at(0));
        let ends = |presence: &mut Presence, range: std::ops::Range<i64>| {
            range.step_by(2).find(|&second| presence.could_be_reached(at(second)))
        };
        assert_eq!(ends(&mut presence, 2..40), Some(30));
        assert_eq!(ends(&mut presence, 100..200), Some(130));
        // A slow look is not an absence.
        assert_eq!(ends(&mut presence, 137..138), Some(137));
    }
}
