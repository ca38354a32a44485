//! Lines that are indented otherwise than those that they belong to.
//!
//! Deliberately absent: characters other than spaces in the indentation ([`super::space`]).

use super::{
    dash::{as_key_of, entry_above, without_dash, wrong_dash},
    found::Cause,
    line::{Line, as_line, levels},
    siblings::{Neighbors, odd_line_above},
};
use crate::text::place::Span;

/// Compares the last line's column with those of the lines that it can belong to.
pub(super) fn indentation(neighbors: Neighbors<'_, '_>) -> Option<Cause> {
    let Neighbors { above, line, .. } = neighbors;
    let levels = levels(above);
    let previous = *levels.first()?;
    let found = without_dash(line, &levels)
        .or_else(|| at_its_section(line, above))
        .or_else(|| wrong_dash(neighbors, &levels))
        .or_else(|| odd_line_above(neighbors));
    if found.is_some() {
        return found;
    }
    let column = line.column();
    let say = |message: &str, other: Line<'_>, text: &'static str, help: String| Cause {
        span: Some(line.span()),
        message: Some(message.to_owned()),
        related: Some((other.span(), text)),
        ..Cause::help(help)
    };
    let same = levels.iter().find(|other| other.column() == column);
    match same {
        Some(same) if line.is_dash() && !same.is_dash() => {
            // A dash in the column of a key continues the list below that key, if there is one.
            let deeper = levels.iter().find(|other| other.is_dash() && other.column() > column);
            let Some(list) = deeper else {
                let outer =
                    levels.iter().find(|other| other.is_dash() && other.column() < column)?;
                let message = "this dash is among the keys of the item above";
                return previous
                    .has_whole_value()
                    .then(|| say(message, *outer, "the list", as_line(*outer)));
            };
            Some(say("this dash is indented less than its list", *list, "the list", as_line(*list)))
        }
        None if column > previous.column() => {
            if line.is_dash() && previous.is_dash() && !previous.content().ends_with(':') {
                let message = "this dash is indented deeper than its list";
                return Some(say(message, previous, "the list", as_line(previous)));
            }
            let message = "unexpected indentation: the line above cannot have anything nested \
                           below it";
            let help = if previous.is_dash() {
                let column = previous.column() + 2;
                format!("indent it by {column} spaces, to align it with the text after the dash")
            } else {
                as_line(previous)
            };
            let whole = previous.has_whole_value();
            whole.then(|| say(message, previous, "this already has a value", help))
        }
        None => inconsistent(neighbors, &levels),
        Some(_) => None,
    }
}

/// A line in a column that no line above has.
fn inconsistent(neighbors: Neighbors<'_, '_>, levels: &[Line<'_>]) -> Option<Cause> {
    let line = neighbors.line;
    let column = line.column();
    let next = neighbors.below.first().filter(|next| next.column() >= column);
    // What is below a key has to stay deeper than the key.
    let has_room = |other: &&Line<'_>| {
        !line.content().ends_with(':')
            || next.is_none_or(|next| other.column() < next.column() + usize::from(next.is_dash()))
    };
    let distance = |other: &&Line<'_>| other.column().abs_diff(column);
    let fitting = || levels.iter().filter(has_room);
    let alike = || fitting().filter(|other| other.is_dash() == line.is_dash());
    let nearest = alike()
        .min_by_key(distance)
        .or_else(|| fitting().min_by_key(distance))
        .or_else(|| levels.iter().min_by_key(distance))?;
    let deeper = nearest.column() > column;
    let beyond = alike().find(|other| (other.column() > column) != deeper);
    let entry = entry_above(line, levels).map(|entry| as_key_of(entry, levels));
    let help = match (entry, beyond) {
        (Some(help), _) => help,
        (None, Some(other)) => {
            format!("{}, or by {}, like line {}", as_line(*nearest), other.column(), other.number)
        }
        (None, None) => as_line(*nearest),
    };
    Some(Cause {
        span: Some(line.span()),
        message: Some("inconsistent indentation: no line above is indented like this".to_owned()),
        related: Some((nearest.span(), "closest level")),
        ..Cause::help(help)
    })
}

/// A key in the column of an empty section, with the section's entries below it, belongs to them.
fn at_its_section(line: Line<'_>, above: &[Line<'_>]) -> Option<Cause> {
    let [.., section, key] = above else { return None };
    let is_left = is_empty_key(*section, *key) && line.column() > key.column() && !line.is_dash();
    let (key_word, section) = (key.word(), section.word());
    is_left.then(|| Cause {
        span: Some(key.span()),
        message: Some(format!(
            "`{key_word}` is next to `{section}`, which has nothing below it but what follows"
        )),
        related: Some((line.span(), "this is indented deeper")),
        ..Cause::help(as_line(line))
    })
}

/// Returns whether a line above another one, in its column, is a key without a value.
fn is_empty_key(key: Line<'_>, below: Line<'_>) -> bool {
    let is_key = key.content().ends_with(':') && !key.is_dash() && !below.is_dash();
    is_key && key.column() == below.column() && below.has_whole_value()
}

/// A list among the keys of a job, a command or a workflow is the value of a key that is missing.
pub(super) fn list_without_key(lines: &[Line<'_>]) -> Option<Cause> {
    let (&line, above) = lines.split_last()?;
    let levels = levels(above);
    let at = levels.iter().position(|other| other.column() == line.column())?;
    if let Some(found) = steps_within_key(line, levels.get(at..)?, at == 0) {
        return Some(found);
    }
    let [same, .., section] = levels.get(at..at + 3)? else { return None };
    let key = match section.content() {
        "jobs:" | "commands:" => "steps",
        "workflows:" => "jobs",
        _ => return None,
    };
    if line.content() == format!("- {key}:") {
        return None;
    }
    let is_image = line.content().trim_start_matches("- ").trim_start().starts_with("image:");
    let continues = same.content().ends_with(':') && (same.content() != "docker:" || is_image);
    if !line.is_dash() || same.is_dash() || continues {
        return None;
    }
    let place = Span::new(line.start + line.column(), line.start + line.text.len());
    Some(Cause {
        span: Some(place),
        message: Some(format!("`{key}:` is missing above this list")),
        ..Cause::help(format!("write `{key}:` in the line above, in the same column"))
    })
}

/// The steps of a job or a command, among what is below another of its keys: they are a level deeper than that
/// key. `is_next` says that the first of the lines is right above.
fn steps_within_key(line: Line<'_>, levels: &[Line<'_>], is_next: bool) -> Option<Cause> {
    let [same, key, _, section, ..] = levels else { return None };
    let is_list = key.is_dash() || matches!(key.word(), "steps" | "docker" | "macos");
    let continues = same.is_dash() || is_next && same.content().ends_with(':');
    let is_outer = matches!(section.content(), "jobs:" | "commands:") && section.column() == 0;
    (is_outer && line.is_dash() && !is_list && !continues).then(|| Cause {
        span: Some(line.content_span()),
        message: Some("`steps:` is missing above this list".to_owned()),
        ..Cause::help(format!(
            "write `steps:` in the line above, in the column of `{}`",
            key.word()
        ))
    })
}

/// A text that is indented less than the block that it should be the end of, such as the last line of a
/// here-document.
pub(super) fn below_its_block(lines: &[Line<'_>]) -> Option<Cause> {
    let (&line, above) = lines.split_last()?;
    if line.is_dash() || line.content().contains(": ") || line.content().ends_with(':') {
        return None;
    }
    let at = (0..above.len().checked_sub(1)?).find(|&at| {
        above[at].begins_block()
            && above[at + 1..].iter().all(|inner| inner.column() > above[at].column())
    })?;
    let (block, first) = (above[at], above[at + 1]);
    if line.column() >= first.column() {
        return None;
    }
    let header = block.content().trim_start_matches("- ");
    Some(Cause {
        span: Some(Span::new(line.start + line.column(), line.start + line.text.len())),
        message: Some(format!("this text is indented less than the block that `{header}` begins")),
        related: Some((block.span(), "the block begins here")),
        ..Cause::help(as_line(first))
    })
}
