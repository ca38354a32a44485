//! The writing end of a step's log: masks, spools, and leaves out the middle of one that is too long.
//!
//! The first half of the limit is streamed as it comes. What follows goes into a ring
//! ([`Tail`]), and its end is appended when the step has ended, after a line that says how much was
//! left out: what a reader looks for is nearly always at the end.

use std::{io, path::PathBuf, sync::Arc};

use tokio::sync::Notify;

use roundel_model::text::size;

use super::{
    mask::{Masker, Secrets},
    spool::Spool,
    sudo::SudoComplaint,
    tail::Tail,
};

/// Kept free for the lines that say what was left out.
const RESERVED_BYTES: u64 = 4096;

/// The log of one step, as it is written.
pub(crate) struct StepLog {
    masker: Masker,
    spool: Arc<Spool>,
    uplink: Arc<Notify>,
    /// Where the streamed part ends.
    head_bytes: u64,
    tail: Tail,
    beyond_head: bool,
    at_line_start: bool,
    sudo: SudoComplaint,
}

/// Where the log of a step is kept.
pub(crate) struct LogFiles {
    /// Until the server has it.
    pub(crate) spool: Arc<Spool>,
    /// The end of a log that is too long, until the step has ended.
    pub(crate) tail: PathBuf,
}

impl StepLog {
    /// Starts the log, of at most `limit_bytes`. `uplink` is woken whenever there is something to
    /// upload.
    pub(crate) fn new(
        secrets: Arc<Secrets>,
        files: LogFiles,
        uplink: Arc<Notify>,
        limit_bytes: u64,
    ) -> Self {
        let head_bytes = limit_bytes.saturating_sub(RESERVED_BYTES) / 2;
        Self {
            masker: Masker::new(secrets),
            spool: files.spool,
            uplink,
            head_bytes,
            tail: Tail::new(files.tail, head_bytes),
            beyond_head: false,
            at_line_start: true,
            sudo: SudoComplaint::default(),
        }
    }

    /// Appends output of the job. The end of a line that may be the beginning of a secret follows when
    /// the next bytes decide it, however much later they come.
    ///
    /// # Errors
    ///
    /// The runner's disk does not accept it.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sudo.look(bytes);
        let mut seen = Vec::with_capacity(bytes.len());
        self.masker.push(bytes, &mut seen);
        self.append(&seen)
    }

    /// Appends what is held back because it might become a secret: the process that printed it has ended.
    fn flush(&mut self) -> io::Result<()> {
        let mut seen = Vec::new();
        self.masker.flush(&mut seen);
        self.append(&seen)
    }

    /// Appends a message of the runner, on a new line. Not while a process writes to the log: what is
    /// held back of its output ends here.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        self.flush()?;
        let mut seen = Vec::with_capacity(text.len() + 2);
        if !self.at_line_start {
            seen.push(b'\n');
        }
        self.masker.push(text.as_bytes(), &mut seen);
        self.masker.flush(&mut seen);
        seen.push(b'\n');
        self.append(&seen)
    }

    /// Ends the log: nothing is written to it any more. Returns whether a part was left out.
    ///
    /// # Errors
    ///
    /// The runner's disk does not accept it.
    pub(crate) fn finish(mut self) -> io::Result<bool> {
        self.flush()?;
        let Self { spool, uplink, tail, .. } = self;
        let mut truncated = false;
        let append = |bytes: &[u8]| {
            spool.append(bytes)?;
            uplink.notify_one();
            Ok(())
        };
        tail.read(
            |omitted| {
                truncated = true;
                append(format!("[… {} left out …]\n", size(omitted)).as_bytes())
            },
            append,
        )?;
        Ok(truncated)
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
        let Some(last) = bytes.last() else { return Ok(()) };
        let was_at_line_start = std::mem::replace(&mut self.at_line_start, *last == b'\n');
        if self.beyond_head {
            return self.tail.write(bytes);
        }
        let room = self.head_bytes.saturating_sub(self.spool.written());
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        if bytes.len() <= room {
            return self.spool_up(bytes);
        }
        // Between two lines, if that is near.
        let line = bytes[..room].iter().rposition(|byte| *byte == b'\n').map(|end| end + 1);
        let line = line.or_else(|| was_at_line_start.then_some(0));
        let (head, rest) = bytes.split_at(line.unwrap_or(room));
        self.spool_up(head)?;
        self.beyond_head = true;
        let broken = if line.is_some() { "" } else { "\n" };
        self.spool_up(
            format!(
                "{broken}[… this log is longer than {}; its end follows when the step has ended …]\n",
                size(self.head_bytes)
            )
            .as_bytes(),
        )?;
        self.tail.write(rest)
    }

    fn spool_up(&self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.spool.append(bytes)?;
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
        let files = LogFiles { spool, tail: directory.path().join("0.tail") };
        let secrets = Arc::new(Secrets::of(secrets.iter().copied()));
        (directory, StepLog::new(secrets, files, Arc::new(Notify::new()), limit))
    }

    fn text(spool: &Spool) -> String {
        let pending = spool.pending(1 << 20).unwrap();
        String::from_utf8(pending.map(|(_, bytes)| bytes).unwrap_or_default()).unwrap()
    }

    const NOTE: &str =
        "[… this log is longer than 20 B; its end follows when the step has ended …]\n";

    #[test]
    fn a_log_that_is_too_long_keeps_its_beginning_and_its_end() {
        let (_directory, mut log) = log(RESERVED_BYTES + 40, &[]);
        let spool = Arc::clone(log.spool());
        for n in 1..=9 {
            log.write(format!("line {n}\n").as_bytes()).unwrap();
        }
        assert_eq!(text(&spool), format!("line 1\nline 2\n{NOTE}"), "so far");
        log.line("Exit 1").unwrap();
        assert!(log.finish().unwrap());
        assert_eq!(
            text(&spool),
            format!("line 1\nline 2\n{NOTE}[… 42 B left out …]\nline 9\nExit 1\n")
        );
    }

    #[test]
    fn nothing_is_left_out_of_a_log_that_fits_in_both_halves() {
        let (_directory, mut log) = log(RESERVED_BYTES + 40, &[]);
        let spool = Arc::clone(log.spool());
        log.write(b"a line without").unwrap();
        log.write(b" end, so far").unwrap();
        log.line("Exit 0").unwrap();
        assert!(!log.finish().unwrap());
        assert_eq!(text(&spool), format!("a line without end, \n{NOTE}so far\nExit 0\n"));
    }

    /// A secret that lies across the border between the two halves must not be seen in either.
    #[test]
    fn a_secret_is_masked_wherever_the_log_is_cut() {
        for before in 0..40 {
            let (_directory, mut log) = log(RESERVED_BYTES + 40, &["hunter2"]);
            let spool = Arc::clone(log.spool());
            let text_before = "x".repeat(before);
            for piece in [text_before.as_bytes(), b"hun", b"ter2 and hunter", b"2\n"] {
                log.write(piece).unwrap();
            }
            log.write("y".repeat(before).as_bytes()).unwrap();
            log.finish().unwrap();
            let seen = text(&spool);
            assert!(!seen.contains("hunter") && !seen.contains("ter2"), "{seen}");
        }
    }

    #[test]
    fn a_message_of_the_runner_starts_on_a_new_line_and_is_masked() {
        let (_directory, mut log) = log(1 << 20, &["hunter2"]);
        log.write(b"password: hunt").unwrap();
        log.line("pulling with hunter2").unwrap();
        log.line("next").unwrap();
        assert_eq!(text(log.spool()), "password: hunt\npulling with ****\nnext\n");
    }
}
