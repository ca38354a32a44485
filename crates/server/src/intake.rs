//! From delivery to pipeline: the first of the three loops.
//!
//! [`run`] takes the next due delivery, [`process`] decides each change that it tells of, and every
//! delivery ends with a receipt: one [`Verdict`] for each change (invariant 8). A webhook is a hint
//! to look, so what matters is read from the forge's API; what the payload says is only believed
//! where nothing is at stake (`VCS` §3.5).
//!
//! A forge that is unavailable postpones the delivery; a crash in the middle of one lets its lease run
//! out, and deciding it again finds what was started already.

mod decide;

pub(crate) use decide::from_api;

use std::{sync::Arc, time::Duration};

use rand::RngExt as _;
use roundel_forge::{ForgeError, event};
use roundel_model::{id::ProjectId, time::Timestamp};
use roundel_store::{
    StoreError,
    deliveries::{Delivery, Verdict},
};

use crate::{app::App, lanes::Lanes, live::News, trigger::TriggerError};

/// Makes up for a lost ring, and finds postponed deliveries.
const PERIOD: Duration = Duration::from_secs(1);

/// Deliveries that are taken at a time. Those of one project go in order.
const WIDTH: usize = 16;

/// How long a taken delivery is kept from others. Deciding one twice at a time would be harmless:
/// a push that started a pipeline is recognised.
const LEASE: Duration = Duration::from_mins(1);

/// After this long of a forge being unavailable, a delivery ends with an errored pipeline.
const PATIENCE: Duration = Duration::from_hours(24);

/// Runs until the server stops.
pub(crate) async fn run(app: Arc<App>) {
    let mut lanes: Lanes<ProjectId, Taken> = Lanes::new();
    let work = |taken: Taken| {
        let app = Arc::clone(&app);
        async move { process(&app, &taken.delivery, &taken.body).await }
    };
    loop {
        while lanes.taken() < WIDTH {
            match take_next(&app).await {
                Ok(Some(taken)) => lanes.push(taken.delivery.project, taken, &work),
                Ok(None) => break,
                Err(error) => {
                    tracing::error!(%error, "could not take the next delivery");
                    break;
                }
            }
        }
        tokio::select! {
            () = app.stopping.cancelled() => return,
            () = app.nudges.intake.notified() => {}
            () = lanes.advance(&work) => {}
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}

struct Taken {
    delivery: Delivery,
    body: Vec<u8>,
}

async fn take_next(app: &App) -> Result<Option<Taken>, StoreError> {
    let now = Timestamp::now();
    let next = app.store.next_delivery(now, now.plus(LEASE)).await?;
    Ok(next.map(|(delivery, body)| Taken { delivery, body }))
}

/// Decides one delivery and writes its receipt, or postpones it.
async fn process(app: &App, delivery: &Delivery, body: &[u8]) {
    let outcome = match verdicts(app, delivery, body).await {
        Ok(verdicts) => {
            tracing::info!(delivery.id = %delivery.id, ?verdicts, "a delivery was decided");
            app.store.decide_delivery(delivery.id, &verdicts, Timestamp::now()).await
        }
        Err(trouble) => {
            let until = Timestamp::now().plus(trouble.pause(delivery.attempts));
            tracing::warn!(delivery.id = %delivery.id, error = %trouble, %until, "a delivery was postponed");
            app.store.postpone_delivery(delivery.id, until, &trouble.to_string()).await
        }
    };
    if let Err(error) = outcome {
        // Its lease runs out, and it is decided again.
        tracing::error!(delivery.id = %delivery.id, %error, "a receipt could not be written");
    }
    app.live.tell(News::Delivery { project: delivery.project });
}

async fn verdicts(app: &App, delivery: &Delivery, body: &[u8]) -> Result<Vec<Verdict>, Trouble> {
    let Some(project) = app.store.project(delivery.project).await? else {
        return Ok(vec![ignored(&delivery.event, "its project was deleted")]);
    };
    let now = Timestamp::now();
    let last_try = now.since(delivery.received_at) > PATIENCE;
    let events = event::parse(delivery.forge, &delivery.event, body);
    if events.is_empty() {
        return Ok(vec![ignored(&delivery.event, "it tells of no change")]);
    }
    let mut verdicts = Vec::with_capacity(events.len());
    for event in events {
        let case = decide::Case { app, project: &project, delivery, last_try };
        verdicts.push(decide::decide(&case, event).await?);
    }
    Ok(verdicts)
}

/// Makes the receipt of something that started nothing.
fn ignored(what: impl Into<String>, because: impl Into<String>) -> Verdict {
    Verdict::Ignored { what: what.into(), because: because.into() }
}

/// Why a delivery cannot be decided now.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the forge is unavailable: {0}")]
    Forge(ForgeError),
    #[error(transparent)]
    Trigger(#[from] TriggerError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Trouble {
    fn pause(&self, attempts: u32) -> Duration {
        let asked = match self {
            Self::Forge(error) | Self::Trigger(TriggerError::Later(error)) => error.retry_after,
            Self::Trigger(TriggerError::Store(_) | TriggerError::Drive(_)) | Self::Store(_) => None,
        };
        backoff(attempts.saturating_sub(1), asked)
    }
}

/// Returns how long to wait before another try: doubling, with jitter, up to five minutes, and never
/// less than the other side asked for.
pub(crate) fn backoff(attempts: u32, asked: Option<Duration>) -> Duration {
    const FIRST: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_mins(5);
    let doubled = FIRST.saturating_mul(2_u32.saturating_pow(attempts.min(16))).min(LONGEST);
    let jittered = doubled.mul_f64(rand::rng().random_range(0.5..1.0));
    asked.map_or(jittered, |asked| asked.max(jittered))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everybody who waits for the same forge must not come back at the same moment, nor too soon.
    #[test]
    fn waiting_grows_but_not_for_ever_and_heeds_the_other_side() {
        assert!(backoff(0, None) <= Duration::from_secs(1));
        assert!(backoff(5, None) >= Duration::from_secs(16));
        assert!(backoff(u32::MAX, None) <= Duration::from_mins(5));
        assert_eq!(backoff(0, Some(Duration::from_mins(30))), Duration::from_mins(30));
    }
}
