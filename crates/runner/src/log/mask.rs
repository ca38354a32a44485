//! Replaces secret values in a stream of bytes (RUN §7.3), however the stream is cut into pieces.
//!
//! Of secrets that overlap, the one that begins first is masked, and of those that begin at the same byte
//! the longest, as if the whole stream were searched at once. [`Masker`] holds back the tail of what it saw
//! as long as that tail may be the beginning of a secret, and lets everything else through at once.
//!
//! Each byte is read once, when it comes: [`Masking`] keeps the masks that what is held back would have
//! if nothing followed. A byte can only end a secret, so it changes the last of them, or adds one:
//!
//! ```text
//! secrets: hunt, hunter2, two2      held back: hunt             masks: [hunt]
//!                                   held back: hunter           masks: [hunt]
//!                                   held back: hunter2          masks: [hunter2], the longer one: let out
//! ```
//!
//! Colors do not hide a secret: `grep --color hunt` writes `\e[31mhunt\e[mer2`, and the page of a job shows that
//! as `hunter2`. Escape sequences ([`sequence`]) are kept, and passed over where secrets are searched for.
//!
//! Deliberately absent: what a program writes over (`\r`, `\b`, a cursor that moves), titles and links within a
//! value, encoded forms of it (base64, URL), which RUN §7.3 leaves alone, and a clock. A pipe writes in blocks that
//! end anywhere, and the next block may be a second or an hour away: a pause says nothing about whether a value is
//! complete. What is held back costs little, for no line break is part of a secret: only the end of a line that is
//! not complete yet can be held back.

mod automaton;
mod sequence;

use std::{collections::VecDeque, ops::Range, sync::Arc};

use roundel_model::{limits::MASKED_VALUE_CHARS, secret::Secret};
use tokio::task::JoinError;

use automaton::{Automaton, State};
use sequence::{ESCAPE, Sequence, Taken, without_sequences};

/// What is shown instead of a secret.
const MASK: &[u8] = b"****";

/// Bytes of escape sequences that are kept among what is held back.
const SEQUENCES_BYTES: usize = 64 * 1024;

/// The values that must not be seen.
pub(crate) struct Secrets {
    search: Automaton,
}

impl Secrets {
    /// Collects the maskable parts of secret values: every line of at least four characters that
    /// is not a plain boolean.
    ///
    /// On a separate thread: it takes a while for long values, and leases must be renewed meanwhile.
    ///
    /// # Errors
    ///
    /// If the runtime is shutting down.
    pub(crate) async fn new(values: Vec<Secret<String>>) -> Result<Self, JoinError> {
        let of_all = move || Self::of(values.iter().map(|value| value.expose().as_str()));
        tokio::task::spawn_blocking(of_all).await
    }

    /// Collects them on this thread.
    pub(super) fn of<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let lines = values
            .into_iter()
            .flat_map(|value| value.split('\n'))
            .map(|line| without_sequences(line.trim_end_matches('\r').as_bytes()));
        let words: Vec<_> =
            lines.filter(|line| is_maskable(&String::from_utf8_lossy(line))).collect();
        Self { search: Automaton::new(words.iter().map(Vec::as_slice)) }
    }

    /// Masks a complete text.
    pub(crate) fn mask(&self, text: &str) -> String {
        let (mut masking, mut out) = (Masking::default(), Vec::with_capacity(text.len()));
        masking.push(&self.search, text.as_bytes(), &mut out);
        masking.flush(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }
}

/// Returns whether a line of a secret is masked: masking shorter ones, or what every log has, would hide the
/// log and tell that it was there.
fn is_maskable(line: &str) -> bool {
    line.chars().take(MASKED_VALUE_CHARS).count() == MASKED_VALUE_CHARS
        && !matches!(line, "true" | "True" | "false" | "False")
}

/// Masks one stream.
pub(crate) struct Masker {
    secrets: Arc<Secrets>,
    masking: Masking,
}

impl Masker {
    /// Starts a stream.
    pub(crate) fn new(secrets: Arc<Secrets>) -> Self {
        Self { secrets, masking: Masking::default() }
    }

    /// Takes the next piece and appends to `out` what may be seen of the stream so far.
    pub(crate) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.masking.push(&self.secrets.search, bytes, out);
    }

    /// Ends the stream: what is held back is masked as it is and appended to `out`.
    pub(crate) fn flush(&mut self, out: &mut Vec<u8>) {
        self.masking.flush(out);
    }
}

/// What is held back of a stream. Positions are bytes since the last time that nothing was.
#[derive(Default)]
struct Masking {
    /// The longest beginning of a secret that the stream ends with: exactly what is held back.
    state: State,
    held: VecDeque<u8>,
    /// Where `held` begins.
    begin: usize,
    /// What would be masked of `held` if the stream ended here, in order.
    masks: VecDeque<Range<usize>>,
    /// The escape sequence that the stream ends with, as far as it is complete.
    sequence: Sequence,
    /// Those among `held`: each with the position of the byte that it is written before.
    sequences: VecDeque<(usize, Vec<u8>)>,
    sequences_bytes: usize,
}

impl Masking {
    fn push(&mut self, search: &Automaton, bytes: &[u8], out: &mut Vec<u8>) {
        let mut rest = bytes;
        loop {
            if self.held.is_empty() && self.sequence.is_empty() {
                let ends_plain = |byte: &u8| *byte == ESCAPE || search.begins(*byte);
                let plain = rest.iter().position(ends_plain);
                let (seen, from_secret) = rest.split_at(plain.unwrap_or(rest.len()));
                out.extend_from_slice(seen);
                rest = from_secret;
                self.begin = 0;
            }
            let Some((&byte, after)) = rest.split_first() else { return };
            match self.sequence.push(byte) {
                Taken::Text => self.text(search, byte, out),
                Taken::Part => {}
                Taken::Last => self.end_sequence(out),
                Taken::Broken => {
                    for byte in self.sequence.take() {
                        self.text(search, byte, out);
                    }
                    continue;
                }
            }
            rest = after;
        }
    }

    /// Takes a byte that can be seen.
    fn text(&mut self, search: &Automaton, byte: u8, out: &mut Vec<u8>) {
        self.held.push_back(byte);
        self.state = search.next(self.state, byte);
        self.note(search);
        self.state = search.within(self.state, self.held.len());
        self.release(search, out);
    }

    /// Takes the sequence that is complete now.
    fn end_sequence(&mut self, out: &mut Vec<u8>) {
        let mut sequence = self.sequence.take();
        if self.held.is_empty() {
            out.append(&mut sequence);
            return;
        }
        self.sequences_bytes += sequence.len();
        self.sequences.push_back((self.end(), sequence));
        if self.sequences_bytes > SEQUENCES_BYTES {
            self.flush(out);
        }
    }

    /// Notes the mask of a secret that the last byte ended.
    fn note(&mut self, search: &Automaton) {
        let end = self.end();
        for start in search.words(self.state).map(|length| end - length) {
            let earlier = self.masks.partition_point(|mask| mask.start < start);
            let overlaps =
                |index: usize| self.masks.get(index).is_some_and(|mask| mask.end > start);
            if earlier.checked_sub(1).is_some_and(overlaps) {
                // It begins within a mask; a shorter one may begin after that.
                continue;
            }
            // It begins before the later masks, or where the first of them does, and is longer.
            self.masks.truncate(earlier);
            self.masks.push_back(start..end);
            return;
        }
    }

    /// Lets out what cannot become a secret any more, or a longer one.
    fn release(&mut self, search: &Automaton, out: &mut Vec<u8>) {
        loop {
            let tail = self.end() - search.depth(self.state);
            let Some(mask) = self.masks.pop_front_if(|mask| mask.start < tail) else {
                self.let_out(tail, out);
                return;
            };
            self.mask(&mask, out);
            // Secrets begin after it.
            self.state = search.within(self.state, self.held.len());
        }
    }

    fn flush(&mut self, out: &mut Vec<u8>) {
        for mask in std::mem::take(&mut self.masks) {
            self.mask(&mask, out);
        }
        self.let_out(self.end(), out);
        out.append(&mut self.sequence.take());
        *self = Self::default();
    }

    fn mask(&mut self, secret: &Range<usize>, out: &mut Vec<u8>) {
        self.let_out(secret.start, out);
        self.held.drain(..secret.len());
        self.begin = secret.end;
        out.extend_from_slice(MASK);
        // The colors are as they would have been.
        self.let_out(secret.end, out);
    }

    fn let_out(&mut self, until: usize, out: &mut Vec<u8>) {
        while let Some((at, mut sequence)) = self.sequences.pop_front_if(|(at, _)| *at <= until) {
            // It is within a secret that was masked.
            let before = at.saturating_sub(self.begin);
            out.extend(self.held.drain(..before));
            self.begin += before;
            self.sequences_bytes -= sequence.len();
            out.append(&mut sequence);
        }
        out.extend(self.held.drain(..until - self.begin));
        self.begin = until;
    }

    fn end(&self) -> usize {
        self.begin + self.held.len()
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll::Ready;

    use proptest::prelude::*;

    use super::*;

    fn masked(secrets: &[&str], pieces: &[&[u8]]) -> String {
        let mut masker = Masker::new(Arc::new(Secrets::of(secrets.iter().copied())));
        let mut out = Vec::new();
        for piece in pieces {
            masker.push(piece, &mut out);
        }
        masker.flush(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn the_longest_secret_wins_wherever_the_stream_is_cut() {
        // With `hunter2` and `hunter22`, a stream search that takes the first match leaks the `2`.
        let secrets = ["hunter2", "hunter22"];
        assert_eq!(masked(&secrets, &[b"a hunter22 b"]), "a **** b");
        assert_eq!(masked(&secrets, &[b"a hunter2", b"2 b"]), "a **** b");
        assert_eq!(masked(&secrets, &[b"a hunter2", b" b"]), "a **** b");
        assert_eq!(masked(&secrets, &[b"a hunt"]), "a hunt");
    }

    #[test]
    fn short_values_and_booleans_are_left_alone() {
        let secrets = ["abc", "true", "False", "åäö"];
        assert_eq!(masked(&secrets, &["abc true False åäö".as_bytes()]), "abc true False åäö");
        assert_eq!(masked(&["åäöü"], &["x åäöü".as_bytes()]), "x ****");
    }

    /// 64 KiB of one letter are a valid variable; with it, jobs hung before their first step, and with them
    /// the server that ran them.
    #[test]
    fn long_values_that_repeat_themselves_are_searched_for_without_delay() {
        let secrets: Vec<String> =
            ('a'..='h').map(|letter| letter.to_string().repeat(1 << 16)).collect();
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let line = format!("key {} end", secrets[2]);
        assert_eq!(masked(&secrets, &[line.as_bytes()]), "key **** end");
    }

    /// What was held back was searched again with each write, from each of its bytes on:
    /// 64 KiB in a single write took 15 s.
    #[test]
    fn a_text_that_nearly_repeats_a_long_secret_is_read_once_however_it_is_cut() {
        let secret = format!("{}!", "a".repeat(1 << 16));
        let nearly = "a".repeat(1 << 18);
        for secrets in [vec![secret.as_str()], vec![secret.as_str(), "aaaa"]] {
            let text = format!("{nearly}c");
            let pieces: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            let out = masked(&secrets, &pieces);
            let all = if secrets.len() == 1 { nearly.clone() } else { "****".repeat(1 << 16) };
            assert_eq!(out, format!("{all}c"));
            assert_eq!(out, masked(&secrets, &[text.as_bytes()]));
        }
    }

    /// The threads that renew leases must not build the search: of long values it took so long that a job was
    /// lost before its first step.
    #[test]
    fn the_search_is_built_on_a_thread_of_its_own() {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.max_blocking_threads(1).build().unwrap().block_on(async {
            let (free, wait) = std::sync::mpsc::channel::<()>();
            let busy = tokio::task::spawn_blocking(move || wait.recv().is_err());
            let mut secrets = std::pin::pin!(Secrets::new(vec!["hunter2".into()]));
            let first = std::future::poll_fn(|context| Ready(secrets.as_mut().poll(context))).await;
            assert!(first.is_pending(), "with that thread busy, it cannot have been built");
            drop(free);
            assert_eq!(secrets.await.unwrap().mask("a hunter2 b"), "a **** b");
            assert!(busy.await.unwrap());
        });
    }

    /// The page of a job shows such a value without the sequences.
    #[test]
    fn a_secret_of_which_a_part_is_colored_is_masked_and_the_colors_stay() {
        let secrets = ["hunter2"];
        let text = b"a \x1b[01;31m\x1b[Khunt\x1b[m\x1b[Ker2 b";
        assert_eq!(masked(&secrets, &[text]), "a \x1b[01;31m\x1b[K****\x1b[m\x1b[K b");
        assert_eq!(masked(&secrets, &[b"hunt\x1b[", b"0mer2"]), "****\x1b[0m");
        assert_eq!(masked(&secrets, &[b"hunt\x1b[0mers"]), "hunt\x1b[0mers");
        assert_eq!(masked(&secrets, &[b"hunt\x1b[0m"]), "hunt\x1b[0m");
        assert_eq!(masked(&secrets, &[b"hunt\x1b["]), "hunt\x1b[");
        assert_eq!(masked(&["hun\x1b[1mter2"], &[b"hunter2"]), "****", "a secret with colors");
        let link = b"\x1b]8;;https://hunter2@host\x07here";
        assert_eq!(masked(&secrets, &[link]), "\x1b]8;;https://****@host\x07here");
    }

    /// What is held back must not grow with what cannot be seen.
    #[test]
    fn endless_sequences_within_what_may_be_a_secret_are_let_out() {
        let mut masker = Masker::new(Arc::new(Secrets::of(["hunter2"])));
        let mut out = Vec::new();
        masker.push(b"hunt", &mut out);
        while out.is_empty() {
            masker.push(b"\x1b[0m", &mut out);
            assert!(masker.masking.sequences_bytes <= SEQUENCES_BYTES);
        }
        assert!(out.starts_with(b"hunt\x1b[0m"));
    }

    #[test]
    fn every_long_line_of_a_multi_line_secret_is_masked() {
        let secret = "first line\r\nab\nsecond line";
        assert_eq!(
            masked(&[secret], &[b"first line\r\nab\r\nsecond line\r\n"]),
            "****\r\nab\r\n****\r\n"
        );
    }

    #[test]
    fn nothing_is_held_back_that_cannot_be_a_secret() {
        let mut masker = Masker::new(Arc::new(Secrets::of(["hunter2"])));
        let mut out = Vec::new();
        masker.push(b"$ make test", &mut out);
        assert_eq!(out, b"$ make test");
        masker.push(b" hun", &mut out);
        assert_eq!(out, b"$ make test ");
        masker.push(b"\n", &mut out);
        assert_eq!(out, b"$ make test hun\n", "a complete line is shown at once");
    }

    /// Masks a complete text by comparing it with every secret at every byte.
    fn at_once(secrets: &[String], text: &str) -> String {
        let (mut masked, mut at) = (String::new(), 0);
        while at < text.len() {
            let here = secrets.iter().filter(|secret| text[at..].starts_with(secret.as_str()));
            let longest = here.map(String::len).max();
            masked.push_str(longest.map_or(&text[at..=at], |_| "****"));
            at += longest.unwrap_or(1);
        }
        masked
    }

    /// Returns how much of the end of a string may become a secret, or a longer one, once what is masked
    /// before that is taken away.
    fn undecided(secrets: &[String], text: &str) -> usize {
        let mut from = 0;
        loop {
            let rest = &text[from..];
            let may_begin = |at: &usize| {
                let longer = |secret: &String| secret.len() > rest.len() - at;
                secrets.iter().any(|secret| longer(secret) && secret.starts_with(&rest[*at..]))
            };
            let tail = (0..rest.len()).find(may_begin).unwrap_or(rest.len());
            let first = (0..tail).find_map(|at| {
                let here = secrets.iter().filter(|secret| rest[at..].starts_with(secret.as_str()));
                here.map(String::len).max().map(|length| at + length)
            });
            match first {
                Some(end) => from += end,
                None => return rest.len() - tail,
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        // Masking piece by piece must equal masking at once, whatever the pieces are, and hold back no more
        // than it must. The text is made of pieces of the secrets: nearly every byte is undecided for a while.
        #[test]
        fn cutting_the_stream_changes_nothing(
            secrets in prop::collection::vec("[ab]{4,6}|a{4,9}|[ab]{0,2}a{4,12}b?", 1..6),
            pieces in prop::collection::vec((0usize..6, 0usize..14, 0usize..14), 0..16),
            other in "[abc]{0,20}",
            cuts in prop::collection::vec(0usize..121, 0..12),
        ) {
            let piece = |&(which, from, to): &(usize, usize, usize)| {
                let secret: &String = &secrets[which % secrets.len()];
                let (from, to) = (from.min(to), from.max(to).min(secret.len()));
                secret[from.min(to)..to].to_owned()
            };
            let text: String = pieces.iter().map(piece).chain([other]).collect();
            let search = Arc::new(Secrets::of(secrets.iter().map(String::as_str)));
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.push(text.len());
            cuts.sort_unstable();
            let mut masker = Masker::new(Arc::clone(&search));
            let mut out = Vec::new();
            let mut from = 0;
            for cut in cuts {
                masker.push(&text.as_bytes()[from..cut], &mut out);
                from = cut;
                prop_assert_eq!(masker.masking.held.len(), undecided(&secrets, &text[..cut]));
            }
            masker.flush(&mut out);
            let out = String::from_utf8(out).unwrap();
            prop_assert_eq!(&out, &at_once(&secrets, &text));
            prop_assert_eq!(&out, &search.mask(&text));
            for secret in &secrets {
                prop_assert!(!out.contains(secret.as_str()));
            }
        }

        // Colors change nothing of what can be seen, and all of them stay, wherever the stream is cut.
        #[test]
        fn colors_change_nothing(
            secrets in prop::collection::vec("[ab]{4,6}", 1..4),
            pieces in prop::collection::vec(("[abc]{0,4}", "(\x1b\\[[0-9;]{0,3}[mK])?"), 0..24),
            cuts in prop::collection::vec(0usize..200, 0..12),
        ) {
            let text: String = pieces.iter().map(|(text, _)| text.as_str()).collect();
            let colors: String = pieces.iter().map(|(_, color)| color.as_str()).collect();
            let colored: String = pieces.iter().flat_map(|(text, color)| [text.as_str(), color]).collect();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(colored.len())).collect();
            cuts.push(colored.len());
            cuts.sort_unstable();
            let search = Arc::new(Secrets::of(secrets.iter().map(String::as_str)));
            let mut masker = Masker::new(Arc::clone(&search));
            let (mut out, mut from) = (Vec::new(), 0);
            for cut in cuts {
                masker.push(&colored.as_bytes()[from..cut], &mut out);
                from = cut;
            }
            masker.flush(&mut out);
            let seen = String::from_utf8(without_sequences(&out)).unwrap();
            prop_assert_eq!(&seen, &at_once(&secrets, &text));
            let out = String::from_utf8(out).unwrap();
            let kept: String = out.chars().filter(|c| !"abc*".contains(*c)).collect();
            prop_assert_eq!(kept, colors);
            prop_assert_eq!(&out, &search.mask(&colored));
        }
    }
}
