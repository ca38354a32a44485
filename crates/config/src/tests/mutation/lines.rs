//! Edits that know lines and signs, not meanings: indentation, dashes, tabs, quotes, brackets.

use crate::tests::rng::Rng;
use std::{collections::HashSet, ops::Range};

use granit_parser::ScalarStyle;

use super::{
    sites::Site,
    tree::{Entry, Id, Kind, Tree},
};

/// Finds the sites at these keys and items.
pub(super) fn sites(
    text: &str,
    tree: &Tree,
    keys: &[Entry],
    dashes: &[Id],
    chance: &mut Rng,
) -> Vec<Site> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut push = |sort, span: Range<usize>, new: &str| {
        found.push(Site { sort, span, new: new.to_owned(), near: Vec::new() });
    };
    for entry in keys {
        let key = tree.raw(entry.key).span.clone();
        if !seen.insert(key.start) || !matches!(tree.raw(entry.key).kind, Kind::Scalar { .. }) {
            continue;
        }
        if text[key.end..].starts_with(':') {
            push("drop a colon", key.end..key.end + 1, "");
        }
        quotes_and_brackets(text, tree, entry.value, &mut push);
        let line = line_start(text, key.start);
        let indent = key.start - line;
        if !text[line..key.start].bytes().all(|byte| byte == b' ') {
            continue;
        }
        indentation(line, indent, chance, &mut push);
        let value = tree.raw(entry.value);
        let is_short = matches!(value.kind, Kind::Scalar { .. } | Kind::Alias(_))
            && !text[key.start..value.span.end].contains('\n');
        if is_short {
            let end = text[key.start..].find('\n').map_or(text.len(), |at| key.start + at);
            let copy = format!("\n{}", &text[line..end]);
            found_duplicate(end, &copy, &mut push);
        }
    }
    for &item in dashes {
        let start = tree.raw(item).span.start;
        let line = line_start(text, start);
        let before = &text[line..start];
        if seen.insert(start) && before.trim() == "-" && before.ends_with("- ") {
            let dash = line + before.find('-').unwrap_or(0);
            push("drop a dash", dash..dash + 1, " ");
            indentation(line, dash - line, chance, &mut push);
        }
        quotes_and_brackets(text, tree, item, &mut push);
    }
    found
}

fn found_duplicate(at: usize, copy: &str, push: &mut impl FnMut(&'static str, Range<usize>, &str)) {
    push("a key twice", at..at, copy);
}

/// The line a little to the right, to the left, or after a tab.
fn indentation(
    line: usize,
    indent: usize,
    chance: &mut Rng,
    push: &mut impl FnMut(&'static str, Range<usize>, &str),
) {
    push("indent a line", line..line, if chance.below(2) == 0 { " " } else { "  " });
    if indent > 1 {
        push("dedent a line", line..line + 1 + chance.below(2), "");
    }
    if indent > 0 {
        let tab = if chance.below(2) == 0 { line..line + indent } else { line..line };
        push("a tab in the indentation", tab, "\t");
    }
}

fn quotes_and_brackets(
    text: &str,
    tree: &Tree,
    id: Id,
    push: &mut impl FnMut(&'static str, Range<usize>, &str),
) {
    let node = tree.raw(id);
    let last = node.span.end.saturating_sub(1)..node.span.end;
    if text[node.span.clone()].contains('\n') {
        return;
    }
    match &node.kind {
        Kind::Scalar { style: ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted, .. } => {
            push("an unclosed quote", last, "");
        }
        Kind::Seq { flow: true, .. } | Kind::Map { flow: true, .. } => {
            push("an unclosed bracket", last, "");
        }
        Kind::Scalar { .. } | Kind::Seq { .. } | Kind::Map { .. } | Kind::Alias(_) => {}
    }
}

/// The lines of an entry: its key's, and those below that are indented further. Empty if the key
/// does not begin its line.
pub(super) fn of_entry(text: &str, tree: &Tree, entry: Entry) -> Range<usize> {
    let key = tree.raw(entry.key).span.start;
    let start = line_start(text, key);
    let indent = key - start;
    if !text[start..key].bytes().all(|byte| byte == b' ') {
        return start..start;
    }
    let is_list = matches!(tree.raw(entry.value).kind, Kind::Seq { flow: false, .. });
    let mut end = start;
    for (index, line) in text[start..].split_inclusive('\n').enumerate() {
        let content = line.trim_start_matches(' ');
        let depth = line.len() - content.len();
        let belongs = index == 0
            || content.trim().is_empty()
            || depth > indent
            || depth == indent && is_list && content.starts_with('-');
        if !belongs {
            break;
        }
        end += line.len();
    }
    start..end
}

/// Where the line of a byte begins.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}
