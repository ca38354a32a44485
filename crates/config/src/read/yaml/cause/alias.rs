//! Anchors, aliases and merge keys that are not written as they must be.

use super::{
    found::Cause,
    line::{Line, levels},
};
use crate::text::place::Span;

/// Aliases of one merge key that are compared: a help names all of them.
const ALIASES: usize = 20;

/// Keys whose items may be aliases.
const LISTS: &[&str] =
    &["steps", "docker", "jobs", "requires", "context", "paths", "only", "ignore"];

/// A mapping is not merged by its alias alone, neither above the keys next to it nor below them.
pub(super) fn alias_alone(lines: &[Line<'_>]) -> Option<Cause> {
    let (&line, above) = lines.split_last()?;
    let is_alone = |line: Line<'_>| line.alias() == Some(line.content());
    let is_key = |other: &Line<'_>| other.column() == line.column() && !other.is_dash();
    let at =
        if is_alone(line) && levels(above).iter().any(is_key) { line } else { *above.last()? };
    let alias = at.alias()?;
    let start = at.start + at.text.find(alias)?;
    let (message, help) = if is_alone(at) && at.column() == line.column() && !line.is_dash() {
        (format!("`{alias}` is next to keys, but merges nothing"), format!("write `<<: {alias}`"))
    } else if is_alone(at) || at.column() >= line.column() {
        return None;
    } else {
        let message = format!("`{alias}` is the whole value: nothing can be added below it");
        let help = if line.is_dash() {
            "lists cannot be spliced into lists: repeat its items, or use a command".to_owned()
        } else {
            format!("move `{alias}` to a line of its own above the keys, as `<<: {alias}`")
        };
        (message, help)
    };
    let (span, message) = (Some(Span::new(start, start + alias.len())), Some(message));
    Some(Cause { span, message, ..Cause::help(help) })
}

/// A space after the sign of an anchor or an alias, or a sign of a block that is doubled: `x: & a`,
/// `run: >>`.
pub(super) fn misplaced_sign(text: &str, line: Line<'_>, mark: usize) -> Option<Cause> {
    let (_, value) = line.content().split_once(": ")?;
    let value = value.trim_start();
    let start = line.start + line.text.rfind(value)?;
    if mark < start || mark > start + value.len() || text.get(start..)?.is_empty() {
        return None;
    }
    let at = |length: usize, message: &str, help: String| Cause {
        span: Some(Span::new(start, start + length)),
        message: Some(message.to_owned()),
        is_certain: true,
        ..Cause::help(help)
    };
    if let Some(negated) = value.strip_prefix("!<<").filter(|rest| rest.ends_with(">>")) {
        let message = "`!` does not negate: it is a sign of YAML";
        return Some(at(value.len(), message, format!("write `{{ not: <<{negated} }}`")));
    }
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    if let Some((sign, name)) = value.split_once(' ')
        && matches!(sign, "&" | "*")
        && name.trim_start().chars().all(is_name)
    {
        let name = name.trim_start();
        let message = format!("a name must follow `{sign}` directly");
        return Some(at(value.len(), &message, format!("write `{sign}{name}`")));
    }
    let signs = value.trim_end_matches(|c| c != '|' && c != '>');
    let is_doubled = matches!(value, ">>" | "||" | ">>-" | "||-");
    is_doubled.then(|| {
        let message = "one sign begins a block".to_owned();
        at(signs.len(), &message, format!("write `{}`", &value[1..]))
    })
}

/// Several mappings are merged as a list: `<<: *a, *b`.
pub(super) fn several_merged(line: Line<'_>) -> Option<Cause> {
    let value = line.content().trim_start_matches("- ").trim_start().strip_prefix("<<:")?.trim();
    let inner = value.trim_start_matches('[').trim_end_matches(']');
    let aliases: Vec<&str> =
        inner.split([',', ' ']).filter(|alias| !alias.is_empty()).take(ALIASES).collect();
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let is_alias = |alias: &&str| {
        alias.strip_prefix('*').is_some_and(|name| !name.is_empty() && name.chars().all(is_name))
    };
    if aliases.len() < 2 || aliases.len() == ALIASES || !aliases.iter().all(is_alias) {
        return None;
    }
    let start = line.start + line.text.len() - value.len();
    Some(Cause {
        span: Some(Span::new(start, start + value.len())),
        message: Some("several mappings are merged as a list".to_owned()),
        is_certain: true,
        ..Cause::help(format!("write `[{}]`", aliases.join(", ")))
    })
}

/// A mapping that is merged as if it were an item of a list: `- *defaults` above or below keys.
pub(super) fn item_merged(above: &[Line<'_>], line: Line<'_>) -> Option<Cause> {
    let (previous, before) = above.split_last()?;
    // A list is in the column of its key, or deeper.
    let has_list = |item: Line<'_>, before: Option<&Line<'_>>| {
        before.is_some_and(|key| {
            let is_own = key.column() == item.column() || LISTS.contains(&key.word());
            key.content().ends_with(':') && is_own || key.is_dash() && key.column() == item.column()
        })
    };
    let (item, alias) = match (item_alias(line), item_alias(*previous)) {
        (Some(alias), _) => {
            let is_key = |other: &Line<'_>| other.column() == line.column() && !other.is_dash();
            let is_among = levels(above).iter().any(is_key) && !has_list(line, Some(previous));
            is_among.then_some((line, alias))?
        }
        (None, Some(alias)) => {
            let is_key = line.column() == previous.column() && !line.is_dash();
            (is_key && !has_list(*previous, before.last())).then_some((*previous, alias))?
        }
        (None, None) => return None,
    };
    Some(Cause {
        span: Some(item.content_span()),
        message: Some(format!("`- {alias}` is an item of a list, next to keys")),
        ..Cause::help(format!("write `<<: {alias}`"))
    })
}

/// Returns the alias that is all of an item.
fn item_alias(line: Line<'_>) -> Option<&str> {
    let alias = line.content().strip_prefix("- ")?.trim();
    let is_alias = alias.len() > 1 && alias.starts_with('*') && !alias.contains([' ', ':', ',']);
    is_alias.then_some(alias)
}

/// A list that is merged into another one: `<<: *steps` above or below a dash.
pub(super) fn list_merged(above: &[Line<'_>], line: Line<'_>) -> Option<Cause> {
    let merge = above.last()?;
    let alias = merge.content().strip_prefix("<<:")?.trim();
    if !line.is_dash() || merge.column() != line.column() || !alias.starts_with('*') {
        return None;
    }
    Some(Cause {
        span: Some(merge.content_span()),
        message: Some("`<<` merges mappings, and the lines below it are a list".to_owned()),
        related: Some((line.span(), "the list")),
        ..Cause::help("lists cannot be spliced into lists: repeat its items, or use a command")
    })
}
