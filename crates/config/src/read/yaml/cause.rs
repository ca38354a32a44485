//! Why a source is not YAML: the usual mistakes, most frequent first.
//!
//! The parser says what it expected when it gave up, in words of its grammar. Here the lines around
//! that place are read as a person reads them: tabs, quotes, colons, and above all indentation.
//! Deliberately absent: parsing. A guess that does not fit is dropped, and the parser's words stay.

mod alias;
mod block;
mod dash;
mod found;
mod images;
mod indentation;
mod line;
mod siblings;
mod sign;
mod space;
mod value;

use granit_parser::ErrorKind;

pub(super) use found::Cause;

use self::{
    alias::{alias_alone, item_merged, list_merged, misplaced_sign, several_merged},
    block::ended_early,
    dash::joined_dash,
    images::images_without_key,
    indentation::{below_its_block, indentation, list_without_key},
    line::{LINES, Line, levels, lines, lines_below},
    siblings::Neighbors,
    sign::{keyless, script_without_block, string_below_comment, swallowed, unindented_script},
    space::{invisible_sign, tab},
    value::on_the_line_of_its_key,
};
use super::{
    culprit::unsigned,
    quoting::{Misquoted, Stop, misquoted, wrong_escape},
    repair::may_begin,
    unquoted::unquoted,
};
use crate::text::place::Span;

/// Guesses the cause of an error. `known` is the last thing that was understood.
pub(super) fn cause(text: &str, known: Span, stop: Stop<'_>) -> Cause {
    let lines = lines(text, stop.mark);
    let Some((&line, above)) = lines.split_last() else {
        return Cause::help("check the indentation of the lines above");
    };
    let below = lines_below(text, line);
    let neighbors = Neighbors { above, line, below: &below };
    let found = in_characters(text, neighbors, stop)
        .or_else(|| in_quotes(text, known, &lines, stop))
        .or_else(|| in_structure(text, known, &lines, stop))
        .or_else(|| in_columns(text, neighbors, stop));
    found.unwrap_or_else(|| unquoted_colon(line, stop.kind))
}

/// Characters that are not what they seem to be, and signs that are not where they belong.
fn in_characters(text: &str, neighbors: Neighbors<'_, '_>, stop: Stop<'_>) -> Option<Cause> {
    let Neighbors { above, line, .. } = neighbors;
    if let Some(tab) = tab(text, line, stop.kind) {
        let help = "indent with spaces: YAML does not allow tabs there".to_owned();
        let message = Some("a tab in the indentation".to_owned());
        return Some(Cause { span: Some(tab), message, ..Cause::help(help) });
    }
    invisible_sign(neighbors)
        .or_else(|| misplaced_sign(text, line, stop.mark))
        .or_else(|| joined_dash(line, &levels(above)).filter(|_| !stop.is_bracketed))
        .or_else(|| several_merged(line))
        .or_else(|| list_merged(above, line))
        .or_else(|| item_merged(above, line).filter(|_| !stop.is_bracketed))
}

/// Strings that are not quoted as they must be.
fn in_quotes(text: &str, known: Span, lines: &[Line<'_>], stop: Stop<'_>) -> Option<Cause> {
    let &line = lines.last()?;
    let quoted = |Misquoted { span, message, help }| {
        let (span, message) = (Some(span), Some(message));
        Cause { span, message, is_certain: true, ..Cause::help(help) }
    };
    if let Some(found) = wrong_escape(text, stop) {
        return Some(quoted(found));
    }
    if let Some(quote) = open_quote(text, known.end(), line) {
        let message = Some("this quote is not closed on the same line".to_owned());
        let help = "close it; for longer text, use a block that starts with `|`".to_owned();
        return Some(Cause { span: Some(quote), message, ..Cause::help(help) });
    }
    alias_alone(lines)
        .filter(|_| !stop.is_bracketed)
        .or_else(|| misquoted(text, line.start, stop).map(quoted))
        .or_else(|| unquoted(text, line.start, stop.mark).map(quoted))
}

/// Brackets, and keys and items without their sign.
fn in_structure(text: &str, known: Span, lines: &[Line<'_>], stop: Stop<'_>) -> Option<Cause> {
    let &line = lines.last()?;
    if matches!(stop.kind, ErrorKind::MisplacedFlowCollectionEnd) {
        return Some(Cause::help("remove the bracket, or open it before"));
    }
    if matches!(stop.kind, ErrorKind::UnclosedQuotedScalar) {
        return Some(Cause::help("close the quote"));
    }
    on_the_line_of_its_key(line, stop.mark)
        .filter(|_| !stop.is_bracketed)
        .or_else(|| ended_early(text, lines).filter(|_| !stop.is_bracketed))
        .or_else(|| images_without_key(lines).filter(|_| !stop.is_bracketed))
        .or_else(|| unindented_script(lines).filter(|_| !stop.is_bracketed))
        .or_else(|| missing_sign(text, known, lines, stop))
        .or_else(|| list_without_key(lines))
        .or_else(|| below_its_block(lines))
}

/// Lines that are not in the column that they belong to.
fn in_columns(text: &str, neighbors: Neighbors<'_, '_>, stop: Stop<'_>) -> Option<Cause> {
    let column = neighbors.line.column();
    // Where a character is missing, the indentation only seems to be wrong.
    if levels(neighbors.above).iter().any(|other| other.column() == column) {
        let unsigned = unsigned(text, stop.mark, stop.kind).map(Cause::help);
        return unsigned.or_else(|| indentation(neighbors));
    }
    indentation(neighbors).or_else(|| unsigned(text, stop.mark, stop.kind).map(Cause::help))
}

/// The last resort: a colon in the value of the line, or nothing that can be named.
fn unquoted_colon(line: Line<'_>, kind: &ErrorKind) -> Cause {
    let after_key = line.text.split_once(": ").map_or("", |(_, value)| value);
    if after_key.contains(": ") || after_key.ends_with(':') {
        let help = "quote a string that contains `: `, or use a block that starts with `|`";
        let message = matches!(kind, ErrorKind::MappingValueNotAllowed)
            .then(|| "`: ` inside an unquoted string".to_owned());
        return Cause { message, ..Cause::help(help) };
    }
    Cause::help("check the indentation of this line and of the lines above it")
}

/// A sign that is missing where the parser stopped.
fn missing_sign(text: &str, known: Span, lines: &[Line<'_>], stop: Stop<'_>) -> Option<Cause> {
    let (&line, above) = lines.split_last()?;
    match stop.kind {
        ErrorKind::MappingValueNotAllowed => swallowed(text, known, line).or_else(|| {
            let above = above.last().filter(|above| above.column() < line.column())?;
            script_without_block(line, *above)
        }),
        ErrorKind::SimpleKeyExpected if !stop.is_bracketed => below_its_block(lines)
            .or_else(|| keyless(lines).filter(|_| stop.mark == line.start + line.column())),
        // What is before the rest of the text is all of a document.
        ErrorKind::ExpectedDocumentStart => {
            let first = lines.first()?;
            let is_key = first.content().contains(": ") || first.content().ends_with(':');
            if is_key { None } else { keyless(&lines[..1]) }
        }
        ErrorKind::CommentInterceptedScalar => string_below_comment(lines),
        _ => None,
    }
}

/// The quote that begins what was not understood, if it continues over the end of its line and
/// reaches the last one.
fn open_quote(text: &str, known: usize, last: Line<'_>) -> Option<Span> {
    let rest = text.get(known..)?;
    let mut quotes = rest.match_indices(['"', '\'']).take(LINES);
    let (at, quote) = quotes.find(|&(at, _)| may_begin(text, known + at))?;
    let start = known + at;
    let mut escaped = false;
    let close = rest[at + 1..].char_indices().find(|&(_, c)| {
        let closes = !escaped && quote.starts_with(c);
        escaped = c == '\\' && !escaped && quote == "\"";
        closes
    });
    let end = close.map_or(text.len(), |(length, _)| start + 1 + length);
    let continues = text[start..end].contains('\n') && end >= last.start;
    (continues && start <= last.start + last.text.len()).then(|| Span::new(start, start + 1))
}
