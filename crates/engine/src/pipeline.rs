//! A pipeline: one reading of the configuration and what it started.

use roundel_model::{id::PipelineId, status::PipelineStatus, time::Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    event::{Event, IllegalEvent, Transition},
    workflow::Workflow,
};

/// A pipeline with everything below it: the unit that changes in one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pipeline {
    /// Its id.
    pub id: PipelineId,
    /// What it is doing.
    pub status: PipelineStatus,
    /// Its workflows, in the order of the file.
    pub workflows: Vec<Workflow>,
}

/// Applies one event to a pipeline.
pub fn advance(pipeline: &Pipeline, event: &Event, now: Timestamp) -> Result<Transition, IllegalEvent> {
    let _ = (pipeline, event, now);
    todo!()
}
