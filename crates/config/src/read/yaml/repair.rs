//! What the hosted parser accepts and ours does not.
//!
//! A block scalar's `|` may be on its own line, no deeper than its key; a quoted string may
//! continue at or left of its key, and after a tab:
//!
//! ```yaml
//! - run:
//!   |
//!     make
//! - run: "echo one
//! two"
//! ```
//!
//! The line break before the `|` becomes a space; the quoted string becomes a filler of the same length,
//! and its value is kept next to it. Nothing moves, so every place stays right.
//!
//! Repairs are made one after the other, from one failure of the parser to the next; each must bring
//! it further, or it is taken back. The failure that no repair helps against remains, and is reported.

mod quotes;

use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Parser, ScanError, options};

use quotes::Quoted;
pub(super) use quotes::{closing_quote, may_begin};

/// Repairs of one source, however large it is.
const REPAIRS: usize = 20;

/// Bytes that may be parsed for repairs: each one parses again what is before it. Quoted strings count
/// as one, for they are found together.
const PARSED_BYTES: usize = 16 * 1024 * 1024;

/// A source without what the parser refuses and the hosted service accepts.
pub(super) struct Repaired {
    /// As long as it was.
    pub(super) text: String,
    /// What the fillers in it stand for, by their first byte.
    pub(super) values: HashMap<usize, String>,
}

/// Repairs a source that the parser refuses, as far as that is possible; `None` if it is not at all.
pub(super) fn repaired(text: &str) -> Option<Repaired> {
    let mut repaired = Repaired { text: text.to_owned(), values: HashMap::new() };
    let mut failure = repaired.read().failure?;
    let (mut is_better, mut together) = (false, true);
    for _ in 0..(PARSED_BYTES / text.len().max(1)).clamp(REPAIRS, 1_000) {
        let all = if together { repaired.all_folded(&failure) } else { None };
        let is_further = |next: Repaired| {
            let after = next.read().failure;
            let is_further = after.as_ref().is_none_or(|after| next.is_further(after, &failure));
            is_further.then_some((next, after))
        };
        let better = all.and_then(is_further);
        together = better.is_some();
        let Some((next, after)) = better.or_else(|| is_further(repaired.next(&failure)?)) else {
            break;
        };
        (repaired, is_better) = (next, true);
        let Some(after) = after else { break };
        failure = after;
    }
    is_better.then_some(repaired)
}

/// What the parser makes of a source.
struct Pass {
    /// Where what was understood ends.
    known: usize,
    /// Fillers that the parser took for quoted strings.
    confirmed: usize,
    failure: Option<Failure>,
}

/// Where the parser gave up.
struct Failure {
    error: ScanError,
    /// Byte offset in the text.
    mark: usize,
    /// Where what was understood before it ends.
    known: usize,
}

impl Failure {
    /// Returns whether it is about where a quoted string continues.
    fn is_quoted(&self) -> bool {
        matches!(
            self.error.kind(),
            ErrorKind::InvalidQuotedScalarIndent | ErrorKind::TabInIndentation
        )
    }
}

impl Repaired {
    /// Makes the repair that a failure asks for.
    fn next(&self, failure: &Failure) -> Option<Self> {
        if failure.is_quoted() {
            let quoted = quotes::around(&self.text, failure.known, failure.mark)?;
            return self.folded(&[quoted]);
        }
        Some(Self { text: join(&self.text, failure.mark)?, values: self.values.clone() })
    }

    /// Repairs all quoted strings from a failure up to the next one that is about something else: a file
    /// with one of them has hundreds, and each costs a pass.
    fn all_folded(&self, failure: &Failure) -> Option<Self> {
        if !failure.is_quoted() {
            return None;
        }
        let first = quotes::around(&self.text, failure.known, failure.mark)?;
        let mut all = vec![first];
        all.extend(quotes::over_lines(&self.text, first.end));
        let pass = self.folded(&all)?.read();
        all.retain(|quoted| quoted.start < pass.known);
        // What only looked like a quoted string is not one for the parser.
        if pass.confirmed != self.values.len() + all.len() {
            return None;
        }
        self.folded(&all)
    }

    /// Puts fillers in the place of quoted strings, which are in the order of the text.
    fn folded(&self, all: &[Quoted]) -> Option<Self> {
        let mut values = self.values.clone();
        let mut text = String::with_capacity(self.text.len());
        for &Quoted { start, end } in all {
            values.insert(start, quotes::value_of(self.text.get(start..end)?)?);
            text.push_str(self.text.get(text.len()..start)?);
            text.push('"');
            text.extend(std::iter::repeat_n('x', end - start - 2));
            text.push('"');
        }
        text.push_str(self.text.get(text.len()..)?);
        Some(Self { text, values })
    }

    /// Returns whether a failure is further on than the one before, and is not about what comes right
    /// after a filler: then the text was not closed where it seemed to be.
    fn is_further(&self, after: &Failure, before: &Failure) -> bool {
        let line = self.text.get(..after.mark).unwrap_or("");
        let line = line.rfind('\n').map_or(0, |newline| newline + 1);
        let ends_here = self.values.keys().any(|&start| {
            let rest = self.text.get(start + 1..).unwrap_or("");
            let end = start + 1 + rest.find('"').unwrap_or(0);
            (line..=after.mark).contains(&end)
        });
        after.mark > before.mark && !ends_here
    }

    /// Parses the text up to its end or its first syntax error.
    fn read(&self) -> Pass {
        let options = options! { emit_unresolved_aliases: true, strict_indentation: false };
        let mut pass = Pass { known: 0, confirmed: 0, failure: None };
        for event in Parser::new_from_str_with_options(&self.text, options) {
            match event {
                Ok((Event::Scalar(..), span)) => {
                    let range = span.byte_range().unwrap_or(pass.known..pass.known);
                    pass.confirmed += usize::from(self.values.contains_key(&range.start));
                    pass.known = range.end;
                }
                Ok(_) => {}
                Err(error) => {
                    let mark = error.marker().byte_offset().unwrap_or(self.text.len());
                    pass.failure = Some(Failure { error, mark, known: pass.known });
                    break;
                }
            }
        }
        pass
    }
}

fn is_indicator(line: &str) -> bool {
    let mut signs = line.trim().chars();
    signs.next().is_some_and(|c| matches!(c, '|' | '>'))
        && signs.clone().count() <= 2
        && signs.all(|c| matches!(c, '+' | '-' | '1'..='9'))
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

    /// The result of repairs and of the values that they keep, if they help.
    fn whole(text: &str) -> Option<Repaired> {
        let repaired = repaired(text)?;
        assert_eq!(repaired.text.len(), text.len());
        repaired.read().failure.is_none().then_some(repaired)
    }

    #[test]
    fn a_late_indicator_is_moved_up_and_nothing_else() {
        let text = "steps:\n  - run:\n    |\n      make\n  - run: |\n      x:\n      |\n";
        let repaired = whole(text).unwrap();
        assert_eq!(
            repaired.text,
            "steps:\n  - run:     |\n      make\n  - run: |\n      x:\n      |\n"
        );
    }

    /// The hosted service and other readers of YAML 1.1 do not ask where a quoted string continues.
    #[test]
    fn quoted_texts_continue_at_any_column() {
        let text = "a:\n  b: 'Greet\n  it''s'\n  c: \"one \\\"x\\\"\n two\n\nthree\"\n  d: 'x'\n";
        let folded = whole(text).unwrap();
        let value = |start: &str| &*folded.values[&text.find(start).unwrap()];
        assert_eq!(value("'Greet"), "Greet it's");
        assert_eq!(value("\"one"), "one \"x\" two\nthree");
        assert_eq!(folded.values.len(), 2);
    }

    #[test]
    fn quoted_texts_have_anchors_tags_and_tabs() {
        for before in ["&a ", "!!str ", "&a !!str ", "!!str  &a\t", ""] {
            let text = format!("a:\n  - {before}'one\r\n\ttwo'\n  - b: {before}\"three\n four\"\n");
            let folded = whole(&text).unwrap_or_else(|| panic!("{text}"));
            let mut values: Vec<_> = folded.values.values().map(String::as_str).collect();
            values.sort_unstable();
            assert_eq!(values, ["one two", "three four"], "{text}");
        }
    }

    #[test]
    fn all_repairs_work_together() {
        let text = "a:\n  b: 'x\n y'\n  c:\n  |\n   'z\n  d: 'u\nv'\n  e: 'w'\n";
        let repaired = whole(text).unwrap();
        assert_eq!(repaired.values.len(), 2);
    }

    #[test]
    fn what_only_looks_like_a_quoted_text_stays() {
        let text = "a:\n  b: 'x\n y'\n  c: one\n   - \"two\n   three\"\n  d: |\n   - 'x\n    y'\n  # : 'z\n  e: '\nz'\n";
        let repaired = whole(text).unwrap();
        let starts = ["'x\n y'", "'\nz'"].map(|start| text.find(start).unwrap());
        assert!(starts.iter().all(|start| repaired.values.contains_key(start)));
        assert_eq!(repaired.values.len(), 2);
    }

    /// A pass for each of them would take minutes.
    #[test]
    fn thousands_of_quoted_texts_are_repaired() {
        let text = "a:\n".to_owned() + &"  - b: 'x\n y'\n    c: |\n     z\n".repeat(5_000);
        assert_eq!(whole(&text).unwrap().values.len(), 5_000);
    }

    #[test]
    fn a_quote_that_is_not_closed_is_not_repaired() {
        assert!(repaired("a:\n  b: 'Greet\n  c: x\n").is_none());
        let repaired = repaired("a:\n  b: 'one\n  two'\n  c: 'x\nd: 'y'\n").unwrap();
        assert_eq!(repaired.values.len(), 1);
        assert!(repaired.read().failure.is_some_and(|failure| failure.is_quoted()));
    }

    #[test]
    fn what_is_fine_or_wrong_otherwise_is_left_alone() {
        assert!(repaired("a:\n  |\n   text\n").is_none());
        assert!(repaired("a: 1\n  b: 2\n").is_none());
        assert!(repaired("a: [\nb:\n |\n").is_none());
    }
}
