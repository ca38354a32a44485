//! Whether the server can do its work: it reaches its database.
//!
//! A monitor asks every few seconds. What is wrong is logged when it begins and when it is over, and not
//! for every question in between.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use roundel_store::{Store, StoreError};

/// How long the database may take. Monitors wait for a few seconds themselves.
const TIMEOUT: Duration = Duration::from_secs(1);

/// How long is spent on finding out why it did not answer.
const CAUSE_TIMEOUT: Duration = Duration::from_millis(500);

/// What was found the last time.
#[derive(Default)]
pub(crate) struct Health {
    is_failing: AtomicBool,
}

impl Health {
    /// Returns whether the database answers.
    pub(crate) async fn check(&self, store: &Store) -> bool {
        match store.ping(TIMEOUT).await {
            Ok(()) => {
                if self.is_failing.swap(false, Ordering::Relaxed) {
                    tracing::info!("the database answers again");
                }
                true
            }
            Err(error) => {
                if !self.is_failing.swap(true, Ordering::Relaxed) {
                    report(store, &error).await;
                }
                false
            }
        }
    }
}

async fn report(store: &Store, error: &StoreError) {
    let why = store.why_unreachable(CAUSE_TIMEOUT).await;
    let error = why.as_ref().unwrap_or(error);
    tracing::error!(%error, "the database does not answer; /healthz answers 503 until it does");
}
