//! Quoted strings that continue over lines, and what they stand for.
//!
//! Deliberately absent: which of them the parser refuses.

use granit_parser::{Event, Parser};

/// A quoted string: its first byte, and the byte after its last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quoted {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Bytes of the longest anchor or tag that is recognized.
const WORD: usize = 256;

/// Returns whether a value may begin at a byte: after the sign of a key or an item, in a collection,
/// or after the anchor or the tag of the value.
pub(in crate::read::yaml) fn may_begin(text: &str, at: usize) -> bool {
    let mut before = text.get(..at).unwrap_or("");
    // A value has one anchor and one tag at most.
    for _ in 0..=2 {
        let bare = before.trim_end_matches([' ', '\t']);
        if bare.is_empty() || bare.ends_with(['\n', ':', '-', '[', '{', ',', '?']) {
            return true;
        }
        if bare.len() == before.len() {
            return false;
        }
        let near = bare.len().saturating_sub(WORD);
        let is_border = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'[' | b'{' | b',');
        let word = match bare.as_bytes()[near..].iter().rposition(is_border) {
            Some(border) => near + border + 1,
            None if near == 0 => 0,
            None => return false,
        };
        if !matches!(bare.as_bytes().get(word), Some(b'&' | b'!')) {
            return false;
        }
        before = &bare[..word];
    }
    false
}

/// Finds the quoted string that holds a byte, after the last thing that was understood.
pub(super) fn around(text: &str, known: usize, mark: usize) -> Option<Quoted> {
    let mut from = known;
    while let Some(at) = text.get(from..mark)?.find(['"', '\'']).map(|at| from + at) {
        if !may_begin(text, at) {
            from = at + 1;
            continue;
        }
        let end = closing_quote(text, at)?;
        if end > mark {
            return Some(Quoted { start: at, end });
        }
        from = end;
    }
    None
}

/// Finds what seems to be quoted strings over several lines, from a byte on. Blocks and comments are
/// passed over by what their lines look like, so the parser has to confirm each.
pub(super) fn over_lines(text: &str, from: usize) -> Vec<Quoted> {
    let mut found = Vec::new();
    let mut at = from;
    // The column that the lines of a block are deeper than.
    let mut block: Option<usize> = None;
    while at < text.len() {
        let line = text[at..].lines().next().unwrap_or("");
        let next =
            at + line.len() + text[at + line.len()..].find('\n').map_or(0, |newline| newline + 1);
        let column = line.len() - line.trim_start_matches(' ').len();
        if line.trim().is_empty() || block.is_some_and(|of| column > of) {
            at = next.max(at + 1);
            continue;
        }
        let (end, header) = quotes_of_line(text, at, &mut found);
        block = header;
        at = if end <= at + line.len() { next.max(at + 1) } else { end };
    }
    found
}

/// Collects the quoted strings that begin in a line; returns where the last of them ends, and the column
/// that the line has if it begins a block.
fn quotes_of_line(text: &str, start: usize, found: &mut Vec<Quoted>) -> (usize, Option<usize>) {
    let bytes = text.as_bytes();
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\n' => break,
            b'#' if at == start || matches!(bytes[at - 1], b' ' | b'\t' | b'\n') => break,
            b'"' | b'\'' if may_begin(text, at) => {
                let Some(end) = closing_quote(text, at) else { return (text.len(), None) };
                if text[at..end].contains('\n') {
                    found.push(Quoted { start: at, end });
                    return (end, None);
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    let line = text.get(start..at).unwrap_or("").trim_end();
    let last = line.rsplit([' ', '\t', ':', '-']).next().unwrap_or("");
    let sign = line.trim_end_matches(['+', '-', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    let is_block = last.starts_with(['|', '>']) || sign.ends_with(['|', '>']);
    (at, is_block.then(|| column_of_key(line)))
}

/// Returns the column of a line's key, or of its last dash if it has none.
fn column_of_key(line: &str) -> usize {
    let mut rest = line.trim_start();
    let mut dash = line.len() - rest.len();
    while let Some(inner) = rest.strip_prefix("- ") {
        let inner = inner.trim_start();
        if inner.starts_with(['|', '>']) {
            break;
        }
        rest = inner;
        dash = line.len() - rest.len();
    }
    dash
}

/// Returns the byte after the quote that closes the one at `open`.
pub(in crate::read::yaml) fn closing_quote(text: &str, open: usize) -> Option<usize> {
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

/// Reads a quoted string as if it were deep enough: where its lines begin does not matter.
pub(super) fn value_of(quoted: &str) -> Option<String> {
    let deep = format!("- {}", quoted.replace('\n', "\n  "));
    let mut scalars = Parser::new_from_str(&deep).filter_map(|event| match event.ok()?.0 {
        Event::Scalar(text, ..) => Some(text.into_owned()),
        _ => None,
    });
    scalars.next()
}
