//! Configurations that a forge fails to return while it answers other requests, and since when.
//!
//! How old the push is says nothing about that: the server or the whole forge may have been away. What is
//! counted is in memory only: a server that starts again counts again, which costs minutes and loses no
//! push.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use roundel_model::{id::ProjectId, name::CommitSha, time::Timestamp};

/// Files that are remembered. The one that fails for the longest is forgotten first, which only costs
/// asking for it again.
const MAX_FILES: usize = 1_024;

/// The configuration at a commit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct FailingFile {
    pub(super) project: ProjectId,
    pub(super) sha: CommitSha,
}

/// What to do about a file that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterFailure {
    /// It may be there later.
    TryAgain,
    /// It has failed for long enough.
    GiveUp,
}

/// What failed alone, and when it first did.
#[derive(Debug)]
pub(crate) struct FailingFiles {
    since: Mutex<HashMap<FailingFile, Timestamp>>,
    give_up_after: Duration,
}

impl FailingFiles {
    /// Remembers nothing yet.
    pub(crate) fn new(give_up_after: Duration) -> Self {
        Self { since: Mutex::default(), give_up_after }
    }

    /// Notes that a file fails while the forge answers other requests, and says what to do about that.
    /// What is given up is forgotten.
    pub(super) fn note_failure(&self, file: &FailingFile, now: Timestamp) -> AfterFailure {
        let mut all = self.lock();
        if all.len() >= MAX_FILES
            && !all.contains_key(file)
            && let Some(oldest) = all.iter().min_by_key(|(_, since)| **since)
        {
            let oldest = oldest.0.clone();
            all.remove(&oldest);
        }
        let since = *all.entry(file.clone()).or_insert(now);
        if now.since(since) > self.give_up_after {
            all.remove(file);
            AfterFailure::GiveUp
        } else {
            AfterFailure::TryAgain
        }
    }

    /// Notes that a file does not fail, or not alone.
    pub(super) fn forget(&self, file: &FailingFile) {
        self.lock().remove(file);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<FailingFile, Timestamp>> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(number: usize) -> FailingFile {
        let sha = CommitSha::from(format!("{number:040x}").as_str());
        FailingFile { project: ProjectId::from_u128(1), sha }
    }

    #[test]
    fn a_file_is_given_up_long_after_it_first_failed_alone() {
        let begun = Timestamp::now();
        let after = |seconds| begun.plus(Duration::from_secs(seconds));
        let files = FailingFiles::new(Duration::from_secs(10));
        let note = |number, now| files.note_failure(&file(number), now);
        assert_eq!(note(1, begun), AfterFailure::TryAgain);
        assert_eq!(note(1, after(10)), AfterFailure::TryAgain);
        assert_eq!(note(2, after(11)), AfterFailure::TryAgain, "each is counted by itself");
        assert_eq!(note(1, after(11)), AfterFailure::GiveUp);
        assert_eq!(note(1, after(12)), AfterFailure::TryAgain, "what was given up is over");
        files.forget(&file(2));
        assert_eq!(
            note(2, after(30)),
            AfterFailure::TryAgain,
            "the forge was unavailable meanwhile"
        );
    }

    #[test]
    fn the_oldest_files_are_forgotten() {
        let begun = Timestamp::now();
        let files = FailingFiles::new(Duration::ZERO);
        for number in 0..=MAX_FILES {
            let now = begun.plus(Duration::from_secs(u64::try_from(number).unwrap()));
            assert_eq!(files.note_failure(&file(number), now), AfterFailure::TryAgain);
        }
        assert_eq!(files.lock().len(), MAX_FILES);
        assert!(!files.lock().contains_key(&file(0)));
    }
}
