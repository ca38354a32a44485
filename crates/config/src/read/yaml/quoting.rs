//! Strings that need quotes, or others than they have: `* * * * *`, `'it's'`, `"a" b`.
//!
//! Deliberately absent: quotes that are not closed in their line.

use granit_parser::ErrorKind;

use super::repair::may_begin;
use crate::text::place::Span;

/// A string that is not quoted as it must be.
pub(super) struct Misquoted {
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) help: String,
}

/// Finds the string that a syntax error at a byte of a line is about. `start` is the line's first byte.
pub(super) fn misquoted(
    text: &str,
    start: usize,
    mark: usize,
    kind: &ErrorKind,
) -> Option<Misquoted> {
    let line = text.get(start..)?.lines().next()?;
    let is_trailing = matches!(
        kind,
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar
    );
    if is_trailing { requoted(text, start, line) } else { signed(text, start, line, mark) }
}

/// A string that begins with a sign of YAML.
fn signed(text: &str, start: usize, line: &str, mark: usize) -> Option<Misquoted> {
    let is_sign =
        |at: &usize| text.get(*at..).is_some_and(|rest| rest.starts_with(['*', '@', '%', '`']));
    let at = [Some(mark), mark.checked_sub(1)].into_iter().flatten().find(is_sign)?;
    let before = text.get(start..at)?;
    let rest = text.get(at..start + line.len())?;
    let is_flow = before.contains(['[', '{']);
    let end = if is_flow { rest.find([',', ']', '}']) } else { rest.find(" #") };
    let value = rest.get(..end.unwrap_or(rest.len()))?.trim_end();
    if !may_begin(text, at) || value.contains(['"', '\\']) {
        return None;
    }
    Some(Misquoted {
        span: Span::new(at, at + value.len()),
        message: format!("a string cannot start with `{}` unless it is quoted", value.get(..1)?),
        help: format!("quote it: `\"{value}\"`"),
    })
}

/// A string with its own kind of quote in it, or one that continues after its closing quote.
fn requoted(text: &str, start: usize, line: &str) -> Option<Misquoted> {
    let begins = |&(at, _): &(usize, &str)| may_begin(text, start + at);
    let (at, quote) = line.match_indices(['"', '\'']).find(begins)?;
    let value = line.get(at..)?.trim_end();
    if line.get(..at)?.contains(['[', '{']) {
        return None;
    }
    let other = if quote == "'" { "\"" } else { "'" };
    let inner = value.get(1..)?.strip_suffix(quote).filter(|inner| inner.contains(quote));
    let inner = match inner {
        // `"a" and "b"` is one string that happens to begin and end with quotes.
        Some(inner)
            if inner.matches(quote).count() == 2 && inner.contains(&format!("{quote} ")) =>
        {
            value
        }
        Some(inner) => inner,
        None => value,
    };
    let is_clear = !inner.contains(other) && !inner.contains(['\\', '#']);
    let help = if is_clear {
        format!("write `{other}{inner}{other}`")
    } else {
        "use a block that starts with `|`: it needs no quotes".to_owned()
    };
    Some(Misquoted {
        span: Span::new(start + at, start + at + value.len()),
        message: "the string continues after its closing quote".to_owned(),
        help,
    })
}
