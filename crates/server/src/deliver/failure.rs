//! Why an effect was not delivered, and whether and how long it is retried.

use std::time::Duration;

use roundel_forge::{ErrorClass, ForgeError};
use roundel_model::{limits, time::Timestamp};
use roundel_store::{StoreError, effects::PendingEffect};

use crate::forges::CallError;

/// Tries for errors that are probably permanent, such as not found: a forge's replicas may lag.
const FEW_TRIES: u32 = 4;

/// Why an effect was not delivered.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub(super) struct EffectError {
    pub(super) reason: String,
    pub(super) retry_after: Option<Duration>,
    retry: Retry,
}

/// Whether a retry can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Retry {
    /// It may succeed within this time since it became due.
    For(Duration),
    /// It may succeed within a few tries.
    Times(u32),
    /// It cannot succeed.
    Never,
}

impl EffectError {
    /// A failure that may pass.
    pub(super) fn later(reason: impl Into<String>) -> Self {
        let retry = Retry::For(limits::REPORT_RETRY);
        Self { reason: reason.into(), retry_after: None, retry }
    }

    /// A failure that trying again does not change.
    pub(super) fn never(reason: impl Into<String>) -> Self {
        Self { retry: Retry::Never, ..Self::later(reason) }
    }

    /// A call to the forge failed; it is retried for `retry_for` if it may succeed then.
    pub(super) fn of_call(error: CallError, retry_for: Duration) -> Self {
        match error {
            CallError::Store(error) => Self { retry: Retry::For(retry_for), ..error.into() },
            CallError::Forge(error) => Self::of_forge(&error, retry_for),
        }
    }

    fn of_forge(error: &ForgeError, retry_for: Duration) -> Self {
        // A refused token is as good as transient: as soon as its owner signs in again, what waited
        // is delivered (VCS-079).
        let retry = if error.is_transient() || error.class == ErrorClass::Unauthorized {
            Retry::For(retry_for)
        } else if error.class == ErrorClass::Invalid {
            Retry::Never
        } else {
            Retry::Times(FEW_TRIES)
        };
        Self { retry, retry_after: error.retry_after, ..Self::later(error.to_string()) }
    }

    /// Returns whether no further try is made.
    pub(super) fn should_give_up(&self, effect: &PendingEffect, now: Timestamp) -> bool {
        match self.retry {
            Retry::Never => true,
            Retry::Times(most) => effect.attempts >= most,
            Retry::For(retry_for) => now.since(effect.created_at) > retry_for,
        }
    }
}

impl From<StoreError> for EffectError {
    fn from(error: StoreError) -> Self {
        Self::later(error.to_string())
    }
}
