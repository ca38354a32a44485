//! Which projects this process is setting up: one setup for each at a time.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use roundel_model::id::ProjectId;

/// Projects whose setup runs in this process.
#[derive(Default)]
pub(crate) struct UnderWay(Mutex<HashSet<ProjectId>>);

impl UnderWay {
    /// Enters a project; `false` if its setup runs already.
    pub(super) fn enter(&self, project: ProjectId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(project)
    }

    pub(super) fn leave(&self, project: ProjectId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&project);
    }
}
