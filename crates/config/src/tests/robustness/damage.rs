//! Damages sources: by bytes, by lines, and by putting pieces of others into them.

use std::ops::Range;

use crate::tests::rng::Rng;

/// Damage by chance.
pub(super) struct Damage(pub(super) Rng);

/// Signs that mean something to YAML, to templates or to expressions.
const CHARACTERS: &[&str] = &[
    "\n",
    "\t",
    " ",
    "  ",
    "- ",
    ": ",
    ":",
    "#",
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&a ",
    "*a",
    "<<",
    ">>",
    "<<: *a",
    "<< parameters.",
    "<< pipeline.number >>",
    "<<#",
    "<</",
    "|",
    ">",
    "? ",
    "!",
    "%",
    "@",
    "`",
    "\\",
    "\r\n",
    "é",
    "\u{1f980}",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "0x",
    "1e999",
    "-9223372036854775808",
    "~",
    "null",
    "yes",
    "1:30",
    "---\n",
    "...\n",
    "/(",
    "/",
    "(",
    ")",
    "not ",
    "and",
    "matches /",
    "==",
];

impl Damage {
    /// Damages a source in up to four places; `other` is another source to take pieces from.
    pub(super) fn damage(&mut self, text: &str, other: &str) -> String {
        let mut text = text.to_owned();
        for _ in 0..=self.0.below(4) {
            text = match self.0.below(8) {
                0 => self.signs(&text),
                1 => self.without_a_piece(&text),
                2 => self.bytes(&text),
                3 => self.a_line_elsewhere(&text),
                4 => self.a_line_twice(&text),
                5 => self.indented(&text),
                6 => self.lines_of_another(&text, other),
                _ => self.a_piece_of_another(&text, other),
            };
        }
        text
    }

    fn place(&mut self, text: &str) -> usize {
        let mut at = self.0.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    fn piece(&mut self, text: &str, most: usize) -> Range<usize> {
        let start = self.place(text);
        let length = self.0.below(most) + 1;
        let mut end = (start + length).min(text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        start..end
    }

    fn signs(&mut self, text: &str) -> String {
        let at = self.place(text);
        let character = CHARACTERS[self.0.below(CHARACTERS.len())];
        [&text[..at], character, &text[at..]].concat()
    }

    fn without_a_piece(&mut self, text: &str) -> String {
        let piece = self.piece(text, 40);
        [&text[..piece.start], &text[piece.end..]].concat()
    }

    fn bytes(&mut self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        let at = self.0.below(bytes.len());
        if let Some(byte) = bytes.get_mut(at) {
            *byte = u8::try_from(self.0.below(256)).unwrap();
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn lines(text: &str) -> Vec<&str> {
        text.split_inclusive('\n').collect()
    }

    fn a_line_elsewhere(&mut self, text: &str) -> String {
        let mut lines = Self::lines(text);
        if lines.len() > 1 {
            let line = lines.remove(self.0.below(lines.len()));
            lines.insert(self.0.below(lines.len() + 1), line);
        }
        lines.concat()
    }

    fn a_line_twice(&mut self, text: &str) -> String {
        let mut lines = Self::lines(text);
        if !lines.is_empty() {
            let at = self.0.below(lines.len());
            lines.insert(at, lines[at]);
        }
        lines.concat()
    }

    fn indented(&mut self, text: &str) -> String {
        let lines = Self::lines(text);
        let (first, count) = (self.0.below(lines.len()), self.0.below(12) + 1);
        let more = self.0.below(2) == 0;
        let reindented = |(index, line): (usize, &&str)| match () {
            () if index < first || index >= first + count => (*line).to_owned(),
            () if more => format!("  {line}"),
            () => line.strip_prefix("  ").unwrap_or(line).to_owned(),
        };
        lines.iter().enumerate().map(reindented).collect()
    }

    fn lines_of_another(&mut self, text: &str, other: &str) -> String {
        let (mine, theirs) = (Self::lines(text), Self::lines(other));
        let at = self.0.below(mine.len() + 1).min(mine.len());
        let from = self.0.below(theirs.len());
        let to = (from + self.0.below(20)).min(theirs.len());
        [&mine[..at], &theirs[from.min(to)..to], &mine[at..]].concat().concat()
    }

    fn a_piece_of_another(&mut self, text: &str, other: &str) -> String {
        let at = self.place(text);
        let piece = &other[self.piece(other, 200)];
        [&text[..at], piece, &text[at..]].concat()
    }
}
