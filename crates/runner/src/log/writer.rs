//! The writing end of a step's log: masks, cuts at the limit, spools.

use std::{io, sync::Arc};

use tokio::sync::Notify;

use super::{
    mask::{Masker, Secrets},
    spool::Spool,
    sudo::SudoRefusal,
};

/// Kept free below the limit for what the runner itself has to say at the end of a step.
const RESERVED_BYTES: u64 = 4096;

/// The log of one step, as it is written.
pub(crate) struct StepLog {
    masker: Masker,
    spool: Arc<Spool>,
    uplink: Arc<Notify>,
    limit_bytes: u64,
    truncated: bool,
    at_line_start: bool,
    sudo: SudoRefusal,
}

impl StepLog {
    /// Starts the log. `uplink` is woken whenever there is something to upload.
    pub(crate) fn new(
        secrets: Arc<Secrets>,
        spool: Arc<Spool>,
        uplink: Arc<Notify>,
        limit_bytes: u64,
    ) -> Self {
        Self {
            masker: Masker::new(secrets),
            spool,
            uplink,
            limit_bytes: limit_bytes.saturating_sub(RESERVED_BYTES),
            truncated: false,
            at_line_start: true,
            sudo: SudoRefusal::default(),
        }
    }

    /// Appends output of the job. What exceeds the limit is dropped, after one line that says so.
    ///
    /// # Errors
    ///
    /// The runner's disk does not take it.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sudo.look(bytes);
        let mut seen = Vec::with_capacity(bytes.len());
        self.masker.push(bytes, &mut seen);
        self.append(&seen)
    }

    /// Lets out what is held back because it might become a secret.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        let mut seen = Vec::new();
        self.masker.flush(&mut seen);
        self.append(&seen)
    }

    /// Appends a line of the runner's own, on a line of its own. It is not subject to the limit.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        self.flush()?;
        let mut seen = Vec::with_capacity(text.len() + 2);
        if !self.at_line_start {
            seen.push(b'\n');
        }
        self.masker.push(text.as_bytes(), &mut seen);
        self.masker.flush(&mut seen);
        seen.push(b'\n');
        self.spool_up(&seen)
    }

    /// Returns whether something is held back because it might become a secret.
    pub(crate) fn holds(&self) -> bool {
        self.masker.holds()
    }

    /// Returns whether output was dropped.
    pub(crate) fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Returns whether `sudo` said that it may not become root.
    pub(crate) fn has_refused_sudo(&self) -> bool {
        self.sudo.seen
    }

    /// Returns the spool, for waiting until it has room.
    pub(crate) fn spool(&self) -> &Arc<Spool> {
        &self.spool
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() || self.truncated {
            return Ok(());
        }
        let room = self.limit_bytes.saturating_sub(self.spool.written());
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        if bytes.len() <= room {
            return self.spool_up(bytes);
        }
        self.spool_up(&bytes[..room])?;
        self.truncated = true;
        self.line(&format!(
            "[The output of this step is longer than {} bytes. The rest is not kept.]",
            self.limit_bytes
        ))
    }

    fn spool_up(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(last) = bytes.last() else { return Ok(()) };
        self.spool.append(bytes)?;
        self.at_line_start = *last == b'\n';
        self.uplink.notify_one();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(limit: u64, secrets: &[&str]) -> (tempfile::TempDir, StepLog) {
        let directory = tempfile::tempdir().unwrap();
        let spool = Arc::new(Spool::create(&directory.path().join("0.log")).unwrap());
        let secrets = Arc::new(Secrets::new(secrets.iter().copied()));
        (directory, StepLog::new(secrets, spool, Arc::new(Notify::new()), limit))
    }

    fn text(log: &StepLog) -> String {
        let pending = log.spool.pending(1 << 20).unwrap();
        String::from_utf8(pending.map(|(_, bytes)| bytes).unwrap_or_default()).unwrap()
    }

    #[test]
    fn a_step_that_floods_its_output_is_cut_and_says_so() {
        let (_directory, mut log) = log(RESERVED_BYTES + 10, &[]);
        log.write(b"12345678").unwrap();
        assert!(!log.is_truncated());
        log.write(b"90abc").unwrap();
        log.write(b"more").unwrap();
        log.line("CircleCI received exit code 0").unwrap();
        assert!(log.is_truncated());
        assert_eq!(
            text(&log),
            "1234567890\n[The output of this step is longer than 10 bytes. The rest is not kept.]\n\
             CircleCI received exit code 0\n"
        );
    }

    #[test]
    fn a_line_of_ours_begins_on_a_line_of_its_own_and_is_masked() {
        let (_directory, mut log) = log(1 << 20, &["hunter2"]);
        log.write(b"password: hunt").unwrap();
        log.line("pulling with hunter2").unwrap();
        log.line("next").unwrap();
        assert_eq!(text(&log), "password: hunt\npulling with ****\nnext\n");
    }
}
