//! Follows the help of a diagnostic to the letter, where the help says what to write and where.

use crate::{
    read::{
        source::{Source, Sources},
        yaml::{At, View},
    },
    text::{diagnostic::Diagnostic, place::FileId},
};

/// What a help asks for.
#[derive(Clone, Copy, Debug)]
enum Action {
    /// The first text in backticks replaces what is underlined.
    Write,
    /// The last text in backticks replaces what is underlined.
    WriteLast,
    /// The first text in backticks replaces the entry that it has the key of: the one that is
    /// underlined or the innermost around it.
    WriteEntry,
    /// As `Write`; a name without a value replaces the entry that has it as its key.
    WriteItem,
    /// The first text in backticks becomes the first line.
    AddOnTop,
    /// The first text in backticks becomes a key of the mapping that is the underlined key's value.
    AddBelow,
    /// The first text in backticks becomes a key of the `filters` around what is underlined.
    AddToFilters,
    /// The first text in backticks replaces the operator that is underlined and its operands.
    WriteComparison,
    /// The entry or the item that is underlined goes.
    Remove,
    /// The only entry in the value of the underlined key takes the key's place.
    Unwrap,
    /// What is underlined gets brackets.
    Brackets,
    /// What is underlined gets quotes.
    Quotes,
    /// The entries of the words in backticks, but for the last, move two columns to the right.
    Deeper,
    /// The entry moves to the right, to the column that the help names.
    ToColumn,
    /// The line moves to the column that the help names first.
    Column,
    /// Every tab at the start of a line becomes two spaces.
    Spaces,
    /// The first text in backticks is written where it is without its backslash.
    Escape,
}

/// Helps that a machine can follow, by their patterns. Those of one code come first.
const STEPS: &[(Option<&str>, &str, Action)] = &[
    (Some("bad-machine"), "write `…`", Action::WriteEntry),
    (Some("bad-machine"), "write `…` or `…`", Action::WriteEntry),
    (Some("bad-matches"), "write `…`", Action::WriteEntry),
    (Some("bad-retention"), "write `…`", Action::WriteEntry),
    (Some("bad-parameter"), "write `…`", Action::WriteEntry),
    (Some("bad-matrix"), "write `…`", Action::WriteEntry),
    (Some("bad-filters"), "write `…`", Action::WriteEntry),
    (Some("bad-environment"), "write `…`", Action::WriteEntry),
    (Some("expression-syntax"), "write `…`", Action::WriteComparison),
    (Some("bad-filter-expression"), "write `…`", Action::WriteComparison),
    (Some("version-unsupported"), "use `…`", Action::Write),
    (Some("missing-key"), "add `…`", Action::AddBelow),
    (Some("missing-key"), "write `…`", Action::WriteEntry),
    (Some("conflicting-attributes"), "write `…`", Action::WriteEntry),
    (Some("bad-step"), "write `…`", Action::WriteItem),
    (Some("bad-run"), "write `…`, or indent `…` below it", Action::WriteEntry),
    (Some("unknown-operator"), "write `…`", Action::WriteEntry),
    (Some("wrong-type"), "write `…`", Action::WriteEntry),
    (Some("bad-trigger"), "add `…`", Action::AddBelow),
    (Some("bad-trigger"), "write `…`, in UTC", Action::AddBelow),
    (Some("no-environment"), "add `…`, `…` or `…`", Action::AddBelow),
    (Some("no-environment"), "add `…` or `…`", Action::AddBelow),
    (Some("run-without-command"), "add `…`", Action::AddBelow),
    (Some("default-missing"), "add `…`", Action::AddBelow),
    (Some("version-missing"), "add `…`", Action::AddOnTop),
    (Some("not-only-tags"), "to run for tags only, add `…`", Action::AddToFilters),
    (Some("bad-orb-version"), "write `…`, or name a version", Action::Write),
    (Some("unknown-operator"), "write `…`, or `…`", Action::WriteEntry),
    (Some("wrong-argument-type"), "write a list, even for a single step", Action::Brackets),
    (Some("bad-default"), "write a list, even for a single step", Action::Brackets),
    (None, "quote it: `…`", Action::WriteLast),
    (None, "quote it: `…`, or write `…`", Action::Write),
    (None, "remove the quotes: `…`", Action::Write),
    (None, "write `…` without quotes", Action::Write),
    (None, "write `…` without the slashes", Action::Write),
    (None, "write the pattern as `…`", Action::Write),
    (None, "write `…` or `…`", Action::Write),
    (None, "put strings in double quotes: `…`", Action::Write),
    (None, "to compare the branch, write `…`", Action::Write),
    (None, "to leave it empty, write `…`; else add its value", Action::Write),
    (None, "require `…` instead", Action::Write),
    (None, "write `…`", Action::Write),
    (None, "change the version to `…`", Action::Write),
    (None, "`…` is spelled with one l", Action::Write),
    (None, "write a number and a unit: `…`, `…`, `…`", Action::Write),
    (None, "to append, write it twice: `…`", Action::Escape),
    (None, "quote it, or write the value as a JSON string", Action::Quotes),
    (None, "write `…` even for a single value", Action::Brackets),
    (None, "put a dash before it, or brackets around it", Action::Brackets),
    (None, "put a dash before each step: `…`", Action::Brackets),
    (None, "remove the key", Action::Remove),
    (None, "remove the step", Action::Remove),
    (None, "remove it: the job then works without the cache, more slowly", Action::Remove),
    (None, "remove it, and produce the files in the job that needs them", Action::Remove),
    (
        None,
        "remove it if the job can do without: jobs have no Docker engine in this release",
        Action::Remove,
    ),
    (None, "remove it, and load the key from a project variable in a `…` step", Action::Remove),
    (None, "remove it, or upload the files in a `…` step", Action::Remove),
    (None, "remove it: failed tests are in the output of the step that ran them", Action::Remove),
    (None, "remove it, or replace it with a `…` step", Action::Remove),
    (None, "remove the import", Action::Remove),
    (None, "remove `…`", Action::Remove),
    (None, "remove one of them", Action::Remove),
    (None, "remove one of these requirements", Action::Remove),
    (None, "move the jobs into this file and remove `…`", Action::Remove),
    (None, "remove the `…` level", Action::Unwrap),
    (None, "indent `…` deeper than `…`", Action::Deeper),
    (None, "indent `…`, `…` deeper than `…`", Action::Deeper),
    (None, "indent it to column N, where the job's other keys are", Action::ToColumn),
    (None, "indent it by N spaces, like line N", Action::Column),
    (None, "indent it by N spaces, like line N, or by N, like line N", Action::Column),
    (None, "indent with spaces: YAML does not allow tabs there", Action::Spaces),
    (None, "in version N, escape the here-document as `…`", Action::Escape),
    (None, "in version N, escape the here-string as `…`", Action::Escape),
    (None, "in version N, escape a literal `…` as `…`", Action::Escape),
];

/// Returns the configuration after the help of a diagnostic was followed, once for each choice that
/// the help leaves; none if no machine can follow it.
pub(super) fn follow(text: &str, found: &Diagnostic) -> Vec<String> {
    let choices = choices(text, found);
    if choices.is_empty() { follow_only(text, found).into_iter().collect() } else { choices }
}

/// Follows a help that lists what may be written: "allowed: `a`, `b`", "allowed keys: `a`, `b`",
/// "add `type: a | b`".
fn choices(text: &str, found: &Diagnostic) -> Vec<String> {
    let edit = Edit { text, start: found.start, end: found.end };
    let Some(help) = found.help.as_deref().filter(|_| found.replacement.is_none()) else {
        return Vec::new();
    };
    if let Some(types) = help.strip_prefix("add `type: ").and_then(|rest| rest.strip_suffix('`')) {
        let types = types.split(" | ").map(|name| format!("type: {name}"));
        return types.filter_map(|written| edit.added_below(&written)).collect();
    }
    let listed = help.strip_prefix("allowed: ").or_else(|| help.strip_prefix("allowed keys: "));
    let Some(listed) = listed.and_then(|listed| listed.split(';').next()) else {
        return Vec::new();
    };
    // Where a value is missing, its place is before the colon.
    let is_missing = found.start == found.end && text[found.start..].starts_with(':');
    let (start, gap) = if is_missing { (found.start + 1, " ") } else { (found.start, "") };
    let edit = Edit { start, end: found.end.max(start), ..edit };
    let names = listed.split(", ").map(|name| name.trim_matches('`'));
    // A list that was cut off ends in an ellipsis.
    names.filter(|name| *name != "…").map(|name| edit.replaced(&format!("{gap}{name}"))).collect()
}

/// Returns whether a help that leaves a choice may leave an error in a source: what was written for
/// another key or type need not fit the one that was chosen, which may be there already.
pub(super) fn leaves(text: &str, found: &Diagnostic, error: &Diagnostic) -> bool {
    let help = found.help.as_deref().filter(|_| found.replacement.is_none()).unwrap_or_default();
    if help.starts_with("allowed keys: ") {
        let entry = Edit { text, start: found.start, end: found.end }.entry();
        let is_inside = entry.is_some_and(|(start, end)| (start..end).contains(&error.start));
        return is_inside || matches!(&*error.code, "duplicate-key" | "two-environments");
    }
    let is_type = help.starts_with("add `type: ") || help.starts_with("allowed: string");
    is_type && matches!(&*error.code, "bad-default" | "bad-parameter" | "wrong-argument-type")
}

/// Follows a help that leaves no choice.
fn follow_only(text: &str, found: &Diagnostic) -> Option<String> {
    if let Some(name) = &found.replacement {
        return rename(text, found, name);
    }
    let help = found.help.as_deref()?;
    // "YAML reads it as a number, `1.2`; quote it: …"
    let help = help.find("quote it: `").map_or(help, |at| &help[at..]);
    let pattern = pattern(help);
    let fits = |&&(code, known, _): &&(Option<&str>, &str, Action)| {
        known == pattern && code.is_none_or(|code| code == found.code)
    };
    let &(_, _, step) = STEPS.iter().find(fits)?;
    let written: Vec<&str> = help.split('`').skip(1).step_by(2).collect();
    let written = written.iter().copied().filter(|text| !text.is_empty()).collect::<Vec<_>>();
    let first = written.first().copied().unwrap_or_default();
    // What is left out in a help is for people to fill in.
    if first.contains('…') && !matches!(step, Action::Remove) {
        return None;
    }
    let edit = Edit { text, start: found.start, end: found.end };
    match step {
        Action::Write => {
            // A dash is there already, or the list has brackets.
            let first = first.strip_prefix("- ").unwrap_or(first);
            let (start, end) = edit.entry_with(first).unwrap_or((found.start, found.end));
            Some(Edit { start, end, ..edit }.replaced(first))
        }
        // An operator alone replaces the operator.
        Action::WriteComparison if !first.contains(' ') => Some(edit.replaced(first)),
        Action::WriteComparison => edit.comparison(first),
        Action::WriteItem => {
            let first = first.strip_prefix("- ").unwrap_or(first);
            let (start, end) = if let Some((key, _)) = first.split_once(':') {
                // What is underlined is the whole step, or what is behind its name.
                let around = edit.entry_of(key).filter(|(_, end)| *end == found.end);
                around.unwrap_or((found.start, found.end))
            } else {
                edit.entry_of(first).map(|found| edit.with_braces(found))?
            };
            Some(Edit { start, end, ..edit }.replaced(first))
        }
        Action::WriteLast => Some(edit.replaced(written.last()?)),
        Action::WriteEntry => {
            let first = first.strip_prefix("- ").unwrap_or(first);
            let key = first.split(':').next()?;
            let (start, end) = edit.entry_of(key).or_else(|| edit.entry())?;
            Some(Edit { start, end, ..edit }.replaced(first))
        }
        Action::AddOnTop => Some(format!("{first}\n{text}")),
        Action::AddBelow => edit.added_below(first),
        Action::AddToFilters => {
            let (start, _) = edit.entry_of("filters")?;
            Edit { start, end: start + "filters".len(), ..edit }.added_below(first)
        }
        Action::Remove => edit.removed(),
        Action::Unwrap => edit.unwrapped(),
        Action::Brackets => {
            Some(edit.replaced(&format!("[{}]", text.get(found.start..found.end)?)))
        }
        Action::Quotes => {
            let inner = text.get(found.start..found.end)?.replace('"', "\\\"");
            Some(edit.replaced(&format!("\"{inner}\"")))
        }
        Action::Deeper => edit.deeper(written.len().saturating_sub(1).max(1)),
        Action::ToColumn => edit.to_column(help),
        Action::Column => edit.in_column(help),
        Action::Spaces => Some(spaced(text)),
        Action::Escape => edit.escaped(first, written.last()?),
    }
}

/// Writes a name in place of the one that is wrong: the last part of what is underlined, without
/// its quotes, as an editor does.
fn rename(text: &str, found: &Diagnostic, name: &str) -> Option<String> {
    let wrong = text.get(found.start..found.end)?;
    let quotes = usize::from(wrong.len() > 2 && wrong.starts_with(['"', '\'']));
    let inner = wrong.get(quotes..wrong.len() - quotes)?;
    // Of a tag, the name in it.
    let tag = inner.strip_prefix("<<").and_then(|inner| inner.strip_suffix(">>"));
    // A value that came through a tag is wrong somewhere else.
    let is_it = |tag: &str| {
        let last = tag.trim().rsplit('.').next().unwrap_or_default();
        found.message.contains(&format!("{last}`"))
    };
    if let Some(tag) = tag.filter(|tag| is_it(tag)) {
        let at = found.start + quotes + inner.find(tag.trim())?;
        let inner = Diagnostic { start: at, end: at + tag.trim().len(), ..found.clone() };
        return rename(text, &inner, name);
    }
    if inner.contains(['\n', ' ', '<', '>']) {
        return None;
    }
    let cut = ['/', '.'].into_iter().filter(|separator| !name.contains(*separator));
    let cut = cut.filter_map(|separator| inner.rfind(separator)).max().map_or(0, |at| at + 1);
    let start = found.start + quotes + cut;
    Some(Edit { text, start, end: found.end - quotes }.replaced(name))
}

/// Writes a help without what differs from case to case: words in backticks and numbers.
pub(super) fn pattern(help: &str) -> String {
    let mut pattern = String::new();
    for (index, part) in help.split('`').enumerate() {
        if index % 2 == 1 {
            pattern.push_str("`…`");
            continue;
        }
        let mut in_number = false;
        for c in part.chars() {
            let is_part = c.is_ascii_digit() || c == '.' && in_number;
            if !is_part {
                pattern.push(c);
            } else if !in_number {
                pattern.push('N');
            }
            in_number = is_part;
        }
    }
    pattern
}

/// A part of a source that is to be changed.
#[derive(Clone, Copy)]
struct Edit<'t> {
    text: &'t str,
    start: usize,
    end: usize,
}

impl Edit<'_> {
    fn replaced(self, with: &str) -> String {
        format!("{}{with}{}", &self.text[..self.start], &self.text[self.end..])
    }

    /// The bytes of the entry whose key, or of the item that, begins where the edit does.
    fn entry(self) -> Option<(usize, usize)> {
        let sources = Sources::new(Source::parse("followed", self.text.into()));
        let root = sources.root(FileId::CONFIG)?;
        let (start, end) = entry(&sources, root, self.start)?;
        let length = self.text.get(start..end)?.trim_end().len();
        Some((start, start + length))
    }

    /// The bytes of the innermost entry with a key around the edit.
    fn entry_of(self, key: &str) -> Option<(usize, usize)> {
        let sources = Sources::new(Source::parse("followed", self.text.into()));
        let root = sources.root(FileId::CONFIG)?;
        let (start, end) = entry_of(&sources, root, self.start, key)?;
        let length = self.text.get(start..end)?.trim_end().len();
        Some((start, start + length))
    }

    /// The bytes of the entry around the edit that has the key of an example, `key: value`, if its key or
    /// its value is what the edit is about.
    fn entry_with(self, written: &str) -> Option<(usize, usize)> {
        let (key, _) = written.split_once(": ")?;
        self.entry_of(key).filter(|&(start, end)| start == self.start || end == self.end)
    }

    fn line_start(self) -> usize {
        self.text[..self.start].rfind('\n').map_or(0, |at| at + 1)
    }

    fn removed(self) -> Option<String> {
        let (start, end) = self.entry().map(|found| self.with_braces(found))?;
        let line = self.line_start();
        let before = self.text[line..start].trim();
        let rest = &self.text[end..];
        let line_end = rest.find('\n').map_or(rest.len(), |at| at + 1);
        if (before.is_empty() || before == "-") && rest[..line_end].trim().is_empty() {
            return Some(format!("{}{}", &self.text[..line], &rest[line_end..]));
        }
        let after = rest.trim_start();
        if let Some(after) = after.strip_prefix(',') {
            return Some(format!("{}{}", &self.text[..start], after.trim_start()));
        }
        let before = self.text[..start].trim_end();
        let before = before.strip_suffix(',').unwrap_or(before);
        Some(format!("{before}{rest}"))
    }

    /// A mapping in braces without its only entry would still be there.
    fn with_braces(self, (start, end): (usize, usize)) -> (usize, usize) {
        let before = self.text[..start].trim_end();
        let after = &self.text[end..];
        let gap = after.len() - after.trim_start().len();
        let is_only = before.ends_with('{') && after.trim_start().starts_with('}');
        if is_only { (before.len() - 1, end + gap + 1) } else { (start, end) }
    }

    fn unwrapped(self) -> Option<String> {
        let (start, end) = self.entry()?;
        let (_, inner) = self.text.get(start..end)?.split_once(':')?;
        let (outer, outer_end) = self.with_braces((start, end));
        let braces = inner.trim().starts_with('{');
        let (start, end) = if braces || outer == start { (start, end) } else { (outer, outer_end) };
        let inner = inner.trim().trim_start_matches('{').trim_end_matches('}').trim();
        Some(Edit { start, end, ..self }.replaced(inner))
    }

    /// Adds a key to the mapping below the key that is underlined.
    fn added_below(self, written: &str) -> Option<String> {
        let (start, end) = self.entry()?;
        let value = self.text.get(self.end..end)?.trim_start_matches(':');
        if value.trim_start().starts_with('{') {
            let brace = start + self.text[start..].find('{')?;
            let empty = self.text[brace + 1..].trim_start().starts_with('}');
            let comma = if empty { "" } else { "," };
            let edit = Edit { start: brace + 1, end: brace + 1, ..self };
            return Some(edit.replaced(&format!(" {written}{comma} ")));
        }
        let indent = self.text[self.line_start()..self.start].chars().count();
        let inner = value.lines().find(|line| !line.trim().is_empty());
        let deeper = inner.map_or(indent + 2, |line| line.len() - line.trim_start().len());
        let edit = Edit { start: end, end, ..self };
        Some(edit.replaced(&format!("\n{}{written}", " ".repeat(deeper.max(indent + 1)))))
    }

    /// Replaces `left operator right`, where the operator is underlined.
    fn comparison(self, with: &str) -> Option<String> {
        let line = self.line_start();
        let before = self.text[line..self.start].trim_end();
        let left = before
            .rfind(|c: char| c.is_whitespace() || matches!(c, '"' | '\''))
            .map_or(0, |at| at + 1);
        let rest = &self.text[self.end..];
        let gap = rest.len() - rest.trim_start().len();
        let right = rest.trim_start();
        let closing = right.chars().next().filter(|c| matches!(c, '/' | '"' | '\''));
        let length = match closing {
            Some(closing) => right[1..].find(closing)? + 2,
            None => right.find([' ', '\n', '>', '}', ',']).unwrap_or(right.len()),
        };
        let (start, end) = (line + left, self.end + gap + length);
        Some(Edit { start, end, ..self }.replaced(with))
    }

    /// Moves an entry, and as many in all below it, two columns to the right.
    fn deeper(self, count: usize) -> Option<String> {
        self.moved_right(count, 2)
    }

    fn moved_right(self, count: usize, columns: usize) -> Option<String> {
        let (_, mut end) = self.entry()?;
        for _ in 1..count {
            let next = end + self.text[end..].find(|c: char| !c.is_whitespace())?;
            (_, end) = Edit { start: next, ..self }.entry()?;
        }
        let line = self.line_start();
        let indented: Vec<String> =
            self.text[line..end].lines().map(|line| format!("{:columns$}{line}", "")).collect();
        Some(Edit { start: line, end, ..self }.replaced(&indented.join("\n")))
    }

    fn to_column(self, help: &str) -> Option<String> {
        let column: usize = help.split([' ', ',']).find_map(|word| word.parse().ok())?;
        let here = self.start + 1 - self.line_start();
        self.moved_right(1, column.checked_sub(here)?)
    }

    fn in_column(self, help: &str) -> Option<String> {
        let column: usize = help.split(' ').find_map(|word| word.parse().ok())?;
        let start = self.line_start();
        let line = self.text[start..].lines().next()?;
        let end = start + line.len();
        let line = format!("{}{}", " ".repeat(column), line.trim_start());
        Some(Edit { start, end, ..self }.replaced(&line))
    }

    /// Writes `\<<EOF` where `<<EOF` is, `>> >> x` where `>> x` does.
    fn escaped(self, first: &str, last: &str) -> Option<String> {
        let (old, new) = match last.strip_prefix('\\') {
            Some(old) => (old, last),
            None => (first.strip_prefix(">> ")?, first),
        };
        let line = self.line_start();
        let at = line + self.text[line..].find(old)?;
        Some(Edit { start: at, end: at + old.len(), ..self }.replaced(new))
    }
}

fn spaced(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let rest = line.trim_start_matches([' ', '\t']);
        line[..line.len() - rest.len()].replace('\t', "  ") + rest
    });
    lines.collect()
}

/// Finds the innermost entry with a key that a byte is in.
fn entry_of(sources: &Sources, at: At, byte: usize, key: &str) -> Option<(usize, usize)> {
    match sources.view(at) {
        View::Map(entries) => entries.iter().find_map(|entry| {
            let (start, value) = (entry.key.span.start(), sources.place(entry.value).span);
            let end = value.end().max(entry.key.span.end() + 1);
            if !(start..end).contains(&byte) {
                return None;
            }
            let inner = entry_of(sources, entry.value, byte, key);
            inner.or_else(|| (entry.name == key).then_some((start, end)))
        }),
        View::Seq(items) => items.iter().find_map(|item| entry_of(sources, item, byte, key)),
        View::Scalar(..) | View::Broken => None,
    }
}

/// Finds an entry or an item of a list by its first byte.
fn entry(sources: &Sources, at: At, start: usize) -> Option<(usize, usize)> {
    match sources.view(at) {
        View::Map(entries) => entries.iter().find_map(|entry| {
            let value = sources.place(entry.value).span;
            if entry.key.span.start() == start {
                return Some((start, value.end().max(entry.key.span.end() + 1)));
            }
            self::entry(sources, entry.value, start)
        }),
        View::Seq(items) => items.iter().find_map(|item| {
            let place = sources.place(item).span;
            let is_scalar = matches!(sources.view(item), View::Scalar(..));
            if place.start() == start && is_scalar {
                return Some((start, place.end()));
            }
            self::entry(sources, item, start)
        }),
        View::Scalar(..) | View::Broken => None,
    }
}
