//! Why an effect was not delivered, and how long that is worth trying again.

use std::time::Duration;

use roundel_forge::{ErrorClass, ForgeError};
use roundel_model::{limits, time::Timestamp};
use roundel_store::{StoreError, effects::PendingEffect};

use crate::forges::CallError;

/// How often something that the forge does not find is looked for again: it may be behind itself.
const NOT_FOUND_TRIES: u32 = 4;

/// Why an effect was not delivered.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub(super) struct EffectError {
    pub(super) reason: String,
    pub(super) retry_after: Option<Duration>,
    retry: Retry,
}

/// What trying again is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Retry {
    /// It may succeed, and is worth this much time since it became due.
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

    /// A call to the forge failed. What the call does is `worth` so much time.
    pub(super) fn of_call(error: CallError, worth: Duration) -> Self {
        match error {
            CallError::Store(error) => Self { retry: Retry::For(worth), ..error.into() },
            CallError::Forge(error) => Self::of_forge(error, worth),
        }
    }

    fn of_forge(error: ForgeError, worth: Duration) -> Self {
        // A refused token is as good as transient: as soon as its owner signs in again, what waited
        // is delivered (VCS-079).
        let retry = if error.is_transient() || error.class == ErrorClass::Unauthorized {
            Retry::For(worth)
        } else if error.class == ErrorClass::Invalid {
            Retry::Never
        } else {
            Retry::Times(NOT_FOUND_TRIES)
        };
        Self { retry, retry_after: error.retry_after, ..Self::later(error.message) }
    }

    /// Returns whether trying again is not worth it any more.
    pub(super) fn is_hopeless(&self, effect: &PendingEffect, now: Timestamp) -> bool {
        match self.retry {
            Retry::Never => true,
            Retry::Times(most) => effect.attempts >= most,
            Retry::For(worth) => now.since(effect.created_at) > worth,
        }
    }
}

impl From<StoreError> for EffectError {
    fn from(error: StoreError) -> Self {
        Self::later(error.to_string())
    }
}
