//! A sign that is missing after a key, before an item or in its place: `:`, `- `, the space after them.

use super::{
    found::Cause,
    indentation::below_its_block,
    line::{Line, is_run_key, levels, lines},
};
use crate::text::place::Span;

/// A plain scalar continues over lines, so one that was not meant as a string swallows those
/// below it: a colon is missing after it, or a dash before it.
pub(super) fn swallowed(text: &str, known: Span, last: Line<'_>) -> Option<Cause> {
    let (start, end) = (known.start(), known.end());
    if start >= last.start || end < last.start || !text.get(start..end)?.contains('\n') {
        return None;
    }
    let lines = lines(text, last.start);
    let at = lines.iter().rposition(|line| line.start <= start)?;
    let (&first, &next) = (lines.get(at)?, lines.get(at + 1)?);
    let before = text.get(first.start..start)?.trim();
    if !before.is_empty() && before != "-" {
        return None;
    }
    let is_dash = first.is_dash();
    if is_dash && next.is_dash() {
        // The second one is indented too deeply.
        return None;
    }
    let content = first.content();
    let written = content.trim_start_matches("- ").trim_start();
    let place = |message: String, help: String| Cause {
        span: Some(Span::new(start, start + written.len())),
        message: Some(message),
        related: Some((last.span(), "the string continues up to here")),
        ..Cause::help(help)
    };
    if let Some(found) = unspaced(written, start).filter(|_| written.starts_with('-')) {
        return Some(found);
    }
    if next.is_dash() && !is_dash && next.column() <= first.column() {
        let message = format!("a dash is missing before `{written}`");
        return Some(place(
            message,
            format!("write `- {written}` in the column of the other dashes"),
        ));
    }
    if written.starts_with("<<") && written.contains(">>") {
        // With a colon it would be a merge key, and its value is not a mapping.
        let mut above = lines[..at].iter().rev();
        let parent = above.find(|line| line.column() < first.column());
        let parent = parent.map(|line| line.content().trim_start_matches("- ").trim_end());
        let key = match parent {
            Some("when:" | "unless:") => "condition",
            _ => "key",
        };
        let message = format!("a key is missing before `{written}`");
        return Some(place(message, format!("write `{key}: {written}`")));
    }
    if let Some(found) = unspaced(written, start).or_else(|| below_its_block(&lines[..=at])) {
        return Some(found);
    }
    if let Some(alias) = written.strip_prefix("<<*").filter(|alias| !alias.contains(' ')) {
        let message = "a colon and a space are missing after `<<`".to_owned();
        return Some(place(message, format!("write `<<: *{}`", alias.trim_end_matches(':'))));
    }
    let key = written.split(' ').next().unwrap_or(written);
    let rest = &written[key.len()..];
    // Others write `key = value`.
    let rest = rest.strip_prefix(" =").filter(|rest| rest.starts_with(' ')).unwrap_or(rest);
    let message = format!("a colon is missing after `{key}`");
    Some(place(message, format!("write `{key}:{rest}`")))
}

/// A colon or a dash without a space after it is a part of the string: `machine:true`, `-checkout`.
fn unspaced(written: &str, start: usize) -> Option<Cause> {
    let key = written.split(' ').next().unwrap_or(written);
    let (sign, help) = match (written.strip_prefix('-'), key.split_once(':')) {
        (Some(item), _) => ("-", format!("put a space after the dash: `- {item}`")),
        (None, Some((name, value))) if !name.is_empty() && !value.starts_with("//") => {
            (":", format!("write `{name}: {}`", &written[name.len() + 1..]))
        }
        (None, _) => return None,
    };
    Some(Cause {
        span: Some(Span::new(start, start + written.len())),
        message: Some(format!("a space is missing after `{sign}`")),
        ..Cause::help(help)
    })
}

/// A line in the column of keys that is not one.
pub(super) fn keyless(lines: &[Line<'_>]) -> Option<Cause> {
    let (&line, above) = lines.split_last()?;
    let start = line.start + line.column();
    let written = line.content();
    let place = |message: String, help: String| Cause {
        span: Some(Span::new(start, start + written.len())),
        message: Some(message),
        ..Cause::help(help)
    };
    if let Some(found) = unspaced(written, start) {
        return Some(found);
    }
    let levels = levels(above);
    let same = levels.iter().find(|other| other.column() <= line.column());
    let is_item = same.is_some_and(|same| same.is_dash() && same.column() == line.column());
    let script = same.filter(|_| !is_item || written.contains(' '));
    if let Some(found) = script.and_then(|same| script_without_block(line, *same)) {
        return Some(found);
    }
    if is_item {
        let message = format!("a dash is missing before `{written}`");
        let help = format!("write `- {written}` in the column of the other dashes");
        return Some(place(message, help));
    }
    let (bare, _) = written.split_once(" #").unwrap_or((written, ""));
    let (key, rest) = bare.split_once(' ').unwrap_or((bare, ""));
    let is_name = !key.is_empty()
        && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'));
    let is_value = rest.trim().split(' ').count() == 1 || rest.starts_with(['"', '\'', '[', '{']);
    if is_name && (is_value || is_run_key(key)) {
        let message = format!("a colon is missing after `{key}`");
        let rest = rest.trim();
        let space = if rest.is_empty() { "" } else { " " };
        return Some(place(message, format!("write `{key}:{space}{rest}`")));
    }
    let message = "this line is neither a key nor an item of a list".to_owned();
    Some(place(message, "put a `:` after the key; a list item starts with `- `".to_owned()))
}

/// The next line of a script whose first line is after `run:` or `command:`. `above` is the line that
/// holds both, as far as columns say.
pub(super) fn script_without_block(line: Line<'_>, above: Line<'_>) -> Option<Cause> {
    let (key, value) = above.content().trim_start_matches("- ").trim_start().split_once(": ")?;
    let is_plain = !value.trim_start().starts_with(['|', '>', '"', '\'', '&', '*', '[', '{', '!']);
    let is_script = matches!(key, "run" | "command") && is_plain;
    (is_script && !line.is_dash() && !is_run_key(line.word())).then(|| Cause {
        span: Some(line.content_span()),
        message: Some("a script of several lines needs a `|` before it".to_owned()),
        related: Some((above.span(), "the script begins here")),
        ..Cause::help(block_below(key))
    })
}

/// A script in the column of `run:` or `command:`, which has nothing after it.
pub(super) fn unindented_script(lines: &[Line<'_>]) -> Option<Cause> {
    let (&last, above) = lines.split_last()?;
    let is_text = |line: &Line<'_>| {
        let content = line.content();
        !line.is_dash() && !content.contains(": ") && !content.ends_with(':')
    };
    // The parser may stop below a text of several lines.
    let (&key, texts) = match above.iter().rposition(|line| !is_text(line)) {
        Some(at) => (above.get(at)?, above.get(at + 1..)?),
        None => return None,
    };
    let first = *texts.first().or_else(|| Some(&last).filter(|last| is_text(last)))?;
    let word = key.content().trim_start_matches("- ").trim_start();
    let column = key.column() + key.content().len() - word.len();
    let is_key = matches!(word, "run:" | "command:") && first.column() == column;
    is_key.then(|| {
        let key_word = word.trim_end_matches(':');
        Cause {
            span: Some(first.content_span()),
            message: Some(format!("the text of `{word}` is not indented")),
            related: Some((key.span(), "it has nothing below it")),
            ..Cause::help(format!("indent the text deeper than `{key_word}`"))
        }
    })
}

/// A comment ends a string that is not quoted, so it cannot continue below.
pub(super) fn string_below_comment(lines: &[Line<'_>]) -> Option<Cause> {
    let line = lines.last()?;
    let (key, value) = line.content().trim_start_matches("- ").trim_start().split_once(": ")?;
    let at = value.find(" #")? + 1;
    let start = line.start + line.text.len() - value.len() + at;
    Some(Cause {
        span: Some(Span::new(start, line.start + line.text.len())),
        message: Some("this comment ends a string that continues on the next line".to_owned()),
        ..Cause::help(block_below(key))
    })
}

/// Says how to write a string of several lines.
fn block_below(key: &str) -> String {
    format!("write `{key}: |`, and put all of the text on the lines below, deeper than `{key}`")
}
