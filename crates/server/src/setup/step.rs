//! What the steps of setups share: what they work on, how they fail, how often they try.

use std::{sync::Arc, time::Duration};

use roundel_forge::{AccessToken, ErrorClass, Forge, ForgeError, RepositoryRef};
use roundel_store::{Store, StoreError, projects::Project};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::under_way::UnderWay;
use crate::{
    forges::Forges,
    links::Links,
    live::Live,
    retry::{self, RetryPace},
    trigger::PipelineStarter,
};

/// How often something is tried at a forge that is unavailable, while a user watches.
const TRIES: u32 = 4;

/// What setups need.
pub struct Setups {
    pub(crate) store: Store,
    pub(crate) forges: Arc<Forges>,
    pub(crate) links: Links,
    pub(crate) live: Arc<Live>,
    /// Starts the first pipeline.
    pub(crate) starter: PipelineStarter,
    /// How long to wait before another try.
    pub(crate) pace: RetryPace,
    /// Those that run in this process.
    pub(crate) under_way: UnderWay,
    /// Owns the sequences, which outlive the requests that began them.
    pub(crate) tasks: TaskTracker,
    /// Canceled when the server stops.
    pub(crate) stopping: CancellationToken,
}

/// What the steps of one setup share.
pub(super) struct Run<'a> {
    pub(super) setups: &'a Setups,
    pub(super) project: &'a Project,
    pub(super) forge: Arc<dyn Forge>,
    pub(super) repository: RepositoryRef,
    pub(super) token: AccessToken,
}

/// Why a step failed: a sentence for people.
#[derive(Debug, thiserror::Error)]
pub(super) enum StepError {
    #[error("{0}")]
    Message(String),
    #[error(transparent)]
    Forge(#[from] ForgeError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Counts tries of something that may not simply be repeated.
pub(super) struct AttemptCounter {
    pace: RetryPace,
    done: u32,
}

impl AttemptCounter {
    /// Waits before the next try, or gives up.
    pub(super) async fn again(&mut self, error: ForgeError) -> Result<(), ForgeError> {
        // "Already there" (422) is seen by looking again; so is what was done before an answer
        // was lost.
        let may_help =
            error.is_transient() || matches!(error.class, ErrorClass::Invalid | ErrorClass::Broken);
        self.done += 1;
        let most = if error.class == ErrorClass::Invalid { 2 } else { TRIES };
        if !may_help || self.done >= most {
            return Err(error);
        }
        pause(self.pace, self.done, &error).await;
        Ok(())
    }
}

impl Run<'_> {
    /// Begins to count tries of something that may not simply be repeated.
    pub(super) const fn tries(&self) -> AttemptCounter {
        AttemptCounter { pace: self.setups.pace, done: 0 }
    }

    /// Repeats a call that is safe to repeat while the forge is unavailable.
    pub(super) async fn retry<T, F>(&self, call: impl Fn() -> F) -> Result<T, ForgeError>
    where
        F: Future<Output = Result<T, ForgeError>>,
    {
        let mut tries = 0;
        loop {
            match call().await {
                Err(error) if tries + 1 < TRIES && error.is_transient() => {
                    tries += 1;
                    pause(self.setups.pace, tries, &error).await;
                }
                answer => return answer,
            }
        }
    }
}

/// A user watches: a forge that asks to wait longer than this has failed the step.
async fn pause(pace: RetryPace, tries: u32, error: &ForgeError) {
    const LONGEST: Duration = Duration::from_secs(10);
    tokio::time::sleep(retry::pause(pace, tries, error.retry_after).min(LONGEST)).await;
}
