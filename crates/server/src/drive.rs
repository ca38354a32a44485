//! The one door: every change of a status goes through [`apply`].

use roundel_engine::{Event, IllegalEvent};
use roundel_model::{id::PipelineId, time::Timestamp};
use roundel_store::{StoreError, pipelines::Attachments};
use crate::app::App;

/// Why an event was not applied.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Illegal(#[from] IllegalEvent),
}
/// What came of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied { Changed, Ignored }

/// Loads a pipeline, lets the engine decide, saves the result and what the world is owed in one
/// transaction, and rings the bells.
pub async fn apply(app: &App, pipeline: PipelineId, event: &Event, attachments: Attachments, now: Timestamp) -> Result<Applied, DriveError> { let _ = (app, pipeline, event, attachments, now); todo!() }
