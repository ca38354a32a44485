//! The log of a step: masked, spooled to disk, uploaded until the server has it (invariant 3).
//!
//! ```text
//! pty ──▶ StepLog::write ──▶ Masker ──▶ Spool (file) ──▶ Uplink ──▶ PUT …/log?offset=N
//!                            secrets    survives a       until acknowledged, in order
//!                            go here    server restart
//!                               └─────▶ Tail (ring), beyond half of the limit;
//!                                       into the spool when the step has ended
//! ```
//!
//! Deliberately absent: what is written (the steps), and any rendering: bytes go as they come.

mod mask;
mod spool;
mod sudo;
mod tail;
mod uplink;
mod writer;

pub(crate) use mask::Secrets;
pub(crate) use spool::Spool;
pub(crate) use uplink::{Uplink, UplinkError};
pub(crate) use writer::{LogFiles, StepLog};
