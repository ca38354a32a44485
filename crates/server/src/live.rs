//! News for pages that are open. Losing one is harmless: pages read the rows, news only say when.

use roundel_model::id::{JobId, PipelineId, ProjectId};
use tokio::sync::broadcast;

/// How many news a slow listener may be behind before it loses some.
const BACKLOG: usize = 4096;

/// Something that an open page may want to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// A pipeline, or something in it, changed its status.
    Pipeline {
        /// Its project.
        project: ProjectId,
        /// The pipeline.
        pipeline: PipelineId,
    },
    /// A step of a job started or ended.
    Step {
        /// The job.
        job: JobId,
    },
    /// A log grew.
    Log {
        /// The job.
        job: JobId,
        /// Index of the task.
        task: u32,
        /// Number of the step.
        step: u32,
        /// Bytes that are stored.
        total: u64,
    },
    /// A delivery came or was decided.
    Delivery {
        /// Its project.
        project: ProjectId,
    },
    /// A set-up moved on.
    Setup {
        /// Its project.
        project: ProjectId,
    },
}

/// Spreads news to whoever listens.
pub struct Live {
    sender: broadcast::Sender<News>,
}

impl Default for Live {
    fn default() -> Self {
        Self { sender: broadcast::channel(BACKLOG).0 }
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

    /// Tells whether anybody listens: what only they would need need not be looked up.
    pub fn has_listeners(&self) -> bool {
        self.sender.receiver_count() > 0
    }
}
