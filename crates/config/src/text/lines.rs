//! Lines and columns of a source, for people.

use std::{ops::Range, sync::Arc};

use crate::text::place::Span;

/// Finds lines and columns of byte positions.
#[derive(Debug)]
pub(crate) struct Lines {
    text: Arc<str>,
    starts: Vec<usize>,
}

/// A line and a column, both counted from 1; the column counts characters, a tab is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl Lines {
    pub(crate) fn new(text: &Arc<str>) -> Self {
        let breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        let starts = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
        Self { text: text.clone(), starts }
    }

    /// Returns the line, counted from 1.
    pub(crate) fn line(&self, byte: usize) -> u32 {
        one_based(self.starts.partition_point(|&start| start <= byte).saturating_sub(1))
    }

    /// Returns where a byte is.
    pub(crate) fn position(&self, byte: usize) -> Position {
        let line = self.starts.partition_point(|&start| start <= byte).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let before = self.text.get(start..byte.min(self.text.len())).unwrap_or("");
        let before = if start == 0 { before.trim_start_matches('\u{feff}') } else { before };
        Position { line: one_based(line), column: one_based(before.chars().count()) }
    }

    /// Returns the text of the line that a byte is on.
    pub(crate) fn line_at(&self, byte: usize) -> &str {
        let line = self.starts.partition_point(|&start| start <= byte).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        self.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or("")
    }

    /// Moves a span to character borders within the text, without trailing spaces.
    ///
    /// The parser lets a collection run into the indentation that follows it.
    pub(crate) fn trim(&self, span: Span) -> Range<usize> {
        let mut start = span.start().min(self.text.len());
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        let mut end = span.end().clamp(start, self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let end = end.max(start);
        let kept = self.text.get(start..end).unwrap_or("").trim_end().len();
        start..start + kept
    }
}

fn one_based(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_survive_crlf() {
        let text = Arc::from("a: ü\r\nbé: x\n");
        let lines = Lines::new(&text);
        let at = |line, column| Position { line, column };
        assert_eq!(lines.position(0), at(1, 1));
        assert_eq!(lines.position(7), at(2, 1));
        let x = text.find('x').unwrap();
        assert_eq!(lines.position(x), at(2, 5));
        assert_eq!([0, 7, x, 9_999].map(|byte| lines.line(byte)), [1, 2, 2, 3]);
        assert_eq!(lines.position(9_999), at(3, 1));
        assert_eq!(lines.line_at(x), "bé: x");
    }

    #[test]
    fn trailing_spaces_are_never_underlined_and_borders_are_characters() {
        let lines = Lines::new(&Arc::from("é: [a]\n   \nx"));
        assert_eq!(lines.trim(Span::new(0, 11)), 0..7);
        assert_eq!(lines.trim(Span::new(1, 1)), 0..0);
        assert_eq!(lines.trim(Span::new(500, 700)), 13..13);
    }
}
