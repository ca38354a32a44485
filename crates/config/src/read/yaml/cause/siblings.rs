//! Which line of a block is indented otherwise than the others: the parser always blames the later one.
//!
//! Deliberately absent: the advice about a line that is the odd one itself ([`super::indentation`]).

use std::collections::BTreeMap;

use super::{
    found::Cause,
    line::{Line, as_line, levels, spaces},
};

/// Where an error was found: a line with those around it.
#[derive(Clone, Copy)]
pub(super) struct Neighbors<'l, 't> {
    pub(super) above: &'l [Line<'t>],
    pub(super) line: Line<'t>,
    pub(super) below: &'l [Line<'t>],
}

/// Lines of one block in one column.
struct Group<'t> {
    first: Line<'t>,
    /// The line that the block belongs to.
    parent: Option<Line<'t>>,
    /// Those of its lines that are above the error.
    above: usize,
    relation: Relation,
}

/// How a group is related to the line of the error.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Relation {
    /// It should have the line.
    Inner,
    /// It has what should have the line.
    Outer,
}

/// Blames a line above, if it is alone in its column and the lines of its block below the error are in the
/// column of the error, or if only that column is the one that other blocks have.
pub(super) fn odd_line_above(neighbors: Neighbors<'_, '_>) -> Option<Cause> {
    let Neighbors { above, line, below } = neighbors;
    let levels = levels(above);
    let groups = [inner_group(line, above, &levels), outer_group(line, above, &levels)];
    let group = groups.into_iter().flatten().find(|group| is_odd(group, neighbors))?;
    let odd = group.first;
    let inner = above.iter().find(|inner| inner.start > odd.start);
    let has_room = inner.is_none_or(|inner| {
        inner.column() > line.column() || inner.is_dash() && inner.column() == line.column()
    });
    // The other keys of an item move with its dash.
    let moves = inner.is_some_and(|inner| odd.is_dash() && inner.column() == odd.column() + 2);
    if !has_room {
        return None;
    }
    let rest = if moves { ", and the rest of the item as far" } else { "" };
    let number = below.iter().filter(|next| next.column() == line.column()).count();
    let what = match number {
        0 => "the next line of its block is",
        _ => "the lines of its block below are",
    };
    let column = match line.column() {
        0 => "not indented".to_owned(),
        column => format!("indented by {column} {}", spaces(column)),
    };
    Some(Cause {
        span: Some(odd.span()),
        message: Some(format!("inconsistent indentation: {what} {column}")),
        related: Some((line.span(), "its block continues here")),
        ..Cause::help(format!("{}{rest}", as_line(line)))
    })
}

/// The block above that is deeper than the line, or the line above that the line is deeper than.
fn inner_group<'t>(line: Line<'t>, above: &[Line<'t>], levels: &[Line<'t>]) -> Option<Group<'t>> {
    let column = line.column();
    let previous = *levels.first()?;
    if levels.iter().any(|other| other.column() == column) {
        return None;
    }
    let is_whole = previous.has_whole_value() || previous.is_dash() && line.is_dash();
    let at = match levels.iter().rposition(|other| other.column() > column) {
        Some(at) => at,
        None if is_whole => 0,
        None => return None,
    };
    group(above, levels, at, Relation::Inner)
}

/// The line that the line is deeper than, if it may be meant to be next to it.
fn outer_group<'t>(line: Line<'t>, above: &[Line<'t>], levels: &[Line<'t>]) -> Option<Group<'t>> {
    let at = levels.iter().position(|other| other.column() < line.column())?;
    // With fewer than two levels it is the previous line.
    let outer = levels.get(at).filter(|_| at > 0)?;
    let is_other = outer.content().ends_with(':') || outer.is_dash();
    if is_other { group(above, levels, at, Relation::Outer) } else { None }
}

fn group<'t>(
    above: &[Line<'t>],
    levels: &[Line<'t>],
    at: usize,
    relation: Relation,
) -> Option<Group<'t>> {
    let last = levels.get(at)?;
    let parent = levels.get(at + 1).copied();
    let start = parent.map_or(0, |parent| parent.start + 1);
    let mut members =
        above.iter().filter(|other| other.start >= start && other.column() == last.column());
    let first = *members.next()?;
    // A list may be in the column of its key.
    let others = members.filter(|other| other.is_dash() == first.is_dash());
    Some(Group { first, parent, above: 1 + others.count(), relation })
}

/// Returns whether the line of a group is alone, and rather wrong than those from the error on.
fn is_odd(group: &Group<'_>, neighbors: Neighbors<'_, '_>) -> bool {
    let Neighbors { above, line, below } = neighbors;
    let (column, odd) = (line.column(), group.first.column());
    let inside = group.parent.map_or(0, |parent| parent.column() + 1);
    let block = || below.iter().take_while(|next| next.column() >= inside.min(column));
    let is_later = block().any(|next| next.column() == column);
    let is_alone = group.above == 1 && !continues_below(odd, line, block());
    let usual = if line.is_dash() { None } else { usual_column(group, above, below) };
    let is_usual = usual == Some(column);
    let is_alike = group.first.is_dash() == line.is_dash();
    let decides = is_later && (group.relation == Relation::Inner || line.is_dash());
    is_alike && is_alone && usual != Some(odd) && (is_usual || decides)
}

/// Returns whether a line of the block below is in a column too, and not inside of a key that is less deep.
fn continues_below<'l, 't: 'l>(
    column: usize,
    line: Line<'t>,
    block: impl Iterator<Item = &'l Line<'t>>,
) -> bool {
    let mut outer = line;
    for &next in block {
        if next.column() == column && (outer.column() > column || !outer.content().ends_with(':')) {
            return true;
        }
        if next.column() < column {
            outer = next;
        }
    }
    false
}

/// Returns the column that the lines of a block usually have.
fn usual_column(group: &Group<'_>, above: &[Line<'_>], below: &[Line<'_>]) -> Option<usize> {
    let Some(parent) = group.parent else { return Some(0) };
    let base = parent.column() + if parent.is_dash() { 2 } else { 0 };
    Some(base + usual_step(group.first, above, below)?)
}

/// Returns by how much blocks are usually deeper than the line that they belong to.
fn usual_step(odd: Line<'_>, above: &[Line<'_>], below: &[Line<'_>]) -> Option<usize> {
    let mut steps: BTreeMap<usize, usize> = BTreeMap::new();
    for lines in [above, below] {
        for pair in lines.windows(2) {
            let [key, inner] = pair else { continue };
            let is_block = key.content().ends_with(':') && !key.is_dash() && !inner.is_dash();
            let is_other = key.start != odd.start && inner.start != odd.start;
            if is_block && is_other && inner.column() > key.column() {
                *steps.entry(inner.column() - key.column()).or_default() += 1;
            }
        }
    }
    steps
        .into_iter()
        .max_by_key(|&(step, count)| (count, std::cmp::Reverse(step)))
        .map(|(step, _)| step)
}
