//! Steps and their logs: chunks by offset, compressed, never with a hidden gap (invariant 3).

use roundel_model::{id::JobId, status::StepStatus, time::Timestamp};
use crate::{Store, StoreError};

/// One step of one task, as the runner reported it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRow {
    pub job: JobId, pub task: u32, pub number: u32, pub name: String, pub kind: String, pub status: StepStatus,
    pub command: Option<String>, pub line: Option<u32>, pub background: bool, pub exit_code: Option<i32>,
    pub started_at: Timestamp, pub ended_at: Option<Timestamp>, pub truncated: bool, pub log_bytes: u64,
}
/// What appending found. The number is how many bytes are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended { Committed(u64), WrongOffset(u64) }
/// A piece of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSlice {
    pub from: u64, pub bytes: Vec<u8>, pub total: u64,
    /// (offset, time) marks within the piece: the bytes from `offset` on came at `time`.
    pub times: Vec<(u64, Timestamp)>,
}

impl Store {
    /// Writes or replaces a step. Does not touch its log.
    pub async fn put_step(&self, step: &StepRow) -> Result<(), StoreError> { todo!() }
    pub async fn steps(&self, job: JobId) -> Result<Vec<StepRow>, StoreError> { todo!() }
    /// Ends what still runs, when a job ended without its runner.
    pub async fn end_running_steps(&self, job: JobId, status: StepStatus, now: Timestamp) -> Result<(), StoreError> { todo!() }
    /// Appends a piece at `offset`. A repeated piece (offset below what is stored) is not stored
    /// again: `Committed` if all of it is there, the rest of it is appended if it reaches further.
    pub async fn append_log(&self, job: JobId, task: u32, step: u32, offset: u64, bytes: &[u8], now: Timestamp) -> Result<Appended, StoreError> { todo!() }
    /// Reads at most `max_bytes` from `from` on.
    pub async fn read_log(&self, job: JobId, task: u32, step: u32, from: u64, max_bytes: usize) -> Result<LogSlice, StoreError> { todo!() }
}
