//! The one door: every change of a status goes through [`apply`].
//!
//! Load, let the engine decide, save the result with its effects and all that came with the event: one
//! transaction. What follows it (wake-ups, updates for open pages) may be lost in a crash without harm:
//! the loops look for themselves, pages read the rows.

use std::sync::Arc;

use roundel_engine::{Effect, Event, IllegalEvent, Pipeline, Transition};
use roundel_model::{id::PipelineId, time::Timestamp};
use roundel_store::{Store, StoreError};

use crate::{
    live::{Live, Update},
    wake::WakeUps,
};

/// Why an event was not applied.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// The store could not load or save; nothing was changed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine refuses the event, and says whose mistake it is; nothing was changed.
    #[error(transparent)]
    Illegal(#[from] IllegalEvent),
}

/// The result of applying an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It changed the pipeline, and is saved.
    Changed,
    /// It was late or repeated.
    Ignored,
}

/// What a change needs: where it is saved, and what it wakes.
#[derive(Clone)]
pub struct Drive {
    store: Store,
    wake: Arc<WakeUps>,
    live: Arc<Live>,
}

impl Drive {
    pub(crate) const fn new(store: Store, wake: Arc<WakeUps>, live: Arc<Live>) -> Self {
        Self { store, wake, live }
    }
}

/// Loads a pipeline, lets the engine decide, saves the result and its effects in one transaction, and
/// wakes what waits for them.
///
/// # Errors
///
/// [`DriveError`]; the pipeline is then as it was. A broken invariant is logged here: it is our
/// mistake, whatever the caller makes of it.
pub async fn apply(
    drive: &Drive,
    pipeline: PipelineId,
    event: &Event,
    now: Timestamp,
) -> Result<Applied, DriveError> {
    let decide = |before: &Pipeline| roundel_engine::advance(before, event, now);
    let decided = drive.store.change(pipeline, event, now, decide).await?;
    if let Err(IllegalEvent::Invariant { event, broken }) = &decided {
        tracing::error!(pipeline.id = %pipeline, event, broken, "an invariant would break");
    }
    let Transition::To(next) = decided? else { return Ok(Applied::Ignored) };
    tracing::debug!(pipeline.id = %pipeline, event = event.name(), "a pipeline changed");
    if next.effects.iter().any(|effect| matches!(effect, Effect::OfferToRunners(_))) {
        drive.wake.offer.notify_waiters();
    }
    if !next.effects.is_empty() {
        drive.wake.deliver.notify_one();
    }
    if !matches!(event, Event::Renewed { .. }) {
        publish(drive, pipeline).await;
    }
    Ok(Applied::Changed)
}

/// Publishes the change to open pages. Costs nothing while none is open.
async fn publish(drive: &Drive, pipeline: PipelineId) {
    if !drive.live.has_subscribers() {
        return;
    }
    match drive.store.pipeline(pipeline).await {
        Ok(Some(row)) => drive.live.publish(Update::Pipeline { project: row.project, pipeline }),
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(pipeline.id = %pipeline, %error, "a change was not published to open pages");
        }
    }
}
