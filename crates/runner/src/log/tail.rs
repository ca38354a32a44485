//! The end of a log that is longer than its limit: a ring on the runner's disk.
//!
//! The server gets a log in order and without gaps, so the end can only be sent when it is known: when
//! the step has ended. Until then the newest bytes replace the oldest.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

/// Bytes that are copied at a time.
const PIECE: usize = 256 << 10;

/// How far the beginning of the end is moved to begin with a whole line.
const LINE_BYTES: usize = 4 << 10;

/// The newest bytes of a stream, as many as it has room for.
pub(super) struct Tail {
    path: PathBuf,
    /// Made when there is something to keep.
    file: Option<File>,
    capacity: u64,
    written: u64,
}

impl Tail {
    /// Keeps at most `capacity` bytes in a file at `path`, which must not exist.
    pub(super) fn new(path: PathBuf, capacity: u64) -> Self {
        Self { path, file: None, capacity: capacity.max(1), written: 0 }
    }

    /// Appends a piece; the oldest bytes make room.
    ///
    /// # Errors
    ///
    /// The runner's disk does not accept it.
    pub(super) fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        // What the piece itself would overwrite need not be written.
        let excess = u64::try_from(bytes.len()).unwrap_or(u64::MAX).saturating_sub(self.capacity);
        bytes = &bytes[usize::try_from(excess).unwrap_or(bytes.len())..];
        self.written += excess;
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(create(&self.path)?),
        };
        while !bytes.is_empty() {
            let at = self.written % self.capacity;
            let room = usize::try_from(self.capacity - at).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            file.write_all_at(now, at)?;
            self.written += u64::try_from(now.len()).unwrap_or(u64::MAX);
            bytes = later;
        }
        Ok(())
    }

    /// Hands out what was kept: first how many bytes were left out, then the rest in pieces. If some
    /// were, it begins with a whole line, unless that is too far away.
    ///
    /// # Errors
    ///
    /// The runner's disk fails, or `out` does.
    pub(super) fn read(
        self,
        left_out: impl FnOnce(u64) -> io::Result<()>,
        mut out: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut piece = vec![0; PIECE];
        let mut at = self.written.saturating_sub(self.capacity);
        if at > 0 {
            // The beginning may lie across the end of the file.
            let first = self.read_at(file, at, &mut piece[..LINE_BYTES])?;
            let next = at + u64::try_from(first).unwrap_or(0);
            let second = self.read_at(file, next, &mut piece[first..LINE_BYTES])?;
            at += u64::try_from(beginning(&piece[..first + second])).unwrap_or(0);
            left_out(at)?;
        }
        while at < self.written {
            let count = self.read_at(file, at, &mut piece)?;
            out(&piece[..count])?;
            at += u64::try_from(count).unwrap_or(u64::MAX);
        }
        Ok(())
    }

    /// Reads bytes of the stream from `at` on, as far as they lie together in the file.
    fn read_at(&self, file: &File, at: u64, piece: &mut [u8]) -> io::Result<usize> {
        let position = at % self.capacity;
        let together = (self.capacity - position).min(self.written - at);
        let count = usize::try_from(together).unwrap_or(usize::MAX).min(piece.len());
        file.read_exact_at(&mut piece[..count], position)?;
        Ok(count)
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        if self.file.is_some()
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(%error, "the end of a log could not be removed");
        }
    }
}

fn create(path: &Path) -> io::Result<File> {
    File::options().read(true).write(true).create_new(true).open(path)
}

/// Returns where the first whole line begins, or else the first whole character.
fn beginning(bytes: &[u8]) -> usize {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) => end + 1,
        None => bytes.iter().position(|byte| byte & 0xC0 != 0x80).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many bytes were left out, and what was kept.
    fn kept(capacity: u64, pieces: &[&str]) -> (u64, String) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("101.tail");
        let mut tail = Tail::new(path.clone(), capacity);
        for piece in pieces {
            tail.write(piece.as_bytes()).unwrap();
        }
        let (mut omitted, mut text) = (0, Vec::new());
        let out = |bytes: &[u8]| {
            text.extend_from_slice(bytes);
            Ok(())
        };
        tail.read(
            |count| {
                omitted = count;
                Ok(())
            },
            out,
        )
        .unwrap();
        assert!(!path.exists(), "its file is gone");
        (omitted, String::from_utf8(text).unwrap())
    }

    #[test]
    fn what_fits_is_kept_whole() {
        assert_eq!(kept(10, &["one\n", "two\n"]), (0, "one\ntwo\n".to_owned()));
        assert_eq!(kept(8, &["one\n", "two\n"]), (0, "one\ntwo\n".to_owned()));
        assert_eq!(kept(8, &[]), (0, String::new()));
    }

    #[test]
    fn the_newest_whole_lines_are_kept_and_the_others_counted() {
        let lines: Vec<String> = (1..=100).map(|n| format!("line {n}\n")).collect();
        let pieces: Vec<&str> = lines.iter().map(String::as_str).collect();
        let all = lines.concat();
        for capacity in [20, 21, 64, 100] {
            let (omitted, text) = kept(capacity, &pieces);
            assert!(text.starts_with("line ") && text.ends_with("line 100\n"), "{text}");
            assert_eq!(usize::try_from(omitted).unwrap() + text.len(), all.len());
            assert!(all.ends_with(&text));
            // The same in one piece that is longer than the ring.
            assert_eq!(kept(capacity, &[&all]), (omitted, text));
        }
    }

    #[test]
    fn a_line_without_end_begins_with_a_whole_character() {
        let (omitted, text) = kept(5, &["ääääää"]);
        assert_eq!((omitted, text.as_str()), (8, "ää"));
    }
}
