//! The one door: every change of a status goes through [`apply`].
//!
//! Load, let the engine decide, save the result with its effects and all that came with the event: one
//! transaction. What follows after it (wake-ups, news for open pages) may be lost in a crash without
//! harm: the loops look for themselves, pages read the rows.

use roundel_engine::{Effect, Event, IllegalEvent, Pipeline, Transition};
use roundel_model::{id::PipelineId, time::Timestamp};
use roundel_store::StoreError;

use crate::{app::App, live::News};

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

/// What came of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It changed the pipeline, and is saved.
    Changed,
    /// It was late or repeated.
    Ignored,
}

/// Loads a pipeline, lets the engine decide, saves the result and its effects in one transaction, and
/// wakes whoever waits for them.
///
/// # Errors
///
/// [`DriveError`]; the pipeline is then as it was. A broken invariant is logged here: it is our
/// mistake, whatever the caller makes of it.
pub async fn apply(
    app: &App,
    pipeline: PipelineId,
    event: &Event,
    now: Timestamp,
) -> Result<Applied, DriveError> {
    let decide = |before: &Pipeline| roundel_engine::advance(before, event, now);
    let decided = app.store.change(pipeline, event, now, decide).await?;
    if let Err(IllegalEvent::Invariant { event, broken }) = &decided {
        tracing::error!(pipeline.id = %pipeline, event, broken, "an invariant would break");
    }
    let Transition::To(next) = decided? else { return Ok(Applied::Ignored) };
    tracing::debug!(pipeline.id = %pipeline, event = event.name(), "a pipeline changed");
    if next.effects.iter().any(|effect| matches!(effect, Effect::OfferToRunners(_))) {
        app.wake.offer.notify_waiters();
    }
    if !next.effects.is_empty() {
        app.wake.deliver.notify_one();
    }
    if !matches!(event, Event::Renewed { .. }) {
        publish(app, pipeline).await;
    }
    Ok(Applied::Changed)
}

/// Sends the news to open pages. Costs nothing while none is open.
async fn publish(app: &App, pipeline: PipelineId) {
    if !app.live.has_listeners() {
        return;
    }
    if let Ok(Some(row)) = app.store.pipeline(pipeline).await {
        app.live.tell(News::Pipeline { project: row.project, pipeline });
    }
}
