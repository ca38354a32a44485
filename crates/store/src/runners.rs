//! Runners that were seen.

use roundel_model::time::Timestamp;
use crate::{Store, StoreError};

/// A runner, as it last introduced itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunnerRow { pub name: String, pub version: String, pub resource_classes: Vec<String>, pub executors: Vec<String>, pub last_seen_at: Timestamp }

impl Store {
    pub async fn touch_runner(&self, runner: &RunnerRow) -> Result<(), StoreError> { todo!() }
    pub async fn runners(&self) -> Result<Vec<RunnerRow>, StoreError> { todo!() }
    /// Small settings of the instance, by key (JSON text).
    pub async fn setting(&self, key: &str) -> Result<Option<String>, StoreError> { todo!() }
    pub async fn put_setting(&self, key: &str, value: &str) -> Result<(), StoreError> { todo!() }
}
