//! One change of a delivery that is being decided: what that needs, and why it may have to wait.

use std::{sync::Arc, time::Duration};

use roundel_forge::ForgeError;
use roundel_store::{
    Store, StoreError,
    deliveries::{Delivery, IgnoredReason, Receipt},
    projects::Project,
};

use crate::{
    forges::{CallError, Forges},
    live::Live,
    retry::{self, Attempt, RetryPace},
    role_cache::RoleCache,
    trigger::{PipelineStarter, TriggerError},
};

/// What deciding deliveries needs.
pub(crate) struct Intake {
    pub(crate) store: Store,
    pub(crate) forges: Arc<Forges>,
    pub(crate) starter: PipelineStarter,
    pub(crate) roles: Arc<RoleCache>,
    pub(crate) live: Arc<Live>,
    pub(crate) pace: RetryPace,
}

/// What deciding one change of a delivery needs.
pub(super) struct ChangeContext<'a> {
    pub(super) intake: &'a Intake,
    pub(super) project: &'a Project,
    pub(super) delivery: &'a Delivery,
    pub(super) attempt: Attempt,
}

impl ChangeContext<'_> {
    /// Returns the result of a call to the forge: its answer, or its error where asking again would not help.
    ///
    /// # Errors
    ///
    /// The delivery is postponed: the store failed, or the forge may answer later.
    pub(super) fn unless_postponed<T>(
        &self,
        called: Result<T, CallError>,
    ) -> Result<Result<T, ForgeError>, Postponed> {
        match called {
            Ok(answer) => Ok(Ok(answer)),
            Err(CallError::Store(error)) => Err(error.into()),
            Err(CallError::Forge(error)) if self.attempt.postpones(&error) => {
                Err(Postponed::Forge(error))
            }
            Err(CallError::Forge(error)) => Ok(Err(error)),
        }
    }
}

/// Why a delivery cannot be decided now.
#[derive(Debug, thiserror::Error)]
pub(super) enum Postponed {
    #[error("the Git provider is unavailable: {0}")]
    Forge(ForgeError),
    #[error(transparent)]
    Trigger(#[from] TriggerError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Postponed {
    pub(super) fn pause(&self, pace: RetryPace, attempts: u32) -> Duration {
        let asked = match self {
            Self::Forge(error) | Self::Trigger(TriggerError::Later(error)) => error.retry_after,
            Self::Trigger(TriggerError::Store(_) | TriggerError::Drive(_)) | Self::Store(_) => None,
        };
        retry::pause(pace, attempts.saturating_sub(1), asked)
    }
}

/// Makes the receipt of something that started nothing.
pub(super) fn ignored(
    what: impl Into<String>,
    reason: IgnoredReason,
    because: impl Into<String>,
) -> Receipt {
    Receipt::Ignored { what: what.into(), because: because.into(), reason }
}
