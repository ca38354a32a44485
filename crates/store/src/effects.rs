//! The outbox: what the world is owed, until it is paid.

use roundel_engine::Effect;
use roundel_model::{id::{EffectId, PipelineId}, time::Timestamp};
use crate::{Store, StoreError};

/// An effect that is not paid yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwedEffect {
    pub id: EffectId, pub pipeline: PipelineId, pub effect: Effect, pub attempts: u32,
    pub created_at: Timestamp,
    /// Grows each time the same thing is owed again: paying an older one does not settle a newer.
    pub generation: u64,
}

impl Store {
    /// Takes effects that are due, oldest first, and keeps other payers from them until `leased_until`.
    /// Effects of the same pipeline, kind and subject are one row: what is owed twice is paid once.
    pub async fn due_effects(&self, now: Timestamp, leased_until: Timestamp, limit: u32) -> Result<Vec<OwedEffect>, StoreError> { todo!() }
    /// Settles it, unless it was owed again since (`generation`).
    pub async fn effect_paid(&self, owed: &OwedEffect, now: Timestamp) -> Result<(), StoreError> { todo!() }
    pub async fn effect_failed(&self, owed: &OwedEffect, error: &str, retry_at: Timestamp) -> Result<(), StoreError> { todo!() }
    /// Gives up on it; the reason is shown on the pipeline's page.
    pub async fn effect_parked(&self, owed: &OwedEffect, reason: &str, now: Timestamp) -> Result<(), StoreError> { todo!() }
    /// When the next effect falls due.
    pub async fn next_effect_at(&self) -> Result<Option<Timestamp>, StoreError> { todo!() }
    /// Effects of a pipeline that failed or were given up: (effect, attempts, error, parked).
    pub async fn troubled_effects(&self, pipeline: PipelineId) -> Result<Vec<(Effect, u32, String, bool)>, StoreError> { todo!() }
}
