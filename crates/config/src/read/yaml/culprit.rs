//! Where a syntax error really is: the parser notices a line or more too late.
//!
//! A quote that is not closed is noticed at the next line, a tab at the end of the line above it, a
//! missing dash or colon and a wrong indentation at the next line that does not fit.
//!
//! Deliberately absent: words for the mistake as a whole, which [`super::cause`] finds.

use std::ops::Range;

use granit_parser::ErrorKind;

/// A place that may be the cause.
#[derive(Clone, Debug)]
pub(super) struct Culprit {
    pub(super) place: Range<usize>,
    /// The relation of the line to the error.
    pub(super) what: &'static str,
    /// It is only next to the error.
    pub(super) vague: bool,
    /// It is the mistake itself, not a guess.
    pub(super) certain: bool,
    /// The advice, if there is any.
    pub(super) help: Option<&'static str>,
}

/// Groups of parser errors that are explained alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ErrorGroup {
    /// A tab where only spaces are allowed.
    Tab,
    /// A quoted string that is not closed, or that continues in a line that is indented too little.
    Quote,
    /// Any other error of structure.
    Structure,
}

/// Finds the likely causes other than the place where the parser stopped, the likeliest first.
pub(super) fn culprits(text: &str, mark: usize, kind: &ErrorKind) -> Vec<Culprit> {
    let complaint = complaint(kind);
    // For a string with a colon in it, the line alone is enough.
    if complaint == ErrorGroup::Structure && is_inner_colon(text, mark) {
        return Vec::new();
    }
    // The line is neither a key nor an item, and that is all.
    let lines = Lines::new(text);
    if *kind == ErrorKind::SimpleKeyExpected && !lines.has_sign(lines.index_of(mark)) {
        return Vec::new();
    }
    suspects(text, mark, complaint)
}

/// Says how to fix a line that is neither a key nor an item, if there is one at the error or just
/// above it.
pub(super) fn unsigned(text: &str, mark: usize, kind: &ErrorKind) -> Option<&'static str> {
    if complaint(kind) != ErrorGroup::Structure || is_inner_colon(text, mark) {
        return None;
    }
    let lines = Lines::new(text);
    let at = lines.index_of(mark);
    if lines.open_bracket(text, mark).is_some() {
        return Some("close the bracket, and put commas between the entries");
    }
    if !lines.has_sign(at) {
        return Some("put a `:` after the key; a list item starts with `- `");
    }
    let is_item = lines.content(at)?.1.starts_with("- ");
    let before = lines.before(at)?;
    let deeper = lines.content(at)?.0 > lines.content(before)?.0;
    if lines.has_sign(before) && !(deeper && !is_item && lines.is_bare_item(before)) {
        return None;
    }
    Some(if is_item && !deeper {
        "put a `- ` before each item of the list, the first one too"
    } else {
        "put a `:` after the key in the line above"
    })
}

fn suspects(text: &str, mark: usize, complaint: ErrorGroup) -> Vec<Culprit> {
    let lines = Lines::new(text);
    let at = lines.index_of(mark);
    let certain = complaint != ErrorGroup::Structure;
    let found = match complaint {
        ErrorGroup::Tab => lines.tab(at).into_iter().collect(),
        ErrorGroup::Quote => lines.open_quote(at).into_iter().collect(),
        ErrorGroup::Structure => {
            lines.open_bracket(text, mark).map_or_else(|| lines.misfits(at), |open| vec![open])
        }
    };
    let help =
        (complaint == ErrorGroup::Quote).then_some("close the quote at the end of the string");
    let culprit = |(place, what)| {
        let vague = what == WRONG_INDENT;
        Culprit { place, what, vague, certain, help }
    };
    found.into_iter().map(culprit).collect()
}

fn complaint(kind: &ErrorKind) -> ErrorGroup {
    match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => ErrorGroup::Tab,
        ErrorKind::UnclosedQuotedScalar
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::InvalidTrailingSingleQuotedScalar
        | ErrorKind::InvalidTrailingDoubleQuotedScalar
        | ErrorKind::DocumentIndicatorInQuotedScalar => ErrorGroup::Quote,
        _ => ErrorGroup::Structure,
    }
}

/// Returns whether the parser stopped at a colon within the value of a key of the same line.
fn is_inner_colon(text: &str, mark: usize) -> bool {
    let start = text.get(..mark).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let before = text.get(start..mark).unwrap_or("");
    before.contains(": ") && text.get(mark..).is_some_and(|rest| rest.starts_with(':'))
}

type Suspect = (Range<usize>, &'static str);

/// Lines above the error that are examined.
const REACH: usize = 200;

/// Lines below it: a tab is noticed where the line before it ends.
const BELOW: usize = 20;

/// Lines above the error in which a bracket may have been opened.
const BRACKET_REACH: usize = 30;

const NO_SIGN: &str = "is a `:` or a `- ` missing here?";
const WRONG_INDENT: &str = "or is the indentation of this line wrong?";

struct Lines<'t> {
    lines: Vec<(usize, &'t str)>,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        let mut start = 0;
        let lines = text.split_inclusive('\n').map(|line| {
            let place = (start, line.trim_end());
            start += line.len();
            place
        });
        Self { lines: lines.collect() }
    }

    fn index_of(&self, mark: usize) -> usize {
        self.lines.partition_point(|(start, _)| *start <= mark).saturating_sub(1)
    }

    /// Returns the indentation and the rest of a line that holds more than a comment.
    fn content(&self, index: usize) -> Option<(usize, &'t str)> {
        let (_, line) = self.lines.get(index)?;
        let content = line.trim_start();
        let counts = !content.is_empty() && !content.starts_with('#');
        counts.then(|| (line.len() - content.len(), content))
    }

    fn place(&self, index: usize) -> Option<Range<usize>> {
        let (start, line) = self.lines.get(index)?;
        let (indent, _) = self.content(index)?;
        Some(start + indent..start + line.len())
    }

    /// Finds the first tab in the indentation of the line of the mark, or of those below it.
    fn tab(&self, at: usize) -> Option<Suspect> {
        self.lines.iter().skip(at).take(BELOW).find_map(|(start, line)| {
            let indentation = line.len() - line.trim_start().len();
            let tab = line.get(..indentation)?.find('\t')?;
            Some((start + tab..start + tab + 1, "this is a tab"))
        })
    }

    /// Finds the nearest quote above that opens a value and is not closed in its line.
    fn open_quote(&self, at: usize) -> Option<Suspect> {
        (at.saturating_sub(REACH)..=at).rev().find_map(|index| {
            let (start, line) = self.lines.get(index)?;
            let quote = open_quote_of(line)?;
            Some((start + quote..start + line.len(), "this quote is not closed"))
        })
    }

    /// Finds the nearest bracket or brace above that opens a value and is not closed up to the
    /// mark.
    fn open_bracket(&self, text: &str, mark: usize) -> Option<Suspect> {
        let at = self.index_of(mark);
        (at.saturating_sub(BRACKET_REACH)..=at).rev().find_map(|index| {
            let (start, line) = self.lines.get(index)?;
            let value = line.find(": ").map_or(0, |colon| colon + 2);
            let value = value + line.get(value..)?.len() - line.get(value..)?.trim_start().len();
            let value = value + if line.get(value..)?.starts_with("- ") { 2 } else { 0 };
            let what = match line.as_bytes().get(value)? {
                b'[' => "this list is not closed",
                b'{' => "this mapping is not closed",
                _ => return None,
            };
            let begin = start + value;
            (depth(text.get(begin..mark)?) > 0).then_some((begin..begin + 1, what))
        })
    }

    /// Finds the lines that the one at the mark does not fit to.
    fn misfits(&self, at: usize) -> Vec<Suspect> {
        let above = || (at.saturating_sub(REACH)..at).rev();
        let Some(before) = self.before(at) else { return Vec::new() };
        let indent_of = |index: usize| self.content(index).map_or(0, |(indent, _)| indent);
        let is_item = |index| self.content(index).is_some_and(|(_, line)| line.starts_with("- "));
        let indent = indent_of(at);
        let parent =
            above().find(|&index| self.content(index).is_some_and(|(other, _)| other <= indent));
        let bare = self.is_bare_item(before) && !self.is_bare_item(at);
        let what = if self.has_sign(before) && !bare { WRONG_INDENT } else { NO_SIGN };
        let mut found = vec![(before, what)];
        let Some(parent) = parent else {
            // The whole text should begin where this line does.
            let first = (at.saturating_sub(REACH)..at).find(|&index| self.content(index).is_some());
            found.extend(
                first.map(|first| (first, "the block starts here, with a different indentation")),
            );
            return self.places(found);
        };
        // A list may be in the column of its key.
        let holds = indent_of(parent) < indent || is_item(at) && !is_item(parent);
        if holds && parent != before {
            let first = (parent + 1..at).find(|&index| self.content(index).is_some());
            if let Some(first) = first.filter(|&first| first != before) {
                found.insert(0, (first, "the block starts here, with a different indentation"));
            }
            found.push((parent, "the block belongs to this line"));
        }
        if let Some(unsigned) = self.unsigned(before).filter(|line| *line != before) {
            found.insert(0, (unsigned, NO_SIGN));
        }
        self.places(found)
    }

    /// Returns whether a line is an item without any key.
    fn is_bare_item(&self, index: usize) -> bool {
        self.content(index).is_some_and(|(_, line)| {
            line.starts_with("- ") && !line.contains(": ") && !line.ends_with(':')
        })
    }

    /// Finds the line above that holds something.
    fn before(&self, at: usize) -> Option<usize> {
        (at.saturating_sub(REACH)..at).rev().find(|&index| self.content(index).is_some())
    }

    /// Returns whether a line is a key, an item of a list, or a part of a block that need be neither.
    fn has_sign(&self, index: usize) -> bool {
        let Some((indent, line)) = self.content(index) else { return true };
        if line.contains(": ") || line.ends_with(':') || line.starts_with("- ") || line == "-" {
            return true;
        }
        let mut outer = indent;
        (index.saturating_sub(REACH)..index).rev().any(|above| {
            let Some((indent, line)) = self.content(above).filter(|(indent, _)| *indent < outer)
            else {
                return false;
            };
            outer = indent;
            let last = line.rsplit(' ').next().unwrap_or("");
            last.starts_with(['|', '>']) && last.len() <= 3
        })
    }

    fn places(&self, mut found: Vec<(usize, &'static str)>) -> Vec<Suspect> {
        let mut seen = Vec::new();
        found.retain(|(index, _)| {
            let is_new = !seen.contains(index);
            seen.push(*index);
            is_new
        });
        found.into_iter().filter_map(|(index, why)| Some((self.place(index)?, why))).collect()
    }

    /// Finds the line that begins a plain scalar which continues to this line, and that is indented least.
    fn unsigned(&self, last: usize) -> Option<usize> {
        let lines = (last.saturating_sub(REACH)..=last).rev();
        let contents = lines.filter_map(|index| Some((index, self.content(index)?)));
        let run =
            contents.take_while(|(_, (_, line))| !line.contains(": ") && !line.ends_with(':'));
        let bare = run.filter(|(_, (_, line))| !line.starts_with("- "));
        bare.min_by_key(|&(index, (indent, _))| (indent, index)).map(|(index, _)| index)
    }
}

/// Counts the brackets and braces that are opened and not closed, outside of quotes and comments.
fn depth(text: &str) -> usize {
    let mut depth = 0usize;
    for line in text.lines() {
        let bytes = line.as_bytes();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                b'"' | b'\'' => at = end_of_quoted(bytes, at).unwrap_or(bytes.len()),
                b'#' if at == 0 || bytes.get(at - 1) == Some(&b' ') => break,
                _ => {}
            }
            at += 1;
        }
    }
    depth
}

/// Returns where a quote begins a value in this line and nothing ends it.
fn open_quote_of(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let indent = line.len() - line.trim_start().len();
    let mut at = indent;
    while let Some(&byte) = bytes.get(at) {
        let before = bytes.get(..at)?;
        let begins = at == indent
            || [&b": "[..], b"- ", b"[", b"{", b", "]
                .iter()
                .any(|opening| before.ends_with(opening));
        if byte == b'#' && (at == indent || before.ends_with(b" ")) {
            return None;
        }
        if begins && (byte == b'"' || byte == b'\'') {
            match end_of_quoted(bytes, at) {
                Some(end) => at = end,
                None => return Some(at),
            }
        }
        at += 1;
    }
    None
}

/// Returns where the quoted string that begins here ends, if it does so in this line.
fn end_of_quoted(bytes: &[u8], start: usize) -> Option<usize> {
    let quote = *bytes.get(start)?;
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'\\' && quote == b'"' {
            at += 2;
            continue;
        }
        if byte == quote && quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') {
            at += 2;
            continue;
        }
        if byte == quote {
            return Some(at);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines, counted from 1, that are suspected for an error at the line that holds `|`.
    fn suspected(text: &str, complaint: ErrorGroup) -> Vec<usize> {
        let mark = text.find('|').unwrap();
        let text = text.replace('|', "");
        let line = |at: usize| text[..at].matches('\n').count() + 1;
        suspects(&text, mark, complaint).into_iter().map(|found| line(found.place.start)).collect()
    }

    #[test]
    fn a_quote_is_found_where_it_opens() {
        let text = "a:\n  name: \"Build docs\n  command: |make\n";
        assert_eq!(suspected(text, ErrorGroup::Quote), [2]);
        let text = "a: 'it''s'\nb: [\"x\", 'y]\n# \"\n|c: d\n";
        assert_eq!(suspected(text, ErrorGroup::Quote), [2]);
        assert_eq!(suspected("a: b\n|c: it's\n", ErrorGroup::Quote), [0; 0]);
    }

    #[test]
    fn a_quote_within_a_script_opens_nothing() {
        let text = "a:\n  name: \"Build docs\n  run: echo \"x\n  command: |make\n";
        assert_eq!(suspected(text, ErrorGroup::Quote), [2]);
    }

    #[test]
    fn a_bracket_is_found_where_it_opens() {
        let text = "a:\n  default: [\n  steps:\n    |- x\n";
        assert_eq!(suspected(text, ErrorGroup::Structure), [2]);
        let text = "a:\n  b: [x, \"]\"\n  c: {d: e}\n  f: |g\n";
        assert_eq!(suspected(text, ErrorGroup::Structure), [2]);
        let text = "a: [x]\nb\nc|: d\n";
        assert_eq!(suspected(text, ErrorGroup::Structure), [2]);
    }

    #[test]
    fn a_tab_is_found_in_the_line_below() {
        assert_eq!(suspected("a: b|\n\tc: d\n", ErrorGroup::Tab), [2]);
    }

    #[test]
    fn a_line_without_its_dash_or_colon_is_suspected() {
        let text = "steps:\n    checkout\n\n# x\n  - run|: x\n";
        assert_eq!(suspected(text, ErrorGroup::Structure), [2, 1]);
        assert_eq!(suspected("- run\n    name|: x\n", ErrorGroup::Structure), [1]);
        assert_eq!(suspected("version 2.1\n\njobs|:\n", ErrorGroup::Structure), [1]);
        let text = "a:\n  steps\n    - checkout\n    - run|: x\n";
        assert_eq!(suspected(text, ErrorGroup::Structure), [2, 3]);
    }

    #[test]
    fn the_line_that_begins_a_block_with_another_indentation_is_suspected() {
        let text =
            "parameters:\n   a:\n    type: string\n    default: x\n  |b:\n    type: string\n";
        assert_eq!(suspected(text, ErrorGroup::Structure), [2, 4, 1]);
        let text = "  lint:\n  executor:\n      name: golang\n    |steps:\n";
        assert_eq!(suspected(text, ErrorGroup::Structure), [3, 2]);
        let text = "steps:\n - a: b\n - c: d\n|- e: f\n";
        assert_eq!(suspected(text, ErrorGroup::Structure), [2, 3, 1]);
        assert_eq!(suspected("  version: 2.1\na: b\n|jobs:\n", ErrorGroup::Structure), [2]);
    }

    #[test]
    fn a_text_that_begins_too_far_right_is_suspected() {
        let text = " version: 2.1\n\n# x\n |\njobs:\n";
        assert_eq!(suspected(text, ErrorGroup::Structure), [1]);
        assert_eq!(suspected(" version: 2.1\n x: y\n|jobs:\n", ErrorGroup::Structure), [2, 1]);
    }
}
