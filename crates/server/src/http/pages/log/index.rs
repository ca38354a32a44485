//! Where the lines of a log are, so that any of them can be read without reading all before it.
//!
//! A log is cut into blocks at places that depend on its bytes alone ([`Block::is_full`]), so every
//! reader, early or late, sees the same lines with the same numbers. The index keeps where each
//! block begins, with which line and in which style, and the last block as it was played so far: a
//! growing log is read once. Indexes are kept for the most recently viewed logs.
//!
//! Playing a log of a hundred megabytes takes many seconds, so one request plays a portion of it and
//! says how much is left; a page shows what there is and asks again.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use roundel_model::time::Timestamp;
use roundel_store::{
    Store, StoreError,
    logs::{LogKey, LogSlice},
};

use super::ansi::{Block, Line, Style};

/// Bytes that are read at a time.
const READ_BYTES: usize = 256 * 1024;
/// Bytes that one request plays, to find lines or to search in them: a fraction of a second. Without
/// optimization it is several seconds for some portions, so those of tests are smaller.
pub(super) const PORTION_BYTES: u64 = if cfg!(test) { 256 << 10 } else { 2 << 20 };
/// Bytes at the end of a log in which its last lines are looked for.
const TAIL_BYTES: u64 = 64 * 1024;
/// Logs whose index is kept: as many as people view side by side.
const KEPT: usize = 32;

/// Where a block begins.
#[derive(Clone, Copy, Debug)]
struct Start {
    line: u64,
    offset: u64,
    style: Style,
}

/// Where the lines of one log are.
#[derive(Clone)]
pub(crate) struct LogIndex {
    key: LogKey,
    /// One for each block, the last included.
    starts: Vec<Start>,
    last: Block,
}

/// What is looked for in a portion of a log.
pub(super) struct Search<'a> {
    /// Upper and lower case are the same.
    pub(super) words: &'a str,
    /// A line (0-based) of the first block: 0, or [`Found::next`].
    pub(super) from: u64,
    /// How many lines are named.
    pub(super) limit: usize,
    /// Nothing of the log is left to be read.
    pub(super) is_whole: bool,
}

/// What a search found in a portion of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Numbers of lines, from 0, up to the limit.
    pub(super) lines: Vec<u64>,
    /// How many lines there are.
    pub(super) total: u64,
    /// Where the portion ended, in bytes of the log.
    pub(super) searched: u64,
    /// The line from which to continue; none if what is known of the log was searched to its end.
    pub(super) next: Option<u64>,
}

/// Returns the last lines of a log without reading what is before them, so their numbers are not
/// known.
pub(super) async fn tail(
    store: &Store,
    key: LogKey,
    count: usize,
) -> Result<Vec<ShownLine>, StoreError> {
    let total = store.read_log(key, 0, 0).await?.total;
    let mut from = total.saturating_sub(TAIL_BYTES);
    let mut bytes = Vec::new();
    let mut times = Vec::new();
    while from < total {
        let slice = store.read_log(key, from, READ_BYTES).await?;
        if slice.bytes.is_empty() {
            break;
        }
        from += u64::try_from(slice.bytes.len()).unwrap_or(u64::MAX);
        times.extend(slice.times);
        bytes.extend(slice.bytes);
    }
    // The first line is not whole, unless the log begins with it.
    let begin = total.saturating_sub(TAIL_BYTES);
    let skip =
        if begin == 0 { 0 } else { bytes.iter().position(|&b| b == b'\n').map_or(0, |at| at + 1) };
    let start = begin + u64::try_from(skip).unwrap_or(0);
    let mut rest = bytes.get(skip..).unwrap_or_default();
    let mut block = Block::new(start, Style::default());
    let mut shown: VecDeque<ShownLine> = VecDeque::new();
    loop {
        let taken = block.feed(rest);
        rest = rest.get(taken..).unwrap_or_default();
        shown.extend(
            block
                .lines()
                .iter()
                .map(|line| ShownLine { html: line.html(), at: time_of(&times, line.offset) }),
        );
        let extra = shown.len().saturating_sub(count);
        shown.drain(..extra);
        if rest.is_empty() || taken == 0 {
            return Ok(shown.into());
        }
        block = Block::new(block.end, block.style());
    }
}

/// One line for a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShownLine {
    pub(crate) html: String,
    /// When its first byte came, as far as that is known.
    pub(crate) at: Option<Timestamp>,
}

impl LogIndex {
    fn new(key: LogKey) -> Self {
        let start = Start { line: 0, offset: 0, style: Style::default() };
        Self { key, starts: vec![start], last: Block::new(0, Style::default()) }
    }

    /// Returns how many lines the log has so far.
    pub(crate) fn lines(&self) -> u64 {
        self.last_start().line + count(self.last.lines())
    }

    /// Returns how many bytes were read so far.
    pub(crate) const fn bytes(&self) -> u64 {
        self.last.end
    }

    fn last_start(&self) -> Start {
        self.starts.last().copied().unwrap_or(Start { line: 0, offset: 0, style: Style::default() })
    }

    /// Reads a portion of what came since, with `read(from, max_bytes)`. Returns how many bytes of
    /// the log are left.
    ///
    /// The goal is where the log ended at the first read: a reader that continues for as long as
    /// there is something would never finish with a step that floods its log.
    async fn extend<F>(&mut self, read: impl Fn(u64, usize) -> F) -> Result<u64, StoreError>
    where
        F: Future<Output = Result<LogSlice, StoreError>>,
    {
        let portion_end = self.last.end + PORTION_BYTES;
        let mut goal = None;
        loop {
            let slice = read(self.last.end, READ_BYTES).await?;
            let goal = *goal.get_or_insert(slice.total);
            self.play(&slice.bytes);
            let left = goal.saturating_sub(self.last.end);
            if slice.bytes.is_empty() || left == 0 {
                return Ok(0);
            }
            if self.last.end >= portion_end {
                return Ok(left);
            }
        }
    }

    fn play(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let taken = self.last.feed(bytes);
            bytes = bytes.get(taken..).unwrap_or_default();
            if self.last.is_full() {
                let start =
                    Start { line: self.lines(), offset: self.last.end, style: self.last.style() };
                self.last = Block::new(start.offset, start.style);
                self.starts.push(start);
            }
        }
    }

    /// Returns at most `count` lines from line `from` (0-based) on.
    pub(crate) async fn read(
        &self,
        store: &Store,
        from: u64,
        count: usize,
    ) -> Result<Vec<ShownLine>, StoreError> {
        let mut shown = Vec::with_capacity(count);
        let mut index = self.block_of(from);
        while shown.len() < count {
            let Some(start) = self.starts.get(index) else { break };
            let block = self.block(store, index).await?;
            let skip = from.saturating_sub(start.line);
            let lines = block.lines().iter().skip(usize::try_from(skip).unwrap_or(usize::MAX));
            let rest: Vec<&Line> = lines.take(count - shown.len()).collect();
            let times = self.times(store, &rest, block.end).await?;
            shown.extend(
                rest.iter()
                    .map(|line| ShownLine { html: line.html(), at: time_of(&times, line.offset) }),
            );
            index += 1;
        }
        Ok(shown)
    }

    /// Looks for some words in a portion of the log: in blocks from the one with a line on.
    pub(super) async fn search(
        &self,
        store: &Store,
        Search { words, from, limit, is_whole }: Search<'_>,
    ) -> Result<Found, StoreError> {
        let needle = words.to_lowercase();
        let first = self.block_of(from);
        let begin = self.starts.get(first).map_or(0, |start| start.offset);
        let mut found = Found { lines: Vec::new(), total: 0, searched: begin, next: None };
        for (index, start) in self.starts.iter().enumerate().skip(first) {
            // The last block of a log that is not read to its end is searched when it is whole.
            let is_cut = !is_whole && index + 1 == self.starts.len();
            if is_cut || start.offset >= begin + PORTION_BYTES {
                found.next = Some(start.line);
                break;
            }
            let block = self.block(store, index).await?;
            for (line, number) in block.lines().iter().zip(start.line..) {
                if line.text().to_lowercase().contains(&needle) {
                    found.total += 1;
                    if found.lines.len() < limit {
                        found.lines.push(number);
                    }
                }
            }
            found.searched = block.end;
        }
        Ok(found)
    }

    fn block_of(&self, line: u64) -> usize {
        self.starts.partition_point(|start| start.line <= line).saturating_sub(1)
    }

    /// Plays a block again; the last one is in memory.
    async fn block(&self, store: &Store, index: usize) -> Result<Block, StoreError> {
        let (Some(start), Some(next)) = (self.starts.get(index), self.starts.get(index + 1)) else {
            return Ok(self.last.clone());
        };
        let mut block = Block::new(start.offset, start.style);
        while block.end < next.offset {
            let want = usize::try_from(next.offset - block.end).unwrap_or(READ_BYTES);
            let slice = store.read_log(self.key, block.end, want.min(READ_BYTES)).await?;
            if slice.bytes.is_empty() || block.feed(&slice.bytes) == 0 {
                break;
            }
        }
        Ok(block)
    }

    /// Returns the times that some lines were received at, with the offsets where each begins.
    async fn times(
        &self,
        store: &Store,
        lines: &[&Line],
        end: u64,
    ) -> Result<Vec<(u64, Timestamp)>, StoreError> {
        let Some(mut from) = lines.first().map(|line| line.offset) else { return Ok(Vec::new()) };
        let last = lines.last().map_or(from, |line| line.offset);
        let mut times = Vec::new();
        while from <= last && from < end {
            let want = usize::try_from(last - from + 1).unwrap_or(READ_BYTES);
            let slice = store.read_log(self.key, from, want.min(READ_BYTES)).await?;
            if slice.bytes.is_empty() {
                break;
            }
            times.extend(slice.times);
            from += u64::try_from(slice.bytes.len()).unwrap_or(u64::MAX);
        }
        Ok(times)
    }
}

fn count(lines: &[Line]) -> u64 {
    u64::try_from(lines.len()).unwrap_or(u64::MAX)
}

fn time_of(times: &[(u64, Timestamp)], offset: u64) -> Option<Timestamp> {
    let after = times.partition_point(|&(from, _)| from <= offset);
    times.get(after.saturating_sub(1)).map(|&(_, at)| at)
}

/// The indexes of the most recently viewed logs.
#[derive(Default)]
pub(crate) struct LogIndexes {
    kept: Mutex<VecDeque<Arc<LogIndex>>>,
}

impl LogIndexes {
    /// Returns the index of a log, a portion further than it was, and how many bytes of the log are
    /// left. Two readers may extend it at the same time; the one that came further is kept, so none
    /// waits for another.
    pub(super) async fn extended(
        &self,
        store: &Store,
        key: LogKey,
    ) -> Result<(Arc<LogIndex>, u64), StoreError> {
        let kept = self.find(key);
        let mut index = match &kept {
            Some(kept) => LogIndex::clone(kept),
            None => LogIndex::new(key),
        };
        let before = index.bytes();
        let left = index.extend(|from, max| store.read_log(key, from, max)).await?;
        if let (true, Some(kept)) = (index.bytes() == before, kept) {
            return Ok((kept, left));
        }
        let index = Arc::new(index);
        self.keep(Arc::clone(&index));
        Ok((index, left))
    }

    /// Returns how many bytes of a log were played already.
    pub(super) fn known_bytes(&self, key: LogKey) -> u64 {
        self.find(key).map_or(0, |index| index.bytes())
    }

    fn find(&self, key: LogKey) -> Option<Arc<LogIndex>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|index| index.key == key).cloned()
    }

    fn keep(&self, index: Arc<LogIndex>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = kept.iter().position(|other| other.key == index.key) {
            let further = kept.get(at).is_some_and(|other| other.bytes() > index.bytes());
            if further {
                return;
            }
            kept.remove(at);
        }
        kept.push_front(index);
        kept.truncate(KEPT);
    }
}

#[cfg(test)]
mod tests {
    use roundel_model::id::JobId;

    use super::*;

    /// A reader who joins late must see what the others saw: the same lines, the same numbers.
    #[test]
    fn a_log_in_pieces_has_the_same_blocks_as_a_log_at_once() {
        let key = LogKey { job: JobId::from_u128(1), task: 0, step: 101 };
        let text: Vec<u8> = (0..5_000)
            .flat_map(|n| format!("\x1b[3{}mline {n}\x1b[1Aup\r\n\n", n % 8).into_bytes())
            .collect();
        let mut whole = LogIndex::new(key);
        whole.play(&text);
        let mut pieces = LogIndex::new(key);
        for piece in text.chunks(777) {
            pieces.play(piece);
        }
        let starts = |index: &LogIndex| {
            index.starts.iter().map(|start| (start.line, start.offset)).collect::<Vec<_>>()
        };
        assert!(whole.starts.len() > 3);
        assert_eq!(starts(&whole), starts(&pieces));
        assert_eq!(whole.lines(), pieces.lines());
    }

    /// A reader that runs after a flood would keep its page waiting until the flood is over.
    #[tokio::test]
    async fn a_log_that_grows_faster_than_it_is_read_is_read_to_where_it_was() {
        let key = LogKey { job: JobId::from_u128(1), task: 0, step: 101 };
        let total = std::cell::Cell::new(10_u64);
        let read = |from: u64, _| {
            let slice =
                LogSlice { from, bytes: b"four\n".to_vec(), total: total.get(), times: Vec::new() };
            total.set(total.get() + 100);
            async move { Ok(slice) }
        };
        let mut index = LogIndex::new(key);
        assert_eq!(index.extend(read).await.unwrap(), 0, "it is done");
        assert_eq!((index.bytes(), index.lines()), (10, 2));
    }

    #[test]
    fn a_line_has_the_time_of_the_piece_it_came_in() {
        let at = Timestamp::from_micros;
        let times = [(0, at(1)), (100, at(2))];
        assert_eq!(time_of(&times, 0), Some(at(1)));
        assert_eq!(time_of(&times, 99), Some(at(1)));
        assert_eq!(time_of(&times, 100), Some(at(2)));
        assert_eq!(time_of(&[], 3), None);
    }
}
