//! The inbox: webhook requests as they came, and what became of each.

use roundel_model::{forge::ForgeKind, id::{DeliveryId, HookId, PipelineId, ProjectId}, time::Timestamp};
use crate::{Store, StoreError};

/// A webhook request with a right signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDelivery {
    pub id: DeliveryId, pub hook: HookId, pub project: ProjectId, pub forge: ForgeKind,
    /// The forge's id of it: the same again is a duplicate.
    pub guid: String,
    /// The event's name from the header: `push`, `repo:push`.
    pub event: String,
    pub body: Vec<u8>, pub received_at: Timestamp,
}
/// What recording a delivery found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded { New, Duplicate(DeliveryId) }

/// A delivery with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub id: DeliveryId, pub hook: HookId, pub project: ProjectId, pub forge: ForgeKind, pub guid: String,
    pub event: String, pub received_at: Timestamp, pub decided_at: Option<Timestamp>,
    /// How often processing it was tried, and what went wrong last.
    pub attempts: u32, pub last_error: Option<String>,
    /// One for each change that it tells of. Empty while undecided.
    pub verdicts: Vec<Verdict>,
    pub size_bytes: u64,
}
/// The receipt of one change (invariant 8).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Started { pipeline: PipelineId, number: u64, what: String },
    /// The same push had started it already.
    Known { pipeline: PipelineId, number: u64, what: String },
    Ignored { what: String, because: String },
}

impl Store {
    /// Writes a delivery durably: when this returns, it is on disk. Many at a time share a commit.
    pub async fn record_delivery(&self, delivery: NewDelivery) -> Result<Recorded, StoreError> { todo!() }
    /// Takes the oldest undecided delivery that is due and keeps others from it until `leased_until`.
    pub async fn next_delivery(&self, now: Timestamp, leased_until: Timestamp) -> Result<Option<(Delivery, Vec<u8>)>, StoreError> { todo!() }
    pub async fn decide_delivery(&self, id: DeliveryId, verdicts: &[Verdict], now: Timestamp) -> Result<(), StoreError> { todo!() }
    /// Tries again later (a forge that is unwell).
    pub async fn postpone_delivery(&self, id: DeliveryId, until: Timestamp, error: &str) -> Result<(), StoreError> { todo!() }
    pub async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, StoreError> { todo!() }
    pub async fn delivery_body(&self, id: DeliveryId) -> Result<Option<Vec<u8>>, StoreError> { todo!() }
    /// Newest first.
    pub async fn deliveries(&self, project: ProjectId, limit: u32) -> Result<Vec<Delivery>, StoreError> { todo!() }
}
