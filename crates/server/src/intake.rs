//! From delivery to pipeline: the first of the three loops.
//!
//! [`run`] takes the next due delivery, [`process`] decides each change that it reports, and every
//! delivery ends with a receipt: one [`Receipt`] for each change (invariant 8). A webhook is a hint
//! to look, so what matters is read from the forge's API; what the payload says is only believed
//! where nothing is at stake (`VCS` §3.5).
//!
//! A forge that is unavailable postpones the delivery; a crash in the middle of one lets its lease run
//! out, and deciding it again finds what was started already.

mod decide;

use std::{sync::Arc, time::Duration};

use roundel_forge::event;
use roundel_model::{id::ProjectId, time::Timestamp};
use roundel_store::{
    StoreError,
    deliveries::{Delivery, Receipt},
};
use tokio_util::sync::CancellationToken;

pub(crate) use self::decide::Intake;
use self::decide::{Case, Postponed, ignored};
use crate::{lanes::Lanes, live::Update, retry::Attempt, wake::WakeUps};

/// Deliveries that are taken at a time. Those of one project go in order.
const WIDTH: usize = 16;

/// How long a taken delivery is kept from others. Deciding one twice at a time would be harmless:
/// a push that started a pipeline is recognized.
const LEASE: Duration = Duration::from_mins(1);

/// After this long of a forge being unavailable, a delivery ends with an errored pipeline.
const GIVE_UP_AFTER: Duration = Duration::from_hours(24);

/// Runs until the server stops.
pub(crate) async fn run(intake: Intake, wake: Arc<WakeUps>, stopping: CancellationToken) {
    let intake = Arc::new(intake);
    let mut lanes: Lanes<ProjectId, TakenDelivery> = Lanes::new();
    let work = |taken: TakenDelivery| {
        let intake = Arc::clone(&intake);
        async move { process(&intake, &taken.delivery, &taken.body).await }
    };
    loop {
        while lanes.taken() < WIDTH {
            match take_next(&intake).await {
                Ok(Some(taken)) => lanes.push(taken.delivery.project, taken, &work),
                Ok(None) => break,
                Err(error) => {
                    tracing::error!(%error, "could not take the next delivery");
                    break;
                }
            }
        }
        tokio::select! {
            () = stopping.cancelled() => return,
            () = wake.intake.notified() => {}
            () = lanes.advance(&work) => {}
            () = tokio::time::sleep(intake.pace.period) => {}
        }
    }
}

struct TakenDelivery {
    delivery: Delivery,
    body: Vec<u8>,
}

async fn take_next(intake: &Intake) -> Result<Option<TakenDelivery>, StoreError> {
    let now = Timestamp::now();
    let next = intake.store.next_delivery(now, now.plus(LEASE)).await?;
    Ok(next.map(|(delivery, body)| TakenDelivery { delivery, body }))
}

/// Decides one delivery and writes its receipt, or postpones it.
async fn process(intake: &Intake, delivery: &Delivery, body: &[u8]) {
    let outcome = match receipts(intake, delivery, body).await {
        Ok(receipts) => {
            tracing::info!(delivery.id = %delivery.id, ?receipts, "a delivery was decided");
            intake.store.decide_delivery(delivery.id, &receipts, Timestamp::now()).await
        }
        Err(postponed) => {
            let until = Timestamp::now().plus(postponed.pause(intake.pace, delivery.attempts));
            tracing::warn!(delivery.id = %delivery.id, error = %postponed, %until, "a delivery was postponed");
            intake.store.postpone_delivery(delivery.id, until, &postponed.to_string()).await
        }
    };
    if let Err(error) = outcome {
        // Its lease runs out, and it is decided again.
        tracing::error!(delivery.id = %delivery.id, %error, "a receipt could not be written");
    }
    intake.live.publish(Update::Delivery { project: delivery.project });
}

async fn receipts(
    intake: &Intake,
    delivery: &Delivery,
    body: &[u8],
) -> Result<Vec<Receipt>, Postponed> {
    let Some(project) = intake.store.project(delivery.project).await? else {
        return Ok(vec![ignored(&delivery.event, "its project was deleted")]);
    };
    let now = Timestamp::now();
    let is_old = now.since(delivery.received_at) > GIVE_UP_AFTER;
    let attempt = if is_old { Attempt::Last } else { Attempt::Repeatable };
    let events = event::parse(delivery.forge, &delivery.event, body);
    if events.is_empty() {
        return Ok(vec![ignored(&delivery.event, "it reports no change")]);
    }
    let mut receipts = Vec::with_capacity(events.len());
    for event in events {
        let case = Case { intake, project: &project, delivery, attempt };
        receipts.push(decide::decide(&case, event).await?);
    }
    Ok(receipts)
}
