//! A mapping or a list that begins on the line of its key: `run: name: x`, `docker: - image: y`.
//!
//! Deliberately absent: strings with `: ` in them.

use super::{
    found::Cause,
    line::{Line, is_run_key},
};
use crate::text::place::Span;

/// Keys that are met below a key, besides those of `run`.
const KEYS: &[&str] = &[
    "at",
    "branches",
    "condition",
    "context",
    "docker",
    "filters",
    "image",
    "jobs",
    "key",
    "keys",
    "matrix",
    "paths",
    "requires",
    "root",
    "steps",
    "type",
];

/// Keys whose value is a text.
const TEXTS: &[&str] = &["command", "description", "key", "name", "when"];

/// Finds a collection that begins on the line of its key, where the parser stopped at a byte.
pub(super) fn on_the_line_of_its_key(line: Line<'_>, mark: usize) -> Option<Cause> {
    let content = line.content();
    let item = content.trim_start_matches("- ").trim_start();
    let (key, rest) = item.split_once(": ")?;
    let value = rest.trim_start();
    let start = line.start + line.column() + content.len() - value.len();
    let is_name = !key.contains([' ', '"', '\'', '[', '{']) && !TEXTS.contains(&key);
    let what = match value.strip_prefix("- ") {
        Some(_) if mark == start => "a list",
        Some(_) => return None,
        None => {
            let (inner, after) = value.split_once(':')?;
            let is_key = is_run_key(inner) || KEYS.contains(&inner);
            let is_mapping = after.is_empty() || after.starts_with(' ');
            if !is_key || !is_mapping || mark != start + inner.len() {
                return None;
            }
            "a mapping"
        }
    };
    is_name.then(|| Cause {
        span: Some(Span::new(start, start + value.len())),
        message: Some(format!("{what} begins on the line below its key")),
        is_certain: true,
        ..Cause::help(format!("put `{value}` on the line below `{key}:`, deeper than `{key}`"))
    })
}
