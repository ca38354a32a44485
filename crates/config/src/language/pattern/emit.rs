//! Writes a tree in the flavor of Rust's engines, every character spelled out.
//!
//! Nothing is left to their defaults: `.` and `$` know Java's line breaks, `\d` is ASCII, and no
//! character of the pattern can be mistaken for syntax.

use std::fmt::Write;

use super::tree::{Greediness, LookAround, Node, Set};

/// Java's line breaks, without the pair `\r\n`.
const BREAKS: &str = r"[\n\r\x{85}\x{2028}\x{2029}]";

/// Java's `\R`.
const LINE_BREAK: &str = r"(?:\r\n|[\n\x{0B}\x{0C}\r\x{85}\x{2028}\x{2029}])";

/// A pattern in Rust's flavor.
pub(super) struct Emitted {
    pub(super) text: String,
    /// Only an engine that backtracks can run it.
    pub(super) backtracks: bool,
}

/// How `^`, `$` and `\Z` treat the line breaks next to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchors {
    /// As Java does: `$` is before a last line break, too. A linear engine cannot do that.
    Java,
    /// As a linear engine can.
    Linear,
}

/// Where a node stands in a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// Nothing can be matched after it.
    Last,
    Inner,
}

/// Writes a pattern that must match a whole text. `groups` is the number of groups.
pub(super) fn emit(node: &Node, groups: u32, anchors: Anchors) -> Emitted {
    let mut writer = Writer { text: String::from(r"\A(?:"), backtracks: false, groups, anchors };
    writer.node(node, Position::Last);
    writer.text.push_str(r")\z");
    Emitted { text: writer.text, backtracks: writer.backtracks }
}

struct Writer {
    text: String,
    backtracks: bool,
    groups: u32,
    anchors: Anchors,
}

impl Writer {
    fn node(&mut self, node: &Node, position: Position) {
        match node {
            Node::Empty => self.text.push_str("(?:)"),
            Node::Set { set, fold: false } => self.set(set),
            Node::Set { set, fold: true } => {
                self.text.push_str("(?i:");
                self.set(set);
                self.text.push(')');
            }
            Node::Concat(nodes) => {
                for (index, node) in nodes.iter().enumerate() {
                    let is_last = nodes[index + 1..].iter().all(has_no_length);
                    self.node(node, if is_last { position } else { Position::Inner });
                }
            }
            Node::Alternate(nodes) => {
                self.text.push_str("(?:");
                for (index, node) in nodes.iter().enumerate() {
                    if index > 0 {
                        self.text.push('|');
                    }
                    self.node(node, position);
                }
                self.text.push(')');
            }
            Node::Capture(node) => self.group("(", node, position),
            Node::Atomic(node) => {
                self.backtracks = true;
                self.group("(?>", node, position);
            }
            Node::LookAround { look, node } => {
                self.backtracks = true;
                let opening = match look {
                    LookAround::Ahead => "(?=",
                    LookAround::NotAhead => "(?!",
                    LookAround::Behind => "(?<=",
                    LookAround::NotBehind => "(?<!",
                };
                self.group(opening, node, Position::Inner);
            }
            Node::Repeat { node, min, max, greed } => self.repeat(node, *min, *max, *greed),
            Node::BackReference { group, .. } if *group > self.groups => self.set(&Set::nothing()),
            Node::BackReference { group, fold } => {
                self.backtracks = true;
                let flags = if *fold { "i" } else { "" };
                self.write(format_args!("(?{flags}:\\{group})"));
            }
            _ => self.assertion(node, position),
        }
    }

    fn assertion(&mut self, node: &Node, position: Position) {
        let text = match node {
            Node::WordBoundary { negated: false } => r"\b",
            Node::WordBoundary { negated: true } => r"\B",
            Node::Start => r"\A",
            Node::VeryEnd => r"\z",
            Node::LineBreak => LINE_BREAK,
            Node::End { .. } if position == Position::Last => r"\z",
            Node::End { .. } if self.anchors == Anchors::Linear => r"\z",
            Node::End { unix: true } => {
                self.backtracks = true;
                r"(?=\n?\z)"
            }
            Node::End { unix: false } => {
                self.backtracks = true;
                self.write(format_args!(r"(?=(?:\r\n|{BREAKS})?\z)(?<!\r(?=\n))"));
                return;
            }
            Node::LineStart { .. } if self.anchors == Anchors::Linear => "(?m:^)",
            Node::LineEnd { .. } if self.anchors == Anchors::Linear => "(?m:$)",
            Node::LineEnd { unix: true } => "(?m:$)",
            Node::LineStart { unix: true } => {
                self.backtracks = true;
                r"(?!\z)(?m:^)"
            }
            // Java sees no line that begins at the very end.
            Node::LineStart { unix: false } => {
                self.backtracks = true;
                self.write(format_args!(r"(?!\z)(?:\A|(?<={BREAKS})(?<!\r(?=\n)))"));
                return;
            }
            Node::LineEnd { unix: false } => {
                self.backtracks = true;
                self.write(format_args!(r"(?={BREAKS}|\z)(?<!\r(?=\n))"));
                return;
            }
            _ => return,
        };
        self.text.push_str(text);
    }

    fn group(&mut self, opening: &str, node: &Node, position: Position) {
        self.text.push_str(opening);
        self.node(node, position);
        self.text.push(')');
    }

    fn repeat(&mut self, node: &Node, min: u32, max: Option<u32>, greed: Greediness) {
        if has_no_length(node) {
            // Repeating what has no length changes nothing, and the engines refuse it.
            let once = if min == 0 { &Node::Empty } else { node };
            return self.node(once, Position::Inner);
        }
        let possessive = greed == Greediness::Possessive;
        self.backtracks |= possessive;
        self.text.push_str(if possessive { "(?>(?:" } else { "(?:" });
        self.node(node, Position::Inner);
        self.text.push(')');
        match (min, max) {
            (0, None) => self.text.push('*'),
            (1, None) => self.text.push('+'),
            (0, Some(1)) => self.text.push('?'),
            (min, None) => self.write(format_args!("{{{min},}}")),
            (min, Some(max)) if min == max => self.write(format_args!("{{{min}}}")),
            (min, Some(max)) => self.write(format_args!("{{{min},{max}}}")),
        }
        match greed {
            Greediness::Greedy => {}
            Greediness::Lazy => self.text.push('?'),
            Greediness::Possessive => self.text.push(')'),
        }
    }

    fn set(&mut self, set: &Set) {
        match set {
            Set::Range(from, to) if from == to && from.is_ascii_alphanumeric() => {
                self.text.push(*from);
            }
            Set::Range(from, to) if from == to => self.char(*from),
            _ => {
                self.text.push('[');
                self.inside(set);
                self.text.push(']');
            }
        }
    }

    /// Writes what is within brackets.
    fn inside(&mut self, set: &Set) {
        match set {
            Set::Range(from, to) => {
                self.char(*from);
                if from != to {
                    self.text.push('-');
                    self.char(*to);
                }
            }
            Set::Text(text) => self.text.push_str(text),
            Set::Property(name) => self.write(format_args!(r"\p{{{name}}}")),
            Set::Union(sets) => sets.iter().for_each(|set| self.inside(set)),
            Set::Both(a, b) => {
                self.text.push_str("[[");
                self.inside(a);
                self.text.push_str("]&&[");
                self.inside(b);
                self.text.push_str("]]");
            }
            Set::Not(set) => {
                self.text.push_str("[^");
                self.inside(set);
                self.text.push(']');
            }
        }
    }

    fn char(&mut self, c: char) {
        self.write(format_args!(r"\x{{{:X}}}", u32::from(c)));
    }

    fn write(&mut self, arguments: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        if self.text.write_fmt(arguments).is_err() {
            debug_assert!(false, "a text refused to grow");
        }
    }
}

/// Returns whether a node matches only between two characters, or nothing.
fn has_no_length(node: &Node) -> bool {
    node.lengths().1 == Some(0)
}
