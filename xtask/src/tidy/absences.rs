//! What is nowhere: the absences that ARCHITECTURE.md promises.
//!
//! A rule names what it forbids, where, and the few files that may all the same, each with its
//! reason. An exception that nothing needs any more fails too.

mod clock;
mod forge_calls;
mod hidden;
mod purity;
mod sql;
mod statuses;

use std::collections::BTreeSet;

use super::{
    modules::{Modules, Resolved, Target},
    source::Source,
};

/// A file, or a directory that ends with `/`, that may do what others may not, and why.
type Exception = (&'static str, &'static str);

/// Places that break a rule, `file:line: what`, and the exceptions that were needed.
#[derive(Default)]
struct Findings {
    broken: BTreeSet<String>,
    used: BTreeSet<&'static str>,
}

impl Findings {
    fn add(&mut self, source: &Source, line: usize, what: &str, exceptions: &[Exception]) {
        match exceptions.iter().find(|(place, _)| is_in(source, place)) {
            Some((place, _)) => {
                self.used.insert(place);
            }
            None => {
                self.broken.insert(format!("{}:{line}: {what}", source.path));
            }
        }
    }

    /// Lists what breaks the rule, unneeded exceptions with it.
    fn all(self, exceptions: &[Exception]) -> Vec<String> {
        let unneeded = exceptions.iter().filter(|(place, _)| !self.used.contains(place));
        let unneeded: Vec<String> =
            unneeded.map(|(place, _)| format!("{place}: this exception is not needed")).collect();
        self.broken.into_iter().chain(unneeded).collect()
    }
}

fn is_in(source: &Source, place: &str) -> bool {
    source.path == place || (place.ends_with('/') && source.path.starts_with(place))
}

/// Lists the paths that files in one of `places` name.
fn named_in<'m>(
    modules: &'m Modules<'_>,
    places: &'m [&'static str],
) -> impl Iterator<Item = Resolved<'m>> {
    modules.resolved().filter(|named| places.iter().any(|place| is_in(named.source, place)))
}

/// Returns the forbidden path that a target is, or is inside of.
fn forbidden<'f>(targets: &[Target], paths: &[&'f str]) -> Option<&'f str> {
    let leads_to = |path: &&&str| {
        let words: Vec<&str> = path.split("::").collect();
        targets.iter().any(|target| match target {
            Target::Outside(found) => {
                found.len() >= words.len() && found.iter().zip(&words).all(|(a, b)| a == b)
            }
            Target::Item { .. } | Target::Module(_) => false,
        })
    };
    paths.iter().find(leads_to).copied()
}

/// Makes files up, applies a rule to them, and returns what it finds.
fn try_on(rule: impl Fn(&Modules<'_>) -> Vec<String>, files: &[(&str, &str)]) -> Vec<String> {
    rule(&Modules::read(&super::source::sample(files)))
}
