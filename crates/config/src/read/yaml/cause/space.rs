//! Tabs where a line is indented, and characters that are not what they seem to be.

use granit_parser::ErrorKind;

use super::{
    found::Cause,
    line::{LINES, Line},
    siblings::Neighbors,
};
use crate::{read::invisible_characters, text::place::Span};

/// The first tab in the indentation, here or on the next line, where the parser looks ahead to.
pub(super) fn tab(text: &str, line: Line<'_>, kind: &ErrorKind) -> Option<Span> {
    let is_tab = matches!(
        kind,
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabInPlainScalar
    );
    let mut start = line.start;
    for next in text.get(line.start..)?.split_inclusive('\n').take(if is_tab { 2 } else { 1 }) {
        let indentation = &next[..next.len() - next.trim_start().len()];
        if let Some(at) = indentation.find('\t') {
            return Some(Span::new(start + at, start + at + 1));
        }
        start += next.len();
    }
    None
}

/// Finds a character that keeps a line from being read as it looks, in the line of the error, the one that the
/// parser looks ahead to, or the nearest above.
pub(super) fn invisible_sign(neighbors: Neighbors<'_, '_>) -> Option<Cause> {
    let Neighbors { above, line, below } = neighbors;
    let mut block: Option<usize> = None;
    let mut outside: Vec<Line<'_>> = Vec::new();
    for &line in above.iter().skip(above.len().saturating_sub(LINES)) {
        let spaces = line.text.len() - line.text.trim_start_matches(' ').len();
        // The text of a block may have any character.
        if block.is_some_and(|column| spaces > column) {
            continue;
        }
        block = line.begins_block().then_some(spaces);
        outside.push(line);
    }
    let near = std::iter::once(&line).chain(below.first()).chain(outside.iter().rev());
    let (line, found) = near
        .into_iter()
        .find_map(|&line| Some((line, invisible_characters::of_line(line.text)?)))?;
    let span = Span::new(line.start + found.range.start, line.start + found.range.end);
    Some(Cause {
        span: Some(span),
        message: Some(found.message.to_owned()),
        is_certain: true,
        ..Cause::help(found.help)
    })
}
