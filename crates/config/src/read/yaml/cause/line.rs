//! The lines of a text, as a person reads them: columns, dashes, keys, values.
//!
//! Deliberately absent: what is wrong with them.

use crate::text::place::Span;

/// Lines above the place that are examined. The line to blame is rarely further away.
pub(super) const LINES: usize = 500;

/// A line of the text.
#[derive(Clone, Copy)]
pub(super) struct Line<'t> {
    /// Its first byte.
    pub(super) start: usize,
    /// Counted from 1.
    pub(super) number: usize,
    pub(super) text: &'t str,
}

impl<'t> Line<'t> {
    pub(super) fn indentation(self) -> &'t str {
        &self.text[..self.text.len() - self.text.trim_start().len()]
    }

    pub(super) fn column(self) -> usize {
        self.indentation().len()
    }

    pub(super) fn content(self) -> &'t str {
        self.text.trim()
    }

    pub(super) fn is_dash(self) -> bool {
        self.content() == "-" || self.content().starts_with("- ")
    }

    /// Returns whether there is more than a comment on it.
    fn is_content(self) -> bool {
        !self.content().is_empty() && !self.content().starts_with('#')
    }

    /// Returns whether it is a key with a value that ends on the line.
    pub(super) fn has_whole_value(self) -> bool {
        let Some((_, value)) = self.content().split_once(": ") else { return false };
        let value = value.trim_start();
        let closed = |open: char, close: char| {
            !value.starts_with(open) || value.len() > 1 && value.ends_with(close)
        };
        !value.starts_with(['|', '>', '&', '!'])
            && [('"', '"'), ('\'', '\''), ('[', ']'), ('{', '}')]
                .into_iter()
                .all(|(open, close)| closed(open, close))
    }

    /// Returns whether the text of a block begins below it.
    pub(super) fn begins_block(self) -> bool {
        let content = self.content();
        let value = content.rsplit_once(": ").or_else(|| content.rsplit_once("- "));
        value.is_some_and(|(_, value)| value.starts_with(['|', '>']) && value.len() <= 3)
    }

    /// Returns the alias that is all of the line's value, or all of the line.
    pub(super) fn alias(self) -> Option<&'t str> {
        let content = self.content();
        let value = content.split_once(": ").map_or(content, |(_, value)| value.trim_start());
        let is_alias = value.len() > 1 && value.starts_with('*') && !value.contains([' ', ':']);
        is_alias.then_some(value)
    }

    /// Returns the key of the line, or its first word.
    pub(super) fn word(self) -> &'t str {
        self.content().split([':', ' ']).next().unwrap_or("")
    }

    /// Returns the place of what begins the line: its key, its dash, its first word.
    pub(super) fn span(self) -> Span {
        let content = self.content();
        let word = content.find([':', ' ']).filter(|&at| at > 0).unwrap_or(content.len());
        let start = self.start + self.column();
        Span::new(start, start + word)
    }

    /// Returns the place of all that is on the line.
    pub(super) fn content_span(self) -> Span {
        Span::new(self.start + self.column(), self.start + self.text.len())
    }
}

/// The lines with something on them, up to the one that holds the place.
pub(super) fn lines(text: &str, mark: usize) -> Vec<Line<'_>> {
    let mut start = 0;
    let mut lines = Vec::new();
    for (index, text) in text.split_inclusive('\n').enumerate() {
        if start > mark {
            break;
        }
        let line = Line { start, number: index + 1, text: text.trim_end() };
        start += text.len();
        if line.is_content() || start > mark {
            lines.push(line);
        }
    }
    lines
}

/// The lines that a next line can continue, innermost first: each is indented less than those
/// before it.
pub(super) fn levels<'t>(above: &[Line<'t>]) -> Vec<Line<'t>> {
    let mut levels: Vec<Line<'t>> = Vec::new();
    for &line in above.iter().rev().take(LINES) {
        if levels.last().is_none_or(|last| line.column() < last.column()) {
            levels.push(line);
        }
        // A key after a dash is in its own column, and a dash may be in its key's.
        if line.column() == 0 && !line.is_dash() {
            break;
        }
    }
    levels
}

pub(super) fn as_line(other: Line<'_>) -> String {
    let column = other.column();
    format!("indent it by {column} {}, like line {}", spaces(column), other.number)
}

/// What may stand below `run:`; a line that begins with one is probably meant to.
const RUN_KEYS: &[&str] = &[
    "auto_rerun_delay",
    "background",
    "command",
    "description",
    "environment",
    "max_auto_reruns",
    "name",
    "no_output_timeout",
    "shell",
    "when",
    "working_directory",
];

/// Returns whether a word is a key of `run`.
pub(super) fn is_run_key(word: &str) -> bool {
    RUN_KEYS.contains(&word)
}

/// The lines with something on them that follow a line.
pub(super) fn lines_below<'t>(text: &'t str, line: Line<'t>) -> Vec<Line<'t>> {
    let mut start = line.start;
    let mut lines = Vec::new();
    let rest = text.get(start..).unwrap_or("").split_inclusive('\n').take(LINES);
    for (number, text) in (line.number..).zip(rest) {
        let next = Line { start, number, text: text.trim_end() };
        start += text.len();
        if number > line.number && next.is_content() {
            lines.push(next);
        }
    }
    lines
}

pub(super) fn spaces(number: usize) -> &'static str {
    if number == 1 { "space" } else { "spaces" }
}
