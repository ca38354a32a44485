//! What happens next to a pipeline, its workflows and its jobs.
//!
//! [`advance`] is the whole machine: given a pipeline as it is, an [`Event`] and the time, it answers
//! with the pipeline as it then is and the [`Effect`]s that the world is owed. It waits for nothing,
//! reads no clock and draws no lots, so any history can be replayed in a test, a simulation or a
//! debugger. Only `drive::apply` in `server` calls it.
//!
//! Deliberately absent: steps (runner), who may press which button (server), how to say it (forge).

pub mod diagram;
pub mod event;
pub mod invariants;
pub mod job;
pub mod pipeline;
pub mod workflow;

pub use event::{Effect, Event, IllegalEvent, NewJob, NewWorkflow};
pub use pipeline::{Pipeline, Transition, advance};

#[cfg(test)]
mod histories;
