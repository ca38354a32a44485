//! Orbs: packages of commands, executors and jobs that a configuration names (CFG §4.13).
//!
//! The compiler reads no file and asks no server. It is given an [`OrbSet`] with what was
//! already found, and lists in [`crate::Compiled::unresolved_orbs`] what it misses. So a caller compiles,
//! looks for what is wanted wherever orbs are kept, adds it (or the reason why it is not available)
//! and compiles again, until nothing is wanted; `compile_with_orbs` is that loop for callers that need not
//! wait.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

pub use crate::language::orb_reference::{OrbReference, OrbVersion, ReferenceError};
use crate::read::source::Source;

/// One version of an orb, as it was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orb {
    /// `namespace/name`; the address, for an orb from a URL.
    pub name: String,
    /// The exact version: `1.4.2`, `dev:mine`; empty for an orb from a URL.
    pub version: String,
    /// The place where it was found, for people: a file, `this instance`, a registry's address.
    pub origin: String,
    /// Its packed source.
    pub text: Arc<str>,
    /// Lower-case hex SHA-256 of the source, for lock files.
    pub digest: String,
    /// A note for its users: that it is a stand-in for another version.
    pub notice: Option<String>,
}

/// The result of resolving a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// It is this orb.
    Found(Arc<Orb>),
    /// It was looked for and not found.
    Missing(Missing),
}

/// Why an orb is not available.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// The places where it was looked for, each a phrase: "the directory `orbs`", "the orbs of `acme`".
    pub looked_in: Vec<String>,
    /// Versions that do exist, best first, if the orb itself is known.
    pub versions: Vec<String>,
    /// The error on the way, if that is the reason: "the registry did not answer in 10 s".
    pub error: Option<String>,
    /// Advice on how to provide it, where the place that was asked has some.
    pub help: Option<String>,
}

/// The orbs that configurations name, as far as they are known. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct OrbSet {
    known: HashMap<String, Resolution>,
    /// Parsed sources by name and digest, for the next compilation.
    parsed: Arc<Mutex<Parsed>>,
}

type Parsed = HashMap<(String, String), Arc<Source>>;

/// Parsed orbs that a set keeps.
const PARSED: usize = 500;

impl OrbSet {
    /// Records what a reference stands for.
    pub fn insert(&mut self, reference: &OrbReference, resolution: Resolution) {
        self.known.insert(reference.to_string(), resolution);
    }

    /// Returns what is known about a reference.
    pub fn get(&self, reference: &OrbReference) -> Option<&Resolution> {
        self.known.get(&reference.to_string())
    }

    /// Returns the orbs that were found.
    pub fn found(&self) -> impl Iterator<Item = &Arc<Orb>> {
        self.known.values().filter_map(|resolution| match resolution {
            Resolution::Found(orb) => Some(orb),
            Resolution::Missing(_) => None,
        })
    }

    /// Parses an orb's source, or finds it parsed.
    pub(crate) fn parsed(&self, orb: &Orb, name: &str) -> Arc<Source> {
        let key = (name.to_owned(), orb.digest.clone());
        // A panic elsewhere leaves the map whole: entries are added at once.
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = parsed.get(&key).filter(|source| source.text == orb.text) {
            return source.clone();
        }
        let source = Arc::new(Source::parse(name, orb.text.clone()));
        if parsed.len() >= PARSED {
            parsed.clear();
        }
        parsed.insert(key, source.clone());
        source
    }

    /// Returns how many references are known.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Returns whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

/// An orb that a configuration imports, and what it turned out to be.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ResolvedOrb {
    /// The reference as it is written, parameters filled in: `circleci/node@5`.
    pub requested: String,
    /// The exact version that was used: `circleci/node@5.2.0`.
    pub resolved: String,
    /// Lower-case hex SHA-256 of its source.
    pub digest: String,
    /// The place where it was found, for people.
    pub origin: String,
    /// Imported by another orb, not by the configuration itself.
    pub transitive: bool,
}
