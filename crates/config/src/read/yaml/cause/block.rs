//! What ends the text of a block before it was meant to: a comment to the left of it, a tab.
//!
//! Deliberately absent: a text that is itself indented less than its block ([`super::indentation`]).

use super::{
    found::Cause,
    line::{Line, as_line},
};
use crate::text::place::Span;

/// Finds a comment, or a tab, between the lines of a block. `lines` have no comments.
pub(super) fn ended_early(text: &str, lines: &[Line<'_>]) -> Option<Cause> {
    let (&line, above) = lines.split_last()?;
    let last = *above.last()?;
    let at = above.iter().rposition(|line| line.begins_block())?;
    let (&block, first) = (above.get(at)?, *above.get(at + 1)?);
    let is_inside = above[at + 1..].iter().all(|inner| inner.column() > block.column());
    if !is_inside || line.column() < first.column() {
        return None;
    }
    let mut start = last.start + last.text.len();
    for source in text.get(start..line.start)?.split_inclusive('\n') {
        let between = source.trim_end_matches(['\r', '\n']);
        let content = between.trim_start();
        let column = between.len() - content.len();
        let span = Span::new(start + column, start + between.len());
        start += source.len();
        let header = block.content().trim_start_matches("- ");
        let found = |span, what: &str, help| Cause {
            span: Some(span),
            message: Some(format!("this {what} ends the block that `{header}` begins")),
            related: Some((block.span(), "the block begins here")),
            ..Cause::help(help)
        };
        if content.starts_with('#') && column < first.column() {
            return Some(found(span, "comment", as_line(first)));
        }
        if content.is_empty() && between.contains('\t') {
            let span = Span::new(span.start() - column, span.start());
            return Some(found(span, "tab", "delete the tab".to_owned()));
        }
    }
    None
}
