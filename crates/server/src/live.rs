//! News for pages that are open. Losing one is harmless: pages read the rows, news only say when.

use roundel_model::id::{JobId, PipelineId, ProjectId};
use tokio::sync::broadcast;

/// Something that an open page may want to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// A pipeline, or something in it, changed its status.
    Pipeline { project: ProjectId, pipeline: PipelineId },
    /// A step of a job started or ended.
    Step { job: JobId },
    /// A log grew.
    Log { job: JobId, task: u32, step: u32, total: u64 },
    /// A delivery came or was decided.
    Delivery { project: ProjectId },
    /// A set-up moved on.
    Setup { project: ProjectId },
}

/// Spreads news to whoever listens.
pub struct Live {
    sender: broadcast::Sender<News>,
}

impl Default for Live {
    fn default() -> Self {
        Self { sender: broadcast::channel(4096).0 }
    }
}

impl Live {
    /// Tells everybody who listens. Nobody listening is fine.
    pub fn tell(&self, news: News) {
        drop(self.sender.send(news));
    }

    /// Listens from now on.
    pub fn listen(&self) -> broadcast::Receiver<News> {
        self.sender.subscribe()
    }
}
