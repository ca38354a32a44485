//! A line that is YAML and is not read as it looks: a character in it cannot be seen, or a dash has no space
//! after it. Whatever is reported of it, that is what to change.
//!
//! Deliberately absent: lines that are not YAML.

use crate::{
    codes,
    read::{invisible_characters, source::Source},
    text::{
        place::{FileId, Place, Span},
        problem::Problem,
    },
};

/// Bytes of a line that are read.
const REACH: usize = 1_000;

/// Names the cause of a problem of the configuration, if it is how its line is written, or the line below
/// it that holds its value.
pub(super) fn explained(source: &Source, problem: Problem) -> Problem {
    let span = problem.place.span;
    let is_placed = problem.place.file == FileId::CONFIG && span.end() > 0;
    // What is wrong with the YAML was explained when it was read.
    if !is_placed || problem.code.slug == codes::SYNTAX.slug {
        return problem;
    }
    let (start, line) = line_at(&source.text, span.start());
    let (below_start, below) = line_below(&source.text, start + line.len());
    let is_key = line.trim_end().ends_with(':');
    let column = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let is_value =
        is_key && (column(below) >= column(line) || invisible_characters::of_line(below).is_some());
    let written = source.text.get(span.start()..span.end()).unwrap_or("");
    let in_name = invisible_characters::of_name(written).map(|found| (span.start(), found));
    let of_line =
        |start: usize, line: &str| invisible_characters::of_line(line).map(|found| (start, found));
    let found = of_line(start, line)
        .or(in_name)
        .or_else(|| of_line(below_start, below).filter(|_| is_value))
        .or_else(|| in_meant_name(&source.text, &problem));
    if let Some((start, found)) = found {
        let place = Place::direct(Span::new(start + found.range.start, start + found.range.end));
        let message = found.message.to_owned();
        let code = codes::SPECIAL_CHARACTER;
        return Problem { code, place, message, related: Vec::new(), ..problem }.help(found.help);
    }
    if let Some((key, sign)) = unsigned_block(written) {
        let message = format!("a colon is missing after `{key}`");
        let help = format!("write `{key}: {sign}`");
        return Problem { message, related: Vec::new(), ..problem }.help(help);
    }
    let dashes = [(start, line), (below_start, below)];
    let mut dash = dashes.into_iter().take(1 + usize::from(is_value));
    match dash.find_map(|(start, line)| joined_dash(start, line)) {
        Some((place, item)) if is_value || span.start() == place.start() => {
            let message = "a space is missing after `-`".to_owned();
            let help = format!("put a space after each dash: `- {item}`");
            let place = Place::direct(place);
            Problem { place, message, related: Vec::new(), ..problem }.help(help)
        }
        _ => problem,
    }
}

/// Finds such a character in the name that was probably meant, where it is written first.
fn in_meant_name(
    text: &str,
    problem: &Problem,
) -> Option<(usize, invisible_characters::InvisibleCharacter)> {
    let name = problem.help.as_ref()?.replacement.as_deref()?;
    let found = invisible_characters::of_name(name)?;
    Some((text.find(name)?, found))
}

/// Returns the key and the sign of a step that is written `run |`, with its script below.
fn unsigned_block(written: &str) -> Option<(&str, &str)> {
    let (first, _) = written.split_once('\n')?;
    let (key, sign) = first.trim_end().split_once(' ')?;
    (key == "run" && matches!(sign, "|" | "|-" | "|+" | ">" | ">-" | ">+")).then_some((key, sign))
}

/// Returns the place of a line that begins with a dash and a letter, and what is after the dash.
fn joined_dash(start: usize, line: &str) -> Option<(Span, &str)> {
    let content = line.trim();
    let item = content
        .strip_prefix('-')
        .filter(|item| item.starts_with(|c: char| c.is_ascii_alphabetic()))?;
    let at = start + line.len() - line.trim_start().len();
    Some((Span::new(at, at + content.len()), item))
}

/// Returns the line that holds a byte, with its first byte; nothing of a long one.
fn line_at(text: &str, at: usize) -> (usize, &str) {
    let before = text.get(..at).unwrap_or("");
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (start, first_line(text, start))
}

fn first_line(text: &str, start: usize) -> &str {
    let rest = text.get(start..).unwrap_or("");
    let rest = rest.get(..rest.floor_char_boundary(REACH)).unwrap_or(rest);
    let line = rest.split('\n').next().unwrap_or("");
    if line.len() == REACH { "" } else { line }
}

/// Returns the next line with something on it.
fn line_below(text: &str, end: usize) -> (usize, &str) {
    let rest = text.get(end..).unwrap_or("");
    let blank = rest.len() - rest.trim_start_matches([' ', '\n', '\r', '\t']).len();
    line_at(text, end + blank)
}
