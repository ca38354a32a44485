//! Replaces secret values in a stream of bytes (RUN §7.3), however the stream is cut into pieces.
//!
//! [`Masker`] holds back the tail of what it saw as long as that tail may be the beginning of a
//! secret, and lets everything else through at once. What it lets through is exactly what masking
//! the whole stream at once would give: a match that begins before the tail can neither grow (a
//! longer secret would make the tail begin earlier) nor be overtaken by one that begins before it.
//!
//! Deliberately absent: encoded forms of a value (base64, URL), which RUN §7.3 leaves alone, and the
//! clock: the reader of the stream decides after how much silence to [`Masker::flush`].

use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use roundel_model::limits::MASKED_VALUE_CHARS;

/// What is shown instead of a secret.
const MASK: &[u8] = b"****";

/// Bytes of all secrets up to which the automaton that searches quickest is built.
const LONG_SECRETS_BYTES: usize = 4096;

/// The values that must not be seen.
pub(crate) struct Secrets {
    /// `None`: there is nothing to look for.
    search: Option<AhoCorasick>,
    /// What looks for the beginnings of secrets at the end of what was seen.
    beginnings: Vec<Beginnings>,
}

impl Secrets {
    /// Collects the maskable parts of secret values: every line of at least four characters that
    /// is not a plain boolean.
    pub(crate) fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut texts: Vec<Vec<u8>> = values
            .into_iter()
            .flat_map(|value| value.split('\n'))
            .map(|line| line.trim_end_matches('\r'))
            .filter(|line| is_maskable(line))
            .map(|line| line.as_bytes().to_vec())
            .collect();
        texts.sort_unstable();
        texts.dedup();
        // Building it takes a time that is quadratic in the length of a secret that repeats itself.
        let long = texts.iter().map(Vec::len).sum::<usize>() > LONG_SECRETS_BYTES;
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .kind(long.then_some(AhoCorasickKind::ContiguousNFA))
            .build(&texts)
            .ok()
            .filter(|_| !texts.is_empty());
        Self { search, beginnings: texts.into_iter().map(Beginnings::of).collect() }
    }

    /// Masks a complete text.
    pub(crate) fn mask(&self, text: &str) -> String {
        match &self.search {
            Some(search) => {
                let mut masked = String::with_capacity(text.len());
                search.replace_all_with(text, &mut masked, |_, _, out| {
                    out.push_str("****");
                    true
                });
                masked
            }
            None => text.to_owned(),
        }
    }

    /// Returns the tails of what was seen that may be the beginning of a secret.
    fn tails(&self, window: &[u8]) -> Tails<'_> {
        let longest = self.beginnings.iter().map(|one| (one, one.longest_at_end(window)));
        Tails { end: window.len(), longest: longest.filter(|(_, length)| *length > 0).collect() }
    }
}

/// A secret, and for each of its beginnings the longest shorter one that it ends with (Knuth, Morris and
/// Pratt): a text that nearly repeats a long secret is compared with it once, not once from each byte.
struct Beginnings {
    text: Vec<u8>,
    /// At `n`: of the beginning of `n` bytes.
    shorter: Vec<u32>,
}

impl Beginnings {
    fn of(text: Vec<u8>) -> Self {
        let mut shorter = vec![0_u32; text.len() + 1];
        let mut length = 0;
        for (position, &byte) in text.iter().enumerate().skip(1) {
            while length > 0 && text[length] != byte {
                length = index(shorter[length]);
            }
            length += usize::from(text[length] == byte);
            shorter[position + 1] = u32::try_from(length).unwrap_or(0);
        }
        Self { text, shorter }
    }

    /// Returns the length of the longest beginning, short of the whole, that these bytes end with.
    fn longest_at_end(&self, window: &[u8]) -> usize {
        let first = (window.len() + 1).saturating_sub(self.text.len());
        let mut length = 0;
        for &byte in &window[first..] {
            while length > 0 && self.text[length] != byte {
                length = self.shorter(length);
            }
            length += usize::from(self.text[length] == byte);
        }
        length
    }

    fn shorter(&self, length: usize) -> usize {
        index(self.shorter[length])
    }
}

fn index(length: u32) -> usize {
    usize::try_from(length).unwrap_or(0)
}

/// The ends of what was seen that are beginnings of secrets.
struct Tails<'s> {
    end: usize,
    /// The longest for each secret that has one.
    longest: Vec<(&'s Beginnings, usize)>,
}

impl Tails<'_> {
    /// Returns where the first tail begins that does so at `from` or later. `from` must not decrease.
    fn first_from(&mut self, from: usize) -> usize {
        let room = self.end - from;
        for (beginnings, length) in &mut self.longest {
            while *length > room {
                *length = beginnings.shorter(*length);
            }
        }
        self.end - self.longest.iter().map(|(_, length)| *length).max().unwrap_or(0)
    }
}

fn is_maskable(line: &str) -> bool {
    line.chars().take(MASKED_VALUE_CHARS).count() == MASKED_VALUE_CHARS
        && !matches!(line, "true" | "True" | "false" | "False")
}

/// Masks one stream.
pub(crate) struct Masker {
    secrets: Arc<Secrets>,
    held: Vec<u8>,
}

impl Masker {
    /// Starts a stream.
    pub(crate) fn new(secrets: Arc<Secrets>) -> Self {
        Self { secrets, held: Vec::new() }
    }

    /// Takes the next piece and appends to `out` what may be seen of the stream so far.
    pub(crate) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let secrets = Arc::clone(&self.secrets);
        let Some(search) = &secrets.search else {
            out.extend_from_slice(bytes);
            return;
        };
        self.held.extend_from_slice(bytes);
        let window = &self.held;
        let mut cursor = 0;
        let mut tails = secrets.tails(window);
        let mut tail = tails.first_from(cursor);
        while let Some(found) = search.find(&window[cursor..]) {
            let (start, end) = (cursor + found.start(), cursor + found.end());
            if start >= tail {
                break;
            }
            out.extend_from_slice(&window[cursor..start]);
            out.extend_from_slice(MASK);
            cursor = end;
            // The tail was part of this secret: what follows it is searched again.
            if tail < cursor {
                tail = tails.first_from(cursor);
            }
        }
        out.extend_from_slice(&window[cursor..tail]);
        self.held.drain(..tail);
    }

    /// Returns whether something is held back.
    pub(crate) fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// Ends the wait for more: what is held back is masked as it is and appended to `out`.
    pub(crate) fn flush(&mut self, out: &mut Vec<u8>) {
        let held = std::mem::take(&mut self.held);
        let Some(search) = &self.secrets.search else { return };
        let mut cursor = 0;
        for found in search.find_iter(&held) {
            out.extend_from_slice(&held[cursor..found.start()]);
            out.extend_from_slice(MASK);
            cursor = found.end();
        }
        out.extend_from_slice(&held[cursor..]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(secrets: &[&str], pieces: &[&[u8]]) -> String {
        let mut masker = Masker::new(Arc::new(Secrets::new(secrets.iter().copied())));
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

    /// Every write was compared with the secret from each of its bytes on: gigabytes for one that nearly
    /// repeats the secret.
    #[test]
    fn a_text_that_nearly_repeats_a_long_secret_is_compared_with_it_once() {
        let secret = format!("{}!", "a".repeat(1 << 16));
        let search = Secrets::new([secret.as_str()]);
        let nearly = format!("{}c", "a".repeat(1 << 16));
        let start = std::time::Instant::now();
        for _ in 0..60 {
            assert_eq!(search.tails(nearly.as_bytes()).first_from(0), nearly.len());
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(3), "{:?}", start.elapsed());
        // Masks that end within a tail move its beginning on: one step each, not a comparison.
        let mut tails = search.tails(&nearly.as_bytes()[..1 << 16]);
        for from in 0..1 << 16 {
            assert_eq!(tails.first_from(from), from);
        }
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
        let mut masker = Masker::new(Arc::new(Secrets::new(["hunter2"])));
        let mut out = Vec::new();
        masker.push(b"$ make test", &mut out);
        assert_eq!(out, b"$ make test");
        assert!(!masker.holds());
        masker.push(b" hun", &mut out);
        assert!(masker.holds());
        assert_eq!(out, b"$ make test ");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        // Masking piece by piece must equal masking at once, whatever the pieces are.
        #[test]
        fn cutting_the_stream_changes_nothing(
            secrets in prop::collection::vec("[ab]{4,7}", 1..5),
            text in "[abc]{0,120}",
            cuts in prop::collection::vec(0usize..121, 0..12),
        ) {
            let search = Arc::new(Secrets::new(secrets.iter().map(String::as_str)));
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.push(text.len());
            cuts.sort_unstable();
            let mut masker = Masker::new(Arc::clone(&search));
            let mut out = Vec::new();
            let mut from = 0;
            for cut in cuts {
                masker.push(&text.as_bytes()[from..cut], &mut out);
                from = cut;
            }
            masker.flush(&mut out);
            let out = String::from_utf8(out).unwrap();
            prop_assert_eq!(&out, &search.mask(&text));
            for secret in &secrets {
                prop_assert!(!out.contains(secret.as_str()));
            }
        }
    }
}
