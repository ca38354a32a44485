//! Two liberties of the hosted service's parser that ours does not take.
//!
//! A block scalar's `|` may be on a line of its own, no deeper than its key; a quoted text may
//! continue at or left of its key:
//!
//! ```yaml
//! - run:
//!   |
//!     make
//! - run: "echo one
//! two"
//! ```
//!
//! The line break before the `|` becomes a space; the quoted text becomes a filler of the same length,
//! and its value is kept next to it. Nothing moves, so every place stays right.

use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Parser, ScanError, options};

/// Repairs of one text.
const REPAIRS: usize = 20;

/// Bytes that may be parsed in search of quoted texts to repair: each repair parses again what is
/// before it.
const FOLDING_BYTES: usize = 8 * 1024 * 1024;

/// A text whose misplaced quoted texts are filler.
pub(crate) struct Folded {
    /// As long as it was.
    pub(crate) text: String,
    /// What the fillers stand for, by their first byte.
    pub(crate) values: HashMap<usize, String>,
}

/// Replaces the quoted texts that continue at or left of their key; `None` if the text is wrong in
/// another way too.
pub(crate) fn folded(text: &str) -> Option<Folded> {
    let mut folded = Folded { text: text.to_owned(), values: HashMap::new() };
    let repairs = (FOLDING_BYTES / text.len().max(1)).clamp(REPAIRS, 1_000);
    for _ in 0..repairs {
        let Some((known, error)) = first_failure(&folded.text) else { return Some(folded) };
        if *error.kind() != ErrorKind::InvalidQuotedScalarIndent {
            return None;
        }
        let mark = error.marker().byte_offset()?;
        let (start, end) = quoted_around(&folded.text, known, mark)?;
        folded.values.insert(start, value_of(folded.text.get(start..end)?)?);
        let filler = format!("\"{}\"", "x".repeat(end - start - 2));
        folded.text.replace_range(start..end, &filler);
    }
    None
}

/// Finds the quoted text that holds a byte, after the last thing that was understood.
fn quoted_around(text: &str, known: usize, mark: usize) -> Option<(usize, usize)> {
    let begins = |at: usize| {
        let before = text[..at].trim_end_matches(' ');
        before.is_empty() || before.ends_with(['\n', ':', '-', '[', '{', ',', '?'])
    };
    let mut from = known;
    while let Some(at) = text.get(from..mark)?.find(['"', '\'']).map(|at| from + at) {
        let end = closing_quote(text, at)?;
        if begins(at) && end > mark {
            return Some((at, end));
        }
        from = if begins(at) { end.min(mark) } else { at + 1 };
    }
    None
}

/// Returns the byte after the quote that closes the one at `open`.
fn closing_quote(text: &str, open: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let quote = *bytes.get(open)?;
    let mut at = open + 1;
    loop {
        match *bytes.get(at)? {
            b'\\' if quote == b'"' => at += 2,
            b'\'' if quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') => at += 2,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// Reads a quoted text as if it were deep enough: where its lines begin does not matter.
fn value_of(quoted: &str) -> Option<String> {
    let deep = format!("- {}", quoted.replace('\n', "\n  "));
    let mut scalars = Parser::new_from_str(&deep).filter_map(|event| match event.ok()?.0 {
        Event::Scalar(text, ..) => Some(text.into_owned()),
        _ => None,
    });
    scalars.next()
}

/// Returns the first syntax error, and where what was understood before it ends.
fn first_failure(text: &str) -> Option<(usize, ScanError)> {
    let options = options! { emit_unresolved_aliases: true };
    let mut known = 0;
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((Event::Scalar(..), span)) => {
                known = span.byte_range().map_or(known, |range| range.end);
            }
            Ok(_) => {}
            Err(error) => return Some((known, error)),
        }
    }
    None
}

/// Returns the text with such line breaks as spaces; `None` if there is nothing to repair, which
/// is seen without parsing.
pub(crate) fn repaired(text: &str) -> Option<String> {
    let mut before = "";
    let suspicious = text.lines().any(|line| {
        let late = is_indicator(line) && before.trim_end().ends_with(':');
        before = line;
        late
    });
    if !suspicious {
        return None;
    }
    let mut repaired = None;
    for _ in 0..REPAIRS {
        let current = repaired.as_deref().unwrap_or(text);
        let Some(better) = first_error(current).and_then(|at| join(current, at)) else { break };
        repaired = Some(better);
    }
    // A text that stays wrong is reported as it was written.
    repaired.filter(|repaired| first_error(repaired).is_none())
}

fn is_indicator(line: &str) -> bool {
    let mut signs = line.trim().chars();
    signs.next().is_some_and(|c| matches!(c, '|' | '>'))
        && signs.clone().count() <= 2
        && signs.all(|c| matches!(c, '+' | '-' | '1'..='9'))
}

fn first_error(text: &str) -> Option<usize> {
    first_failure(text)?.1.marker().byte_offset()
}

/// Joins the line of a position to the one before, if that may be what is wrong with it.
fn join(text: &str, at: usize) -> Option<String> {
    let start = text.get(..at)?.rfind('\n')? + 1;
    let line = text.get(start..)?.lines().next()?;
    let before = text.get(..start)?.trim_end();
    if !is_indicator(line) || !before.ends_with(':') {
        return None;
    }
    let spaces = " ".repeat(start - before.len());
    Some([before, &spaces, text.get(start..)?].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_indicator_is_moved_up_and_nothing_else() {
        let text = "steps:\n  - run:\n    |\n      make\n  - run: |\n      x:\n      |\n";
        let repaired = repaired(text).unwrap();
        assert_eq!(repaired.len(), text.len());
        assert_eq!(repaired, "steps:\n  - run:     |\n      make\n  - run: |\n      x:\n      |\n");
    }

    /// The hosted service and other readers of YAML 1.1 do not ask where a quoted text continues.
    #[test]
    fn quoted_texts_continue_at_any_column() {
        let text = "a:\n  b: 'Greet\n  it''s'\n  c: \"one \\\"x\\\"\n two\n\nthree\"\n  d: 'x'\n";
        let folded = folded(text).unwrap();
        assert_eq!(folded.text.len(), text.len());
        let value = |start: &str| &*folded.values[&text.find(start).unwrap()];
        assert_eq!(value("'Greet"), "Greet it's");
        assert_eq!(value("\"one"), "one \"x\" two\nthree");
        assert_eq!(folded.values.len(), 2);
    }

    #[test]
    fn a_quote_that_is_not_closed_is_not_repaired() {
        assert!(folded("a:\n  b: 'Greet\n  c: x\n").is_none());
        assert!(folded("a:\n  b: 'one\n  two'\n  c: 'x\nd: 'y'\n").is_none());
    }

    #[test]
    fn what_is_fine_or_wrong_otherwise_is_left_alone() {
        assert_eq!(repaired("a:\n  |\n   text\n"), None);
        assert_eq!(repaired("a: 1\n  b: 2\n"), None);
        assert_eq!(repaired("a: [\nb:\n |\n"), None);
    }
}
