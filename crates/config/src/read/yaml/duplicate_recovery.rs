//! What the entries of a mapping were probably meant as, where keys are given twice or a section begins too
//! deep: what follows is read as it was meant too, so that one mistake is one error.
//!
//! Deliberately absent: finding keys that are given twice ([`super::duplicate_keys`]).

use std::collections::{HashMap, HashSet};

use super::{
    Doc, Id, KeyValue, Kind,
    scalar::{self, Scalar},
};
use crate::{
    codes,
    text::{place::Place, problem::Problem},
};

/// Keys of one mapping of which the values are merged. Each of them copies entries.
const MERGES: usize = 20;

/// Sections, and keys of which the first entry of each has one.
const SECTIONS: &[(&str, &[&str])] = &[
    ("workflows", &["jobs"]),
    ("jobs", &["steps", "docker", "machine"]),
    ("commands", &["steps"]),
    ("executors", &["docker", "machine", "macos"]),
    ("parameters", &["type"]),
];

/// A key that is there already.
#[derive(Clone, Copy)]
pub(super) struct Twice {
    /// Which entry has it.
    pub(super) index: usize,
    /// The earlier key.
    pub(super) first: Id,
}

/// A mapping as it was read, and what is around it.
pub(super) struct Read<'r> {
    pub(super) doc: &'r Doc,
    pub(super) pairs: Box<[KeyValue]>,
    pub(super) twice: &'r [Twice],
    /// The key that it is the value of.
    pub(super) owner: Option<Id>,
    /// The owner is a key of the document.
    pub(super) is_section: bool,
    /// No bracket is open.
    pub(super) is_block: bool,
}

/// The entries of a mapping as they were meant.
pub(super) struct Meant {
    pub(super) pairs: Box<[KeyValue]>,
    /// Which entries get a mapping of these entries as their value.
    pub(super) both: Vec<(usize, Box<[KeyValue]>)>,
    pub(super) next: Option<Next>,
    pub(super) problems: Vec<Problem>,
}

/// A mapping whose name is indented like the entries of the one before it.
pub(super) struct Next {
    pub(super) name: Id,
    pub(super) pairs: Box<[KeyValue]>,
}

impl Meant {
    fn as_written(pairs: Box<[KeyValue]>) -> Self {
        Self { pairs, both: Vec::new(), next: None, problems: Vec::new() }
    }
}

impl Read<'_> {
    /// Takes the entries as they were probably meant, and says what is wrong with them.
    pub(super) fn meant(self) -> Meant {
        let Some(from) = self.twice.first().map(|first| first.index) else {
            return self.after_nested_section();
        };
        // With several of them, all entries of another mapping are below those of this one.
        let is_several = self.twice.iter().any(|other| other.first != self.twice[0].first);
        if is_several && self.is_block {
            return self.second_mapping(from);
        }
        let places = self.pairs.iter().enumerate().map(|(at, pair)| (pair.key, at));
        let places: HashMap<Id, usize> = places.collect();
        let mut dropped = HashSet::new();
        let mut meant = Meant::as_written(Box::default());
        for (at, &Twice { index, first }) in self.twice.iter().enumerate() {
            let Some(&earlier) = places.get(&first) else { continue };
            let (before, after) = (self.pairs[earlier], self.pairs[index]);
            let is_empty = self.is_null(before.value) && !self.is_null(after.value);
            let help = if is_empty {
                dropped.insert(first);
                "delete the first one, which has no value"
            } else {
                "merge both entries, or rename one of them"
            };
            meant.problems.push(self.duplicate(after.key, first).help(help));
            if at < MERGES
                && let Some(both) = self.both(before.value, after.value)
            {
                meant.both.push((earlier, both));
            }
        }
        if !dropped.is_empty() {
            // The places of the others would be wrong.
            meant.both.clear();
        }
        let kept = self.pairs.iter().filter(|pair| !dropped.contains(&pair.key));
        Meant { pairs: kept.copied().collect(), ..meant }
    }

    /// Reports the entries of another mapping once, where they begin.
    fn second_mapping(self, from: usize) -> Meant {
        // A key without a value right above them is their name.
        let name = from.checked_sub(1).map(|above| self.pairs[above]);
        let name = name.filter(|above| self.is_null(above.value));
        let problem = self.duplicate(self.pairs[from].key, self.twice[0].first);
        let (Some(KeyValue { key: name, .. }), Some(owner)) = (name, self.owner) else {
            let help = "if something else begins here, write its first line above this one, such as a \
                        name or `- run:`; otherwise merge the entries";
            let problems = vec![problem.help(help)];
            return Meant { problems, ..Meant::as_written(self.pairs[..from].into()) };
        };
        let written = self.name(name);
        let owner = self.name(owner);
        let message = format!("`{written}` is indented like the keys of `{owner}`");
        let help = format!("indent `{written}:` like `{owner}:`");
        let place = Place::direct(self.doc.node(name).span);
        let problems = vec![Problem { place, message, ..problem }.help(help)];
        let next = Some(Next { name, pairs: self.pairs[from..].into() });
        Meant { next, problems, ..Meant::as_written(self.pairs[..from - 1].into()) }
    }

    /// Reports a section without a value among the entries of a section, and takes the entries below it for
    /// its own.
    fn after_nested_section(self) -> Meant {
        let section = |name: &str| SECTIONS.iter().find(|(section, _)| *section == name);
        let outer = self.owner.filter(|_| self.is_section).map(|owner| self.name(owner));
        let Some(outer) = outer.filter(|outer| section(outer).is_some()) else {
            return Meant::as_written(self.pairs);
        };
        let at = self.pairs.windows(2).position(|both| {
            let name = self.name(both[0].key);
            let keys = section(name).filter(|_| name != outer).map(|(_, keys)| *keys);
            keys.is_some_and(|keys| {
                self.is_null(both[0].value) && self.has_any(both[1].value, keys)
            })
        });
        let Some(at) = at else { return Meant::as_written(self.pairs) };
        let name = self.pairs[at].key;
        let written = self.name(name);
        let message = format!("`{written}` is inside `{outer}`");
        let help = format!("indent `{written}` as deep as `{outer}`");
        let place = Place::direct(self.doc.node(name).span);
        let problems = vec![Problem::error(codes::SECTION_TYPE, place, message).help(help)];
        let next = Some(Next { name, pairs: self.pairs[at + 1..].into() });
        Meant { next, problems, ..Meant::as_written(self.pairs[..at].into()) }
    }

    fn duplicate(&self, key: Id, first: Id) -> Problem {
        let place = Place::direct(self.doc.node(key).span);
        let message = format!("found duplicate key `{}`", self.name(key));
        let problem = Problem::error(codes::DUPLICATE_KEY, place, message);
        problem.related(Place::direct(self.doc.node(first).span), "first defined here")
    }

    fn name(&self, key: Id) -> &str {
        self.doc.key_text(key).unwrap_or_default()
    }

    /// Returns the entries of two mappings.
    fn both(&self, first: Id, second: Id) -> Option<Box<[KeyValue]>> {
        let pairs = |id: Id| match &self.doc.node(id).kind {
            Kind::Map { pairs, .. } => Some(pairs),
            Kind::Scalar(..) | Kind::Seq(_) | Kind::Alias(_) | Kind::Broken => None,
        };
        let (first, second) = (pairs(first)?, pairs(second)?);
        Some(first.iter().chain(second).copied().collect())
    }

    fn is_null(&self, id: Id) -> bool {
        matches!(&self.doc.node(id).kind, Kind::Scalar(text, style)
            if scalar::resolve(self.doc.text(text), *style) == Scalar::Null)
    }

    /// Returns whether a node is a mapping with one of some keys.
    fn has_any(&self, id: Id, keys: &[&str]) -> bool {
        let Kind::Map { pairs, .. } = &self.doc.node(id).kind else { return false };
        pairs.iter().any(|pair| keys.contains(&self.name(pair.key)))
    }
}
