//! The spool: one step's log on the runner's disk, until the server has it.
//!
//! It is a file that only grows, with two counters: how much is written and how much the server has
//! acknowledged. Everything stays readable until the task is over, so that a server that forgot
//! what it had said can be sent it again.
//!
//! Deliberately absent: fsync. A runner that dies loses its lease and its outcome with it; what the
//! spool must survive is a server that is unreachable, not a crash of the runner.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt as _,
    path::Path,
    sync::{Mutex, PoisonError},
};

use tokio::sync::Notify;

/// How far the spool may run ahead of the server before the job's output is no longer read.
const BACKLOG_BYTES: u64 = 32 << 20;

/// One step's log on disk.
pub(crate) struct Spool {
    file: File,
    progress: Mutex<Progress>,
    room: Notify,
}

#[derive(Clone, Copy, Default)]
struct Progress {
    written: u64,
    acknowledged: u64,
}

impl Spool {
    /// Makes the file.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let file = File::options().read(true).write(true).create_new(true).open(path)?;
        Ok(Self { file, progress: Mutex::default(), room: Notify::new() })
    }

    /// Appends a piece. On failure nothing of it counts.
    pub(crate) fn append(&self, bytes: &[u8]) -> io::Result<()> {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        self.file.write_all_at(bytes, progress.written)?;
        progress.written += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Returns how many bytes were written.
    pub(crate) fn written(&self) -> u64 {
        self.progress().written
    }

    /// Returns what the server does not have yet: where it begins, and at most `max_bytes` of it.
    pub(crate) fn pending(&self, max_bytes: usize) -> io::Result<Option<(u64, Vec<u8>)>> {
        let Progress { written, acknowledged } = self.progress();
        let length = usize::try_from(written - acknowledged).unwrap_or(usize::MAX).min(max_bytes);
        if length == 0 {
            return Ok(None);
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, acknowledged)?;
        Ok(Some((acknowledged, bytes)))
    }

    /// Records how much the server has. It may be less than before.
    ///
    /// # Errors
    ///
    /// The server has more than was ever written: another runner wrote to this log.
    pub(crate) fn acknowledge(&self, committed: u64) -> Result<(), ForeignBytes> {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        if committed > progress.written {
            return Err(ForeignBytes { committed, written: progress.written });
        }
        progress.acknowledged = committed;
        drop(progress);
        self.room.notify_waiters();
        Ok(())
    }

    /// Returns whether the server is too far behind for more output.
    pub(crate) fn is_full(&self) -> bool {
        let progress = self.progress();
        progress.written - progress.acknowledged >= BACKLOG_BYTES
    }

    /// Waits until it is not full.
    pub(crate) async fn has_room(&self) {
        loop {
            let notified = self.room.notified();
            tokio::pin!(notified);
            notified.as_mut().enable();
            if !self.is_full() {
                return;
            }
            notified.await;
        }
    }

    fn progress(&self) -> Progress {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The server has bytes that this runner did not send.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server has {committed} bytes of a log of which {written} were written")]
pub(crate) struct ForeignBytes {
    committed: u64,
    written: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spool() -> (tempfile::TempDir, Spool) {
        let directory = tempfile::tempdir().unwrap();
        let spool = Spool::create(&directory.path().join("101.log")).unwrap();
        (directory, spool)
    }

    #[test]
    fn what_is_not_acknowledged_is_offered_again() {
        let (_directory, spool) = spool();
        spool.append(b"hello ").unwrap();
        spool.append(b"world").unwrap();
        assert_eq!(spool.pending(8).unwrap(), Some((0, b"hello wo".to_vec())));
        spool.acknowledge(6).unwrap();
        assert_eq!(spool.pending(8).unwrap(), Some((6, b"world".to_vec())));
        // A restored server may know less than it once said.
        spool.acknowledge(2).unwrap();
        assert_eq!(spool.pending(100).unwrap(), Some((2, b"llo world".to_vec())));
        spool.acknowledge(11).unwrap();
        assert_eq!(spool.pending(100).unwrap(), None);
    }

    #[test]
    fn a_server_that_has_more_than_was_written_is_not_believed() {
        let (_directory, spool) = spool();
        spool.append(b"abc").unwrap();
        assert_eq!(spool.acknowledge(4), Err(ForeignBytes { committed: 4, written: 3 }));
    }

    #[tokio::test]
    async fn a_full_spool_has_room_again_once_the_server_caught_up() {
        let (_directory, spool) = spool();
        let block = vec![b'x'; usize::try_from(BACKLOG_BYTES).unwrap()];
        spool.append(&block).unwrap();
        assert!(spool.is_full());
        let spool = std::sync::Arc::new(spool);
        let waiting = tokio::spawn({
            let spool = std::sync::Arc::clone(&spool);
            async move { spool.has_room().await }
        });
        spool.acknowledge(BACKLOG_BYTES).unwrap();
        waiting.await.unwrap();
        assert!(!spool.is_full());
    }
}
