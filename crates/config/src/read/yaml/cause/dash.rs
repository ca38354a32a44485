//! Dashes that are missing, and dashes where none belongs.
//!
//! Deliberately absent: characters that only look like a dash ([`super::space`]).

use super::{
    found::Cause,
    line::{Line, as_line, is_run_key},
    siblings::Neighbors,
};

/// Keys of a job in a workflow.
const JOB_KEYS: &[&str] = &["context", "filters", "matrix", "name", "requires", "type"];

/// Keys of jobs and executors that no container has.
const OF_JOBS: &[&str] = &[
    "executor",
    "parallelism",
    "parameters",
    "resource_class",
    "shell",
    "steps",
    "working_directory",
];

/// Keys of lists, none of which is a step with a list.
const LISTS: &[&str] = &["docker:", "requires:", "triggers:"];

/// A dash with something right after it, in the column of a list or below the key that the list belongs to.
pub(super) fn joined_dash(line: Line<'_>, levels: &[Line<'_>]) -> Option<Cause> {
    let item = line.content().strip_prefix('-')?;
    let is_item = item.starts_with(|c: char| c.is_ascii_alphabetic());
    let same = levels.iter().find(|other| other.column() <= line.column())?;
    let is_list = same.is_dash() && same.column() == line.column() || same.content().ends_with(':');
    (is_item && is_list).then(|| Cause {
        span: Some(line.content_span()),
        message: Some("a space is missing after `-`".to_owned()),
        is_certain: true,
        ..Cause::help(format!("put a space after the dash: `- {item}`"))
    })
}

/// A key in the column of a list's dashes is another item, or belongs to the last one or to the key that
/// has the list.
pub(super) fn without_dash(line: Line<'_>, levels: &[Line<'_>]) -> Option<Cause> {
    let column = line.column();
    let same = *levels.iter().find(|other| other.column() == column && other.is_dash())?;
    if line.is_dash() {
        return None;
    }
    let cause = |help: String| Cause {
        span: Some(line.span()),
        message: Some(format!("`{}` is in the column of the dashes, but has no dash", line.word())),
        related: Some((same.span(), "the list")),
        ..Cause::help(help)
    };
    let (owner, word) = (levels.iter().find(|other| other.column() < column), line.word());
    let Some(owner) = owner else {
        return Some(Cause {
            span: Some(same.span()),
            message: Some("this dash makes a list of the whole file".to_owned()),
            related: Some((line.span(), "this is not an item of it")),
            ..Cause::help("remove the dash")
        });
    };
    let previous = levels.first().filter(|other| other.column() > column && !other.is_dash());
    if owner.word() == "docker" && OF_JOBS.contains(&word) {
        return Some(cause(as_line(*owner)));
    }
    if let Some(entry) = entry_above(line, levels) {
        return Some(cause(as_key_of(entry, levels)));
    }
    if let Some(help) = only_help(line, same, owner.word()) {
        return Some(cause(help));
    }
    let owner = previous.unwrap_or(owner);
    let is_step = owner.word() == "steps" && word == "run";
    let dash = "put a dash before it";
    let help = if is_step { dash.to_owned() } else { format!("{dash}, or {}", as_line(*owner)) };
    Some(cause(help))
}

/// Returns the entry of a job in a workflow, `- build:`, that a key belongs to which is not in the column of the
/// entry's keys.
pub(super) fn entry_above<'t>(line: Line<'t>, levels: &[Line<'t>]) -> Option<Line<'t>> {
    let at = levels.iter().position(|other| other.is_dash() && other.column() <= line.column())?;
    let (entry, list) = (*levels.get(at)?, levels.get(at + 1)?);
    let is_key = JOB_KEYS.contains(&line.word()) && !line.is_dash();
    (is_key && list.word() == "jobs" && entry.content().ends_with(':')).then_some(entry)
}

/// Says in which column a key is one of an entry's.
pub(super) fn as_key_of(entry: Line<'_>, levels: &[Line<'_>]) -> String {
    if let Some(key) = levels.iter().take_while(|other| other.start > entry.start).last() {
        return as_line(*key);
    }
    let name = entry.content().trim_start_matches("- ").trim_end_matches(':');
    format!("indent it by {} spaces, to make it a key of `{name}`", entry.column() + 4)
}

/// Says what to do with a key in the column of dashes, where only one thing makes sense. `list` is the key of
/// the list.
fn only_help(line: Line<'_>, same: Line<'_>, list: &str) -> Option<String> {
    let word = line.word();
    let item = same.content().strip_prefix('-')?.trim_start();
    let deeper = same.column() + 4;
    let (key, value) = match item.split_once(": ") {
        Some((key, value)) => (key, value.trim()),
        None => (item.strip_suffix(':').unwrap_or(item), ""),
    };
    if word == key {
        return Some("put a dash before it".to_owned());
    }
    if list == "jobs" && item == key && JOB_KEYS.contains(&word) {
        return Some(format!("write `- {key}:`, and indent `{word}` by {deeper} spaces"));
    }
    // Keys of jobs and sections are not steps.
    if value.is_empty() || list == "steps" && !is_run_key(word) {
        return None;
    }
    if list == "steps" {
        return Some(format!(
            "write `- {key}:`, below it `command: {value}` and `{word}`, both indented by {deeper} \
             spaces"
        ));
    }
    let column = same.column() + same.content().len() - item.len();
    Some(format!("indent it by {column} spaces, to align it with `{key}` in line {}", same.number))
}

/// A dash before a key whose siblings have none.
pub(super) fn wrong_dash(neighbors: Neighbors<'_, '_>, levels: &[Line<'_>]) -> Option<Cause> {
    let Neighbors { line, below, .. } = neighbors;
    let same = levels.iter().find(|other| other.column() == line.column())?;
    let key = line.content().strip_prefix("- ")?.trim_start();
    // A list may be in the column of its key.
    let is_list = levels.first().is_some_and(|previous| previous.start == same.start)
        && same.content().ends_with(':');
    if same.is_dash() || is_list {
        return None;
    }
    // What would belong to the item is deeper than its key.
    let next = below.first();
    let is_block = key.ends_with(':')
        && next.is_some_and(|next| next.column() == line.column() + 2 && !next.is_dash());
    let is_key =
        is_block || LISTS.contains(&key) || is_run_key(line_key(key)) && is_run_key(same.word());
    is_key.then(|| Cause {
        span: Some(line.span()),
        message: Some("this dash is among the keys of a mapping".to_owned()),
        related: Some((same.span(), "a key without a dash")),
        ..Cause::help(format!("write `{key}`, without the dash"))
    })
}

fn line_key(content: &str) -> &str {
    content.split(':').next().unwrap_or("")
}
