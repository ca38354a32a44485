//! Updates for pages that are open. Losing one is harmless: pages read the rows, an update only says
//! when.

use roundel_model::id::{JobId, PipelineId, ProjectId};
use tokio::sync::broadcast;

/// How many updates a slow subscriber may be behind before it loses some.
const BACKLOG: usize = 4096;

/// Something that an open page may want to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// A pipeline, or something in it, changed its status.
    Pipeline { project: ProjectId, pipeline: PipelineId },
    /// A step of a job started or ended.
    Step { job: JobId },
    /// A log grew.
    Log {
        job: JobId,
        task: u32,
        step: u32,
        /// Bytes of the log that are stored by now.
        total: u64,
    },
    /// A delivery came or was decided.
    Delivery { project: ProjectId },
    /// A setup moved on.
    Setup { project: ProjectId },
}

/// Publishes updates to every open page.
pub struct Live {
    sender: broadcast::Sender<Update>,
}

impl Default for Live {
    fn default() -> Self {
        Self { sender: broadcast::channel(BACKLOG).0 }
    }
}

impl Live {
    /// Publishes an update. It is fine if no page is open.
    pub fn publish(&self, update: Update) {
        drop(self.sender.send(update));
    }

    /// Returns what receives every update from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Update> {
        self.sender.subscribe()
    }

    /// Returns whether a page is open: what only pages need is then worth reading.
    pub fn has_subscribers(&self) -> bool {
        self.sender.receiver_count() > 0
    }
}
