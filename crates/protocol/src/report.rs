//! Reporting: renewals, steps, logs and the outcome.

use std::time::Duration;

use roundel_model::{
    kind::StepKind,
    status::{Outcome, StepStatus},
    time::Timestamp,
    word::Word,
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
    /// Title on the job's page.
    pub name: String,
    pub kind: Word<StepKind>,
    /// Its status when the report was sent.
    pub status: StepStatus,
    /// The command, as shown in clear: it holds no secret values.
    #[serde(default)]
    pub command: Option<String>,
    /// The line of the configuration that asks for it.
    #[serde(default)]
    pub line: Option<u32>,
    /// Runs concurrently with the others.
    #[serde(default)]
    pub background: bool,
    /// Exit code of its process, once it ended.
    #[serde(default)]
    pub exit_code: Option<i32>,
    /// When it started, by the runner's clock.
    pub started_at: Timestamp,
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
    /// Its output was cut at the limit.
    #[serde(default)]
    pub truncated: bool,
}

/// How much of a step's log is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogAnswer {
    /// Bytes that are stored durably. The runner may forget them, and continues from here.
    pub committed: u64,
}

/// How a task ended. Only the holder of the lease may report it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinishReport {
    pub outcome: Outcome,
    /// One sentence for the job page when it is not plain from the steps.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// For programs: stable, and perhaps of a newer release.
    pub code: Word<ErrorCode>,
    /// For people: one sentence.
    pub message: String,
}

roundel_model::words! {
    /// What programs distinguish errors by.
    ErrorCode ("error code") {
        /// The lease on the task is no longer held: stop, the outcome does not count.
        LeaseLost = "lease-lost",
        /// The job was canceled: stop.
        Canceled = "canceled",
        /// The token does not allow this.
        Unauthorized = "unauthorized",
        /// The request is not one that the protocol allows here.
        BadRequest = "bad-request",
        /// The server cannot serve it now: try again.
        Unavailable = "unavailable",
        /// The server made a mistake, which its log describes.
        Internal = "internal",
        /// There is no such thing, or the token may not see it.
        NotFound = "not-found",
        /// The message is larger than its limit.
        TooLarge = "too-large",
        /// The orb has errors.
        UnsoundOrb = "unsound-orb",
        /// The organization is not known here.
        UnknownOrganization = "unknown-organization",
        /// The version was published before, with another source.
        VersionExists = "version-exists",
        /// The namespace does not exist, and the request does not say who is to own it.
        NoOwner = "no-owner",
        /// The namespace belongs to another organization.
        OtherOwner = "other-owner",
        /// The orb has as many versions as an orb may have.
        TooManyVersions = "too-many-versions",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_that_earlier_releases_know() {
        let codes = &ErrorCode::ALL[..5];
        assert_eq!(
            serde_json::to_value(codes).unwrap(),
            serde_json::json!([
                "lease-lost",
                "canceled",
                "unauthorized",
                "bad-request",
                "unavailable"
            ])
        );
    }

    /// A newer server may refuse for a reason that this runner does not know.
    #[test]
    fn an_error_with_an_unknown_code_is_still_an_error() {
        let text = r#"{"code":"draining","message":"come back later"}"#;
        let error: ApiError = serde_json::from_str(text).unwrap();
        assert_eq!(error.code, Word::Other("draining".to_owned()));
        assert_eq!(serde_json::to_string(&error).unwrap(), text);
    }

    /// A newer runner may report a kind of step that this server does not know.
    #[test]
    fn a_step_of_an_unknown_kind_is_still_reported() {
        let text = r#"{"name":"x","kind":"save_cache","status":"running","started_at":1}"#;
        let report: StepReport = serde_json::from_str(text).unwrap();
        assert_eq!(report.kind, Word::Other("save_cache".to_owned()));
    }
}
