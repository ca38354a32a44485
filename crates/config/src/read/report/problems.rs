//! Errors and warnings, as many as are shown.

use std::collections::HashSet;

use super::{
    key::{DIAGNOSTICS, Key, key},
    misread,
    trace::Trace,
};
use crate::{
    codes::{self, Code},
    text::{
        diagnostic::{Diagnostic, Severity},
        place::Place,
        problem::Problem,
    },
};

struct Found {
    key: Key,
    diagnostic: Diagnostic,
}

/// The problems that were found, each once.
#[derive(Default)]
pub(super) struct Problems {
    found: Vec<Found>,
    /// The errors that were reported as warnings because what they are about does not run.
    softened: HashSet<Key>,
    errors: usize,
    /// Problems beyond the limit.
    hidden: usize,
}

impl Problems {
    /// Adds a problem that was not added before. Beyond the limit errors displace warnings.
    pub(super) fn add(&mut self, problem: Problem, trace: &Trace<'_>) {
        if problem.severity == Severity::Error {
            self.errors += 1;
        }
        if !self.has_room() {
            self.hidden += 1;
            // Warnings never hide an error.
            let is_warning = |found: &Found| found.diagnostic.severity == Severity::Warning;
            let Some(at) = self.found.iter().rposition(is_warning) else { return };
            if problem.severity != Severity::Error {
                return;
            }
            self.found.remove(at);
        }
        let key = key(&problem);
        let problem = misread::explained(trace.config(), problem);
        self.found.push(Found { key, diagnostic: trace.diagnostic(problem) });
    }

    /// Notes that an error is about to be added as a warning, for what it is about does not run.
    pub(super) fn note_softened(&mut self, key: Key) {
        self.softened.insert(key);
    }

    /// Removes the warning that an error was added as. Returns whether there was one: then the error is to
    /// be added.
    pub(super) fn harden(&mut self, key: &Key) -> bool {
        let was_softened = self.softened.remove(key);
        if was_softened {
            self.found.retain(|found| found.key != *key);
        }
        was_softened
    }

    /// Removes those with this code at this place.
    pub(super) fn withdraw(&mut self, code: Code, place: Place) {
        let (file, span) = (place.file, place.span);
        self.found.retain(|Found { key, .. }| (key.0, key.1, key.2) != (code.slug, file, span));
    }

    pub(super) fn errors(&self) -> usize {
        self.errors
    }

    pub(super) fn has_as_many_errors_as_are_shown(&self) -> bool {
        self.errors >= DIAGNOSTICS
    }

    /// Returns whether another one will be shown.
    pub(super) fn has_room(&self) -> bool {
        self.found.len() < DIAGNOSTICS
    }

    /// Returns the diagnostics in the order of the text, and a sentence about those that are not shown.
    pub(super) fn finish(self) -> (Vec<Diagnostic>, Option<String>) {
        // A full report ends the phases, so there may be more than what was counted.
        let is_full = self.has_as_many_errors_as_are_shown();
        let more = match self.hidden {
            0 => is_full.then(|| "there may be more problems than are shown".to_owned()),
            1 => Some("1 more problem is not shown".to_owned()),
            hidden => Some(format!("{hidden} more problems are not shown")),
        };
        let mut found: Vec<_> = self.found.into_iter().map(|found| found.diagnostic).collect();
        found.sort_by_key(|diagnostic| (diagnostic.start, diagnostic.end));
        // What a line has that cannot be seen is the cause of several problems, and is said once.
        found.dedup_by(|next, one| {
            let is_same = (one.start, &one.message) == (next.start, &next.message);
            if is_same && next.severity == Severity::Error {
                std::mem::swap(one, next);
            }
            is_same
        });
        (found, more)
    }
}

/// Makes the diagnostic that says that some are not shown, at the place of the last one that is.
pub(super) fn more_problems(message: String, last: &Diagnostic) -> Diagnostic {
    Diagnostic {
        code: codes::MORE_PROBLEMS.slug.to_owned(),
        severity: Severity::Warning,
        message,
        related: Vec::new(),
        help: Some("fix the first ones and check again".to_owned()),
        replacement: None,
        orb: None,
        jobs: Vec::new(),
        more_jobs: 0,
        ..last.clone()
    }
}
