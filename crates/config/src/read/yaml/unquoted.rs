//! Strings that YAML takes for something else: a pattern with brackets in a list, a script that begins
//! with a bracket, a block's text in the column of its key, the markers of a merge conflict.
//!
//! Deliberately absent: strings that begin with a sign of YAML, or with a quote ([`super::quoting`]).

use super::{
    quoting::{Misquoted, quote_it},
    repair::may_begin,
};
use crate::text::place::Span;

const MARKERS: [&str; 3] = ["<<<<<<<", "=======", ">>>>>>>"];

/// Finds the string that a syntax error at a byte is about. `start` is the first byte of its line.
pub(super) fn unquoted(text: &str, start: usize, mark: usize) -> Option<Misquoted> {
    let line = text.get(start..)?.lines().next()?;
    conflict(text)
        .or_else(|| block_in_line(text, start, line))
        .or_else(|| block_too_far_left(text, start))
        .or_else(|| bracketed(text, start, line))
        .or_else(|| entry_with_brackets(start, line, mark))
}

/// The first marker of a merge conflict. One that is left over is a mistake of its own.
fn conflict(text: &str) -> Option<Misquoted> {
    let find = |marker: &str| {
        let mut start = 0;
        text.split_inclusive('\n').find_map(|line| {
            start += line.len();
            line.starts_with(marker).then(|| start - line.len())
        })
    };
    let at = match MARKERS.map(find) {
        [Some(at), Some(_), Some(_)] => at,
        [Some(at), ..] | [None, Some(at), _] | [None, None, Some(at)] => {
            let line = text.get(at..)?.lines().next()?;
            let is_marker = line.get(MARKERS[0].len()..)?.trim_end().split(' ').next() == Some("");
            let span = Span::new(at, at + line.trim_end().len());
            return is_marker.then(|| Misquoted {
                span,
                message: "a marker of a merge conflict is left over".to_owned(),
                help: "delete this line".to_owned(),
            });
        }
        [None, None, None] => return None,
    };
    Some(Misquoted {
        span: Span::new(at, at + MARKERS[0].len()),
        message: "a merge conflict is not resolved".to_owned(),
        help: "keep one of its two parts, and delete the lines with `<<<<<<<`, `=======` and `>>>>>>>`"
            .to_owned(),
    })
}

/// Returns where the value of a line begins: after its dashes and its key.
fn value_of(line: &str) -> usize {
    let mut at = line.len() - line.trim_start().len();
    while let Some(rest) = line.get(at..).and_then(|rest| rest.strip_prefix("- ")) {
        at = line.len() - rest.trim_start().len();
    }
    let rest = line.get(at..).unwrap_or("");
    match rest.find(": ") {
        Some(colon) if !rest.starts_with(['[', '{', '"', '\'']) => {
            let value = rest.get(colon + 2..).unwrap_or("");
            line.len() - value.trim_start().len()
        }
        _ => at,
    }
}

/// `run: | make`: the text of a block begins on the next line.
fn block_in_line(text: &str, start: usize, line: &str) -> Option<Misquoted> {
    let at = value_of(line);
    let value = line.get(at..)?.trim_end();
    let inner = value.strip_prefix(['|', '>'])?.trim_start_matches(['-', '+']);
    // `|npm ci`, but not `|| true`, nor the digit of an indentation.
    let is_apart = inner.starts_with(' ');
    let rest = inner.trim_start();
    let is_text = is_apart
        || !rest.starts_with(['|', '>', '-', '+'])
            && !rest.starts_with(|c: char| c.is_ascii_digit());
    if rest.is_empty() || rest.starts_with('#') || !is_text || !may_begin(text, start + at) {
        return None;
    }
    let sign = value.get(..1)?;
    Some(Misquoted {
        span: Span::new(start + at, start + at + value.len()),
        message: format!("the text of a block starts on the line after its `{sign}`"),
        help: format!("put the text after `{sign}` on the next line, deeper than the key"),
    })
}

/// A text below `|` that is in the column of its key, or further left.
fn block_too_far_left(text: &str, start: usize) -> Option<Misquoted> {
    let mut first = start;
    loop {
        let before = text.get(..first)?.strip_suffix('\n')?;
        let above_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let above = before.get(above_start..)?.trim_end();
        let value = above.get(value_of(above)..)?;
        let is_block = value.starts_with(['|', '>'])
            && value.len() <= 3
            && value.chars().skip(1).all(|c| matches!(c, '-' | '+' | '1'..='9'));
        if is_block {
            let line = text.get(first..)?.lines().next()?;
            let column = line.len() - line.trim_start().len();
            let key = above.trim_start_matches([' ', '-']);
            if line.trim().is_empty() || column > above.len() - key.len() || key == value {
                return None;
            }
            let place = Span::new(first + column, first + line.trim_end().len());
            return Some(Misquoted {
                span: place,
                message: format!("the text of `{key}` is not indented"),
                help: format!("indent the text deeper than `{}`", key.split(':').next()?),
            });
        }
        // Only lines that can be a part of the text are passed.
        if above.trim().is_empty() || above.ends_with(':') || above_start == 0 {
            return None;
        }
        first = above_start;
    }
}

/// `run: [[ -f x ]] || exit 1`: a string that begins with a bracket and continues after it.
fn bracketed(text: &str, start: usize, line: &str) -> Option<Misquoted> {
    let at = value_of(line);
    let value = line.get(at..)?;
    if !value.starts_with(['[', '{']) || !may_begin(text, start + at) {
        return None;
    }
    let rest = value.get(length(value)?..)?;
    let is_more = rest.starts_with(' ') && !rest.trim_start().starts_with(['#', ':']);
    let end = value.find(" #").unwrap_or(value.len());
    let value = value.get(..end)?.trim_end();
    (is_more && !rest.trim().is_empty() && !value.contains('`')).then(|| Misquoted {
        span: Span::new(start + at, start + at + value.len()),
        message: format!("a string cannot start with `{}` unless it is quoted", &value[..1]),
        help: quote_it(value),
    })
}

/// Returns the length of the brackets that a text begins with, with what is in them.
fn length(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(at + c.len_utf8());
        }
    }
    None
}

/// `only: [main, /v[0-9]+/]`: an entry of a list or a mapping with brackets in it.
fn entry_with_brackets(start: usize, line: &str, mark: usize) -> Option<Misquoted> {
    let open = value_of(line);
    let value = line.get(open..)?;
    if !value.starts_with(['[', '{']) {
        return None;
    }
    let mut at = open + 1;
    while start + at <= mark.min(start + line.len()) {
        let rest = line.get(at..)?;
        let skipped = rest.len() - rest.trim_start_matches([' ', ',', '[', '{', ']', '}']).len();
        at += skipped;
        let rest = line.get(at..)?;
        let quote = rest.chars().next()?;
        if matches!(quote, '"' | '\'') {
            at += 2 + rest.get(1..)?.find(quote)?;
            continue;
        }
        if let Some(length) = key_length(rest) {
            at += length;
            continue;
        }
        let entry = rest.get(..entry_length(rest))?.trim_end();
        if entry.contains(['[', '{']) && !entry.starts_with("<<") && !entry.contains('`') {
            return Some(Misquoted {
                span: Span::new(start + at, start + at + entry.len()),
                message: "brackets in a string that is not quoted".to_owned(),
                help: quote_it(entry),
            });
        }
        at += entry.len().max(1);
    }
    None
}

/// Returns the length of the key that a text begins with, its colon and a space included.
fn key_length(text: &str) -> Option<usize> {
    let mut signs = text.match_indices([':', ',', '[', '{', ']', '}']);
    let is_colon = |at: usize| text.get(at..).is_some_and(|rest| rest.starts_with(": "));
    let (at, _) = signs.find(|&(at, sign)| sign != ":" || is_colon(at))?;
    is_colon(at).then_some(at + 2)
}

/// Returns where an entry ends: at a comma or a bracket that is not its own.
fn entry_length(text: &str) -> usize {
    let mut depth = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '[' | '{' => depth += 1,
            ',' | ']' | '}' if depth == 0 => return at,
            ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}
