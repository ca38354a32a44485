//! What happens next to a pipeline, its workflows and its jobs.
//!
//! [`advance`] is the whole machine: given a pipeline as it is, an [`Event`] and the time, it answers
//! with the pipeline as it then is and the [`Effect`]s: what has to be done outside. It waits for
//! nothing, reads no clock and no random numbers, so any history can be replayed in a test, a simulation
//! or a debugger. Only `drive::apply` in `server` calls it.
//!
//! Deliberately absent: steps (runner), who may approve or cancel what (server), how a forge is called
//! (forge).

pub mod advance;
pub mod diagram;
pub mod event;
pub mod illegal;
pub mod invariants;
pub mod job;
pub mod pipeline;
pub mod workflow;

mod effects;
mod graph;

pub use advance::{Abandoned, Next, Reason, Transition, advance};
pub use event::{Configuration, Effect, Event, NewJob, NewWorkflow};
pub use illegal::{BadGraph, IllegalEvent};
pub use pipeline::Pipeline;

#[cfg(test)]
mod histories;
