//! Strings that need quotes, or others than they have: `* * * * *`, `'it's'`, `"a" b`, `"\d"`.
//!
//! Deliberately absent: quotes that are not closed in their line.

use granit_parser::{ErrorKind, StructureStyle};

use super::repair::{closing_quote, may_begin};
use crate::{read::curly_braces, text::place::Span};

/// Characters that may follow a backslash, besides `x`, `u` and `U`.
const ESCAPES: [char; 20] = [
    '0', 'a', 'b', 't', '\t', 'n', 'v', 'f', 'r', 'e', ' ', '"', '/', '\\', 'N', '_', 'L', 'P',
    '\n', '\r',
];

const USE_A_BLOCK: &str = "use a block that starts with `|`: it needs no quotes";

/// Bytes of a string that a help repeats at most: it is to be read, and to be copied.
const REPEATED: usize = 1_000;

/// Where the parser gave up, and why.
#[derive(Clone, Copy)]
pub(super) struct Stop<'e> {
    /// Byte offset in the text.
    pub(super) mark: usize,
    pub(super) kind: &'e ErrorKind,
    /// A bracket or a brace is open there.
    pub(super) is_bracketed: bool,
}

/// A string that is not quoted as it must be.
pub(super) struct Misquoted {
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) help: String,
}

/// Finds the string that a syntax error in a line is about. `start` is the line's first byte.
pub(super) fn misquoted(text: &str, start: usize, stop: Stop<'_>) -> Option<Misquoted> {
    let line = text.get(start..)?.lines().next()?;
    match stop.kind {
        ErrorKind::InvalidTrailingSingleQuotedScalar
        | ErrorKind::InvalidTrailingDoubleQuotedScalar => requoted(text, start, line, stop),
        _ => signed(text, start, line, stop.mark),
    }
}

/// Finds a string in double quotes with a backslash that begins no escape.
pub(super) fn wrong_escape(text: &str, stop: Stop<'_>) -> Option<Misquoted> {
    let kinds = [ErrorKind::UnknownQuotedScalarEscape, ErrorKind::InvalidQuotedScalarHexEscape];
    let open = Some(stop.mark).filter(|_| kinds.contains(stop.kind))?;
    let end = closing_quote(text, open)?;
    let inner = text.get(open + 1..end - 1)?;
    let wrong = wrong_escapes(inner);
    let first = *wrong.first()?;
    let escape: String = inner.get(first..)?.chars().take(2).collect();
    let message = format!("`{escape}` is not a valid escape in a double-quoted string");
    if inner.contains(['\n', '`']) || inner.len() > REPEATED {
        let start = open + 1 + first;
        let span = Span::new(start, start + escape.len());
        return Some(Misquoted { span, message, help: USE_A_BLOCK.to_owned() });
    }
    let mut fixed = String::with_capacity(inner.len() + wrong.len());
    let mut from = 0;
    for at in wrong {
        fixed.push_str(inner.get(from..at)?);
        fixed.push('\\');
        from = at;
    }
    fixed.push_str(inner.get(from..)?);
    let help = format!("write `\"{fixed}\"`");
    Some(Misquoted { span: Span::new(open, end), message, help })
}

/// Returns where the backslashes are that begin no escape.
fn wrong_escapes(inner: &str) -> Vec<usize> {
    let mut wrong = Vec::new();
    let mut at = 0;
    while let Some(found) = inner.get(at..).and_then(|rest| rest.find('\\')) {
        let start = at + found;
        let rest = inner.get(start + 1..).unwrap_or("");
        let Some(next) = rest.chars().next() else { break };
        let digits = match next {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        let are_digits = rest
            .get(1..=digits)
            .is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let is_escape = if digits > 0 { are_digits } else { ESCAPES.contains(&next) };
        if !is_escape {
            wrong.push(start);
        }
        at = start + 1 + next.len_utf8();
    }
    wrong
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
        help: quote_it(value),
    })
}

/// A string with its own kind of quote in it, or one that continues after its closing quote.
fn requoted(text: &str, start: usize, line: &str, stop: Stop<'_>) -> Option<Misquoted> {
    let (at, end) = closed_before(text, start, stop.mark)?;
    let line_end = start + line.len();
    let value_end = if stop.is_bracketed { end_of_entry(text, end, line_end) } else { line_end };
    let value = text.get(at..value_end)?.trim_end();
    let quote = value.get(..1)?;
    let other = if quote == "'" { "\"" } else { "'" };
    let inner = value.get(1..)?.strip_suffix(quote).filter(|inner| inner.contains(quote));
    let inner = match inner {
        // `"a" and "b"` is one string that happens to begin and end with quotes; in `"x {{ f "y" }}"` the
        // inner quotes open and close.
        Some(inner)
            if inner.matches(quote).count() == 2
                && inner.split_once(quote).is_some_and(|(_, rest)| rest.starts_with(' ')) =>
        {
            value
        }
        Some(inner) => inner,
        None => value,
    };
    // A backslash is as it is in single quotes, but one before a quote was meant to go.
    let has_escape = inner.contains(if quote == "\"" { "\\\"" } else { "\\" });
    let is_clear = !inner.contains(other) && !has_escape && !inner.contains(['#', '`']);
    let is_short = inner.len() <= REPEATED;
    let help = if is_clear && is_short {
        format!("write `{other}{inner}{other}`")
    } else if !stop.is_bracketed {
        USE_A_BLOCK.to_owned()
    } else if inner.contains('`') || !is_short {
        "write it in single quotes, and each single quote in it twice".to_owned()
    } else {
        format!("write `'{}'`", inner.replace('\'', "''"))
    };
    Some(Misquoted {
        span: Span::new(at, at + value.len()),
        message: "the string continues after its closing quote".to_owned(),
        help,
    })
}

/// Finds the quoted string of a line that is closed right before a byte.
fn closed_before(text: &str, start: usize, mark: usize) -> Option<(usize, usize)> {
    let mut from = start;
    loop {
        let at = from + text.get(from..mark)?.find(['"', '\''])?;
        let begins = may_begin(text, at);
        let end = begins.then(|| closing_quote(text, at)).flatten().filter(|end| *end <= mark);
        let Some(end) = end else {
            from = at + 1;
            continue;
        };
        if text.get(end..mark)?.trim().is_empty() {
            return Some((at, end));
        }
        from = end;
    }
}

/// Finds where an entry within brackets ends that continues at `from`: before a comma or a bracket that is
/// not within quotes.
fn end_of_entry(text: &str, from: usize, line_end: usize) -> usize {
    let rest = text.get(from..line_end).unwrap_or("");
    let mut is_quoted = false;
    let mut first = None;
    for (at, sign) in rest.match_indices(['"', '\'', ',', ']', '}']) {
        match sign {
            "\"" | "'" => is_quoted = !is_quoted,
            _ if !is_quoted => return from + at,
            _ => first = first.or(Some(at)),
        }
    }
    first.map_or(line_end, |at| from + at)
}

/// What is wrong with a key that is a collection.
pub(super) const NOT_A_KEY: &str = "a key must be a string, not a mapping or a list";

/// Finds the whole of a string that starts with `{{`, of which the parser took the braces for a key. `map`
/// is what it took for the first part, and `style` that of what is around it.
pub(super) fn template(text: &str, map: Span, style: StructureStyle) -> Option<Misquoted> {
    let rest = text.get(map.start()..)?;
    let inner = text.get(map.start()..map.end())?;
    if !rest.starts_with("{{") {
        return None;
    }
    let after = text.get(map.end()..)?;
    // A list may have thousands of them in a line: its end is looked for only where nothing else ends one.
    let end = match style {
        StructureStyle::Flow => after.find([',', ']', '}', '\n']),
        StructureStyle::Block => {
            let line = after.lines().next().unwrap_or("");
            line.find(" #").or(Some(line.len()))
        }
    };
    let value = rest.get(..inner.len() + end.unwrap_or(after.len()))?.trim_end();
    let span = Span::new(map.start(), map.start() + value.len());
    let is_one_line = !value.contains(['\n', '`']);
    let message = NOT_A_KEY.to_owned();
    let help = || curly_braces::tag_in(value).map_or_else(|| quote_it(value), curly_braces::help);
    is_one_line.then(|| Misquoted { span, message, help: help() })
}

/// Says how to quote a string.
pub(super) fn quote_it(value: &str) -> String {
    if value.len() > REPEATED {
        return "put it in quotes".to_owned();
    }
    format!("quote it: `{}`", quoted(value))
}

/// Puts a string in the quotes that change nothing in it.
fn quoted(value: &str) -> String {
    if value.contains(['"', '\\']) {
        format!("'{}'", value.replace('\'', "''"))
    } else {
        format!("\"{value}\"")
    }
}
