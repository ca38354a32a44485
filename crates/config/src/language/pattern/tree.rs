//! A regular expression as a tree, whatever runs it.
//!
//! Sets of characters have their own tree, because an intersection within brackets binds
//! differently in every flavor.

/// A regular expression.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// Matches the empty text.
    Empty,
    /// One character; `fold` compares without case by the rules of Unicode.
    Set { set: Set, fold: bool },
    /// One after the other.
    Concat(Vec<Node>),
    /// One of several.
    Alternate(Vec<Node>),
    /// `( … )`; they are counted as they are opened.
    Capture(Box<Node>),
    /// `x*`, `x{2,3}+`.
    Repeat { node: Box<Node>, min: u32, max: Option<u32>, greed: Greediness },
    /// `(?= … )`, `(?<! … )`.
    LookAround { look: LookAround, node: Box<Node> },
    /// `(?> … )`.
    Atomic(Box<Node>),
    /// `\1`; `fold` compares without case.
    BackReference { group: u32, fold: bool },
    /// `\b`, or `\B`.
    WordBoundary { negated: bool },
    /// `^`, `\A`, `\G`.
    Start,
    /// `^` under `(?m)`; `unix`: lines end with `\n` only.
    LineStart { unix: bool },
    /// `$`, `\Z`: the end, or before the line break that ends the text.
    End { unix: bool },
    /// `$` under `(?m)`.
    LineEnd { unix: bool },
    /// `\z`.
    VeryEnd,
    /// `\R`.
    LineBreak,
}

/// What must, or must not, be next to a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LookAround {
    Ahead,
    NotAhead,
    Behind,
    NotBehind,
}

/// How a repetition chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Greediness {
    Greedy,
    Lazy,
    Possessive,
}

/// A set of characters.
#[derive(Clone, Debug)]
pub(super) enum Set {
    Range(char, char),
    /// What is written within brackets in Rust's flavor.
    Text(&'static str),
    /// A property: `Lu`, `Alphabetic`, `sc=Greek`.
    Property(String),
    Union(Vec<Set>),
    Both(Box<Set>, Box<Set>),
    Not(Box<Set>),
}

impl Set {
    pub(super) const fn one(c: char) -> Self {
        Self::Range(c, c)
    }

    pub(super) fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// The set that matches nothing.
    pub(super) fn nothing() -> Self {
        Self::Range('\0', char::MAX).negated()
    }
}

impl Node {
    /// Lengths of what it can match, in characters: at least, and at most (`None`: without end).
    pub(super) fn lengths(&self) -> (u64, Option<u64>) {
        match self {
            Self::Set { .. } => (1, Some(1)),
            Self::LineBreak => (1, Some(2)),
            Self::BackReference { .. } => (0, None),
            Self::Capture(node) | Self::Atomic(node) => node.lengths(),
            Self::Concat(nodes) => nodes.iter().fold((0, Some(0)), |(min, max), node| {
                let (least, most) = node.lengths();
                let max = max.zip(most).map(|(a, b): (u64, u64)| a.saturating_add(b));
                (min.saturating_add(least), max)
            }),
            Self::Alternate(nodes) => {
                let lengths = || nodes.iter().map(Self::lengths);
                let min = lengths().map(|(min, _)| min).min().unwrap_or(0);
                let max = lengths().try_fold(0, |most, (_, max)| max.map(|max| most.max(max)));
                (min, max)
            }
            Self::Repeat { node, min, max, .. } => {
                let (least, most) = node.lengths();
                let longest = match (most, max) {
                    (Some(0), _) => Some(0),
                    (Some(most), Some(max)) => Some(most.saturating_mul(u64::from(*max))),
                    _ => None,
                };
                (least.saturating_mul(u64::from(*min)), longest)
            }
            Self::Empty
            | Self::LookAround { .. }
            | Self::WordBoundary { .. }
            | Self::Start
            | Self::LineStart { .. }
            | Self::End { .. }
            | Self::LineEnd { .. }
            | Self::VeryEnd => (0, Some(0)),
        }
    }

    /// Returns how large it is once repetitions are written out.
    pub(super) fn weight(&self) -> u64 {
        match self {
            Self::Capture(node) | Self::Atomic(node) | Self::LookAround { node, .. } => {
                node.weight().saturating_add(1)
            }
            Self::Concat(nodes) | Self::Alternate(nodes) => {
                nodes.iter().fold(1, |sum: u64, node| sum.saturating_add(node.weight()))
            }
            Self::Repeat { node, min, max, .. } => {
                let times = max.unwrap_or(*min).max(1);
                node.weight().saturating_mul(u64::from(times)).saturating_add(1)
            }
            Self::Empty
            | Self::Set { .. }
            | Self::BackReference { .. }
            | Self::WordBoundary { .. }
            | Self::Start
            | Self::LineStart { .. }
            | Self::End { .. }
            | Self::LineEnd { .. }
            | Self::VeryEnd
            | Self::LineBreak => 1,
        }
    }
}

/// A set that is compared as it is.
pub(super) fn plain(set: Set) -> Node {
    Node::Set { set, fold: false }
}

/// A range, and its ASCII letters in the other case: `(?i)` without `u` knows no others.
pub(super) fn fold_ascii(from: char, to: char) -> Set {
    let mut sets = vec![Set::Range(from, to)];
    for (low, high) in [('a', 'z'), ('A', 'Z')] {
        let (first, last) = (from.max(low), to.min(high));
        if first <= last {
            let flip =
                |c: char| if low == 'a' { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
            sets.push(Set::Range(flip(first), flip(last)));
        }
    }
    if sets.len() == 1 { sets.remove(0) } else { Set::Union(sets) }
}
