//! Reporting: renewals, steps, logs and the verdict.

use std::time::Duration;

use roundel_model::{
    status::{Outcome, StepStatus},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// A runner is alive and wants to keep its lease.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewRequest {}

/// The lease is renewed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewAnswer {
    /// How long it lasts from now.
    pub lease_duration: Duration,
}

/// Where a step is. Sent when it starts, and when it ends; the same number again replaces it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReport {
    /// What people see.
    pub name: String,
    /// What kind of step it is.
    pub kind: StepKindName,
    /// What it is doing, or how it ended.
    pub status: StepStatus,
    /// The command, as shown in clear: it holds no secret values.
    #[serde(default)]
    pub command: Option<String>,
    /// The line of the configuration that asks for it.
    #[serde(default)]
    pub line: Option<u32>,
    /// Runs beside the others.
    #[serde(default)]
    pub background: bool,
    /// Exit code of its process, once it ended.
    #[serde(default)]
    pub exit_code: Option<i32>,
    /// When it started, by the runner's clock.
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
    /// Its output was cut at the limit.
    #[serde(default)]
    pub truncated: bool,
}

/// The kind of a step, for icons and clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKindName {
    /// Step 0: preparing the environment.
    SpinUp,
    /// Step 99: showing the variables.
    Variables,
    /// A command.
    Run,
    /// Fetching the code.
    Checkout,
    /// Output of a service container.
    Service,
}

/// Where the log of a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogAnswer {
    /// Bytes that are stored durably. The runner may forget them, and goes on from here.
    pub committed: u64,
}

/// How a task ended. Only the holder of the lease has a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinishReport {
    /// The verdict.
    pub outcome: Outcome,
    /// One sentence for the job page when it is not plain from the steps.
    #[serde(default)]
    pub reason: Option<String>,
    /// Limits that the host could not enforce, one sentence each.
    #[serde(default)]
    pub not_enforced: Vec<String>,
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Stable code: `lease-lost`, `canceled`, `unauthorized`, `bad-request`.
    pub code: String,
    /// A sentence.
    pub message: String,
}
