//! The graph of a workflow: which job is where, and the lines between them, as SVG.
//!
//! Layers by the longest way from the start; within a layer, an order with few crossings (a few
//! sweeps by the mean of the neighbors, with place-holders where a line passes a layer). Lines that
//! another way already implies are left out of the drawing; the list below it names every
//! requirement. The picture is drawn with attributes only, for the content policy allows no inline
//! style, and every node is a link, so that a keyboard can walk it.

use std::{borrow::Cow, collections::HashMap, fmt::Write as _};

use roundel_model::{id::JobId, time::Timestamp};
use roundel_store::reading::JobRow;

use super::{status::DisplayStatus, time::duration};
use crate::markup::{Brief, Html, escape};

const NODE_WIDTH: usize = 222;
const NODE_HEIGHT: usize = 44;
const COLUMN: usize = 278;
const ROW: usize = 58;
const MARGIN: usize = 8;
/// Jobs beyond which only the list is shown: such a picture is not readable.
const DRAWN_JOBS: usize = 150;
/// Room for the name, in hundredths of the size of its letters: 168 pixels at 13.
const NAME_WIDTH: usize = 1_290;
/// Where the name begins in its node, and how much of the node is left free behind it.
const NAME_LEFT: usize = 43;
const PADDING: usize = 11;

/// Where a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Position {
    layer: usize,
    row: usize,
}

/// A drawing: positions of the jobs (by index) and bends of the lines.
#[derive(Debug)]
struct Layout {
    positions: Vec<Position>,
    /// From job, through place-holders, to job.
    lines: Vec<Vec<Position>>,
}

/// Draws the graph of a workflow. Nothing for one that is too large, or has no order to show.
pub(crate) fn draw(name: &str, jobs: &[JobRow], now: Timestamp) -> Option<Html> {
    if jobs.is_empty() || jobs.len() > DRAWN_JOBS {
        return None;
    }
    let layout = lay_out(&needs(jobs));
    let columns = layout.positions.iter().map(|position| position.layer + 1).max().unwrap_or(1);
    let rows =
        layout.positions.iter().chain(layout.lines.iter().flatten()).map(|p| p.row + 1).max();
    let width = (columns - 1) * COLUMN + NODE_WIDTH + 2 * MARGIN;
    let height = (rows.unwrap_or(1) - 1) * ROW + NODE_HEIGHT + 2 * MARGIN;
    let mut out = format!(
        "<svg class=\"graph\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"group\" aria-label=\"Jobs of {}, from left to right\">",
        Brief::name(name)
    );
    for line in &layout.lines {
        push_line(&mut out, line);
    }
    // In reading order, so that the Tab key walks from left to right.
    let mut order: Vec<(Position, &JobRow)> = layout.positions.iter().copied().zip(jobs).collect();
    order.sort_by_key(|(position, _)| (position.layer, position.row));
    for (position, job) in order {
        push_node(&mut out, position, job, now);
    }
    out.push_str("</svg>");
    Some(Html(out))
}

fn push_line(out: &mut String, line: &[Position]) {
    let mut path = String::new();
    for pair in line.windows(2) {
        let [from, to] = pair else { continue };
        let (x1, y1) = (from.layer * COLUMN + MARGIN + NODE_WIDTH, middle(from.row));
        let (x2, y2) = (to.layer * COLUMN + MARGIN, middle(to.row));
        if path.is_empty() {
            let _ = write!(path, "M{x1} {y1}");
        } else {
            // Across a layer that the line only passes.
            let _ = write!(path, "L{x1} {y1}");
        }
        let bend = x1 + (x2 - x1) / 2;
        let _ = write!(path, "C{bend} {y1} {bend} {y2} {x2} {y2}");
    }
    let _ = write!(out, "<path class=\"edge\" d=\"{path}\"/>");
}

const fn middle(row: usize) -> usize {
    row * ROW + MARGIN + NODE_HEIGHT / 2
}

fn push_node(out: &mut String, position: Position, job: &JobRow, now: Timestamp) {
    let status = DisplayStatus::from(job.status);
    let (x, y) = (position.layer * COLUMN + MARGIN, position.row * ROW + MARGIN);
    let name = Brief::name(job.name.as_str());
    let class = status.class();
    let (time, since) = match (job.started_at, job.stopped_at) {
        (Some(from), Some(to)) => (duration(to.since(from)), String::new()),
        (Some(from), None) => (duration(now.since(from)), format!(" data-since=\"{from}\"")),
        (None, _) => (String::new(), String::new()),
    };
    // People who speak to their browser say what they see: the name of the link begins with it.
    let shown = shorten(job.name.as_str());
    let short = escape(&shown);
    let mut spoken = format!("{short} {} {time}", status.label()).trim_end().to_owned();
    if shown != job.name.as_str() {
        let _ = write!(spoken, " ({name})");
    }
    let _ = write!(
        out,
        "<a href=\"/job/{id}\" class=\"node n-{class}\" aria-label=\"{spoken}\">\
         <title>{name}: {label}</title>\
         <rect x=\"{x}\" y=\"{y}\" width=\"{NODE_WIDTH}\" height=\"{NODE_HEIGHT}\" rx=\"10\"/>\
         <svg class=\"icon m-{class}\" x=\"{mx}\" y=\"{my}\" width=\"22\" height=\"22\" viewBox=\"0 0 24 24\">\
         <use href=\"#m-{class}\"/></svg>\
         <svg x=\"{tx}\" y=\"{y}\" width=\"{room}\" height=\"{NODE_HEIGHT}\"><text class=\"node-name\" y=\"19\">{short}</text></svg> \
         <text class=\"node-label\" x=\"{tx}\" y=\"{wy}\">{label}</text> \
         <text class=\"node-time\" x=\"{ex}\" y=\"{wy}\" text-anchor=\"end\"{since}>{time}</text></a>",
        id = job.id,
        label = status.label(),
        mx = x + 11,
        my = y + 11,
        tx = x + NAME_LEFT,
        wy = y + 34,
        ex = x + NODE_WIDTH - PADDING,
        room = NODE_WIDTH - NAME_LEFT - PADDING,
    );
}

/// Cuts a name that is wider than its node in the middle: matrix jobs differ at their ends. The server
/// does not know the reader's letters; a name that is wider than it thinks is clipped by its frame.
fn shorten(name: &str) -> Cow<'_, str> {
    if name.chars().map(width).sum::<usize>() <= NAME_WIDTH {
        return Cow::Borrowed(name);
    }
    let half = (NAME_WIDTH - width('…')) / 2;
    let head: String = within(name.chars(), half).collect();
    let mut tail: Vec<char> = within(name.chars().rev(), half).collect();
    tail.reverse();
    Cow::Owned([head, "…".to_owned(), tail.into_iter().collect()].concat())
}

/// The first of these characters that fit into a width.
fn within(chars: impl Iterator<Item = char>, mut room: usize) -> impl Iterator<Item = char> {
    chars.take_while(move |&c| room.checked_sub(width(c)).map(|left| room = left).is_some())
}

/// How wide a bold letter is in a wide font without serifs, in hundredths of its size.
const fn width(c: char) -> usize {
    match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '!' | '|' | '\'' | ' ' => 38,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | '/' | '\\' | '-' => 49,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => 112,
        'A'..='Z' | '&' => 84,
        ' '..='~' => 72,
        // Beyond the alphabets, a character fills a square.
        '\u{80}'..='\u{10FF}' => 84,
        _ => 106,
    }
}

/// Requirements by index. What is not of this workflow, or would make a cycle, is left out.
fn needs(jobs: &[JobRow]) -> Vec<Vec<usize>> {
    let index: HashMap<JobId, usize> =
        jobs.iter().enumerate().map(|(at, job)| (job.id, at)).collect();
    jobs.iter()
        .map(|job| job.needs.iter().filter_map(|id| index.get(id).copied()).collect())
        .collect()
}

fn lay_out(needs: &[Vec<usize>]) -> Layout {
    let layers = layers(needs);
    let mut points: Vec<Point> =
        layers.iter().map(|&layer| Point { layer, before: Vec::new() }).collect();
    let mut lines = Vec::new();
    for (to, from) in reduced(needs, &layers) {
        lines.push(route(&mut points, from, to));
    }
    let rows = assign_rows(&points);
    let position = |&point: &usize| Position { layer: points[point].layer, row: rows[point] };
    Layout {
        positions: (0..needs.len()).map(|job| position(&job)).collect(),
        lines: lines.iter().map(|line: &Vec<usize>| line.iter().map(position).collect()).collect(),
    }
}

/// A node or a place-holder.
struct Point {
    layer: usize,
    before: Vec<usize>,
}

/// Puts a place-holder into every layer between two jobs.
fn route(points: &mut Vec<Point>, from: usize, to: usize) -> Vec<usize> {
    let mut line = vec![from];
    let mut last = from;
    for layer in points[from].layer + 1..points[to].layer {
        points.push(Point { layer, before: vec![last] });
        last = points.len() - 1;
        line.push(last);
    }
    points[to].before.push(last);
    line.push(to);
    line
}

/// The longest way from the start to each job. A cycle cannot be compiled; were there one, it would
/// be cut after as many rounds as there are jobs.
fn layers(needs: &[Vec<usize>]) -> Vec<usize> {
    let mut layers = vec![0; needs.len()];
    for _ in 0..needs.len() {
        let mut changed = false;
        for (job, before) in needs.iter().enumerate() {
            let layer = before.iter().map(|&other| layers[other] + 1).max().unwrap_or(0);
            if layer > layers[job] && layer < needs.len() {
                layers[job] = layer;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    layers
}

/// Requirements (job, required) that no other way implies.
fn reduced(needs: &[Vec<usize>], layers: &[usize]) -> Vec<(usize, usize)> {
    let mut order: Vec<usize> = (0..needs.len()).collect();
    order.sort_by_key(|&job| layers[job]);
    let mut above = vec![vec![false; needs.len()]; needs.len()];
    for &job in &order {
        for &other in needs[job].iter().filter(|&&other| layers[other] < layers[job]) {
            above[job][other] = true;
            let further = above[other].clone();
            above[job].iter_mut().zip(further).for_each(|(one, more)| *one |= more);
        }
    }
    let implied =
        |job: usize, other: usize| needs[job].iter().any(|&via| via != other && above[via][other]);
    let all =
        needs.iter().enumerate().flat_map(|(job, before)| before.iter().map(move |&b| (job, b)));
    all.filter(|&(job, other)| layers[other] < layers[job] && !implied(job, other)).collect()
}

/// Gives every point a row: near the middle of what comes before it, in the order of the file.
fn assign_rows(points: &[Point]) -> Vec<usize> {
    let count = points.iter().map(|point| point.layer + 1).max().unwrap_or(0);
    let mut columns: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (index, point) in points.iter().enumerate() {
        columns[point.layer].push(index);
    }
    let mut rows = vec![0; points.len()];
    for column in &mut columns {
        // Twice the mean, so that halves stay integers.
        let mean = |&index: &usize| match points[index].before.as_slice() {
            [] => usize::MAX,
            before => before.iter().map(|&b| rows[b]).sum::<usize>() * 2 / before.len(),
        };
        let mut order: Vec<(usize, usize)> =
            column.iter().map(|index| (mean(index), *index)).collect();
        order.sort_unstable();
        let mut next = 0;
        for &(mean, index) in &order {
            let row = if mean == usize::MAX { next } else { (mean / 2).max(next) };
            rows[index] = row;
            next = row + 1;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(needs: &[&[usize]]) -> Layout {
        lay_out(&needs.iter().map(|before| before.to_vec()).collect::<Vec<_>>())
    }

    #[test]
    fn a_job_stands_right_of_everything_that_it_requires() {
        let needs: &[&[usize]] = &[&[], &[0], &[0], &[1, 2], &[0, 3], &[]];
        let layout = positions(needs);
        for (job, before) in needs.iter().enumerate() {
            for &other in *before {
                assert!(layout.positions[other].layer < layout.positions[job].layer);
            }
        }
    }

    #[test]
    fn no_two_jobs_stand_in_the_same_place() {
        let layout = positions(&[&[], &[], &[0], &[0], &[1], &[2, 3, 4], &[0, 5]]);
        for (index, one) in layout.positions.iter().enumerate() {
            assert!(!layout.positions[index + 1..].contains(one), "{layout:?}");
        }
    }

    #[test]
    fn a_line_that_another_way_implies_is_not_drawn() {
        assert_eq!(positions(&[&[], &[0], &[0, 1]]).lines.len(), 2);
    }

    #[test]
    fn a_chain_is_a_straight_line() {
        let layout = positions(&[&[], &[0], &[1], &[2]]);
        assert!(layout.positions.iter().all(|position| position.row == 0));
    }

    /// Configurations with cycles do not compile, but a drawing must not hang on bad rows.
    #[test]
    fn a_circle_does_not_hang() {
        let layout = positions(&[&[1], &[0], &[2]]);
        assert_eq!(layout.positions.len(), 3);
    }

    #[test]
    fn a_long_name_keeps_both_ends() {
        assert_eq!(shorten("test-linux-node-20-postgres-16"), "test-linux…stgres-16");
    }

    /// Forty times `W` ran out of the node, and twenty times `i` were cut with half of it free.
    #[test]
    fn a_name_is_cut_by_its_width_and_not_by_its_count() {
        let of = |text: &str| text.chars().map(width).sum::<usize>();
        for name in ["W".repeat(40), "n".repeat(300), "漢".repeat(30), "i".repeat(300)] {
            let shown = shorten(&name);
            assert!(of(&shown) <= NAME_WIDTH && of(&shown) > NAME_WIDTH - 224, "{shown}");
        }
        let narrow = "lint-all-little-files.x";
        assert_eq!(shorten(narrow), narrow);
    }
}
