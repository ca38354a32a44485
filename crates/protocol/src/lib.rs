//! What server and runner say to each other: JSON over HTTP, with long polling.
//!
//! ```text
//! POST /runner/v1/claim                                   ClaimRequest  ─▶ 200 JobSpec | 204
//! POST /runner/v1/sign-off                                SignOffRequest ─▶ 204
//! POST /runner/v1/tasks/{job}/{index}/renew               RenewRequest  ─▶ 200 RenewAnswer
//! PUT  /runner/v1/tasks/{job}/{index}/steps/{number}      StepReport    ─▶ 204
//! PUT  /runner/v1/tasks/{job}/{index}/steps/{number}/log?offset=N  bytes ─▶ 200 LogAnswer | 409 LogAnswer
//! POST /runner/v1/tasks/{job}/{index}/finish              FinishReport  ─▶ 204
//! ```
//!
//! A claim and a sign-off carry the runner's token; everything else carries the token of the task, which the
//! claim handed out and which opens nothing but this task ([`JobSpec::token`]). Both travel as
//! `Authorization: Bearer`. Every task request names its lease in [`LEASE_HEADER`]; a request whose
//! lease is no longer held is answered with 410 and an [`ApiError`], and the runner stops the task.
//!
//! The previous release must still understand every message: fields are only added, always with a
//! default, and never change their meaning.

pub mod claim;
pub mod report;

/// Header that names the lease of a task request.
pub const LEASE_HEADER: &str = "roundel-lease";

/// Version of the protocol, part of every path.
pub const PREFIX: &str = "/runner/v1";

pub use claim::{
    CheckoutSpec, ClaimRequest, DeployKey, JobSpec, SignOffRequest, TaskLimits, TaskRef, Variable,
    VariableSource,
};
pub use report::{
    ApiError, ErrorCode, FinishReport, LogAnswer, RenewAnswer, RenewRequest, StepReport,
};
