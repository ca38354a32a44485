//! Collects what the phases find, each thing once, in the order of the text.
//!
//! A definition is compiled once per use, so the same mistake is met many times; it is reported once.
//! What is wrong inside of an orb is reported where the configuration uses the orb, with the orb's
//! place next to it.
//!
//! ```text
//! trace        what is being compiled: where a problem is for people
//! problems     errors and warnings, as many as are shown
//! unsupported  what this release cannot run, and which jobs have it
//! ```

mod key;
mod misread;
mod problems;
mod trace;
mod unsupported;

use std::{collections::HashSet, rc::Rc};

use crate::{
    codes::Code,
    read::{
        report::{
            key::{Key, key},
            problems::Problems,
            trace::Trace,
            unsupported::Unsupported,
        },
        source::Sources,
    },
    text::{
        diagnostic::{Diagnostic, Severity},
        place::{FileId, Place, Span},
        problem::Problem,
    },
};

pub(crate) use trace::Frame;
pub(crate) use unsupported::{Features, Unplanned};

/// How errors count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// As errors.
    Strict,
    /// As warnings, for they are about something that does not run.
    Lenient,
}

/// What was reported, in the order of the text.
pub(crate) struct Findings {
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// What this release cannot run.
    pub(crate) unsupported: Vec<Diagnostic>,
}

/// Everything that was found so far.
pub(crate) struct Report<'d> {
    trace: Trace<'d>,
    problems: Problems,
    unsupported: Unsupported,
    seen: HashSet<Key>,
    /// Where each code was reported, for [`Self::is_reported`].
    seen_at: HashSet<(&'static str, FileId, Span)>,
    /// Names of the configuration that misspelled ones were probably meant as.
    meant: HashSet<String>,
    strictness: Strictness,
}

impl<'d> Report<'d> {
    pub(crate) fn new(sources: &'d Sources) -> Self {
        Self {
            trace: Trace::new(sources),
            problems: Problems::default(),
            unsupported: Unsupported::default(),
            seen: HashSet::new(),
            seen_at: HashSet::new(),
            meant: HashSet::new(),
            strictness: Strictness::Strict,
        }
    }

    /// Enters something that is compiled; whatever is added until [`Self::leave`] is about it.
    pub(crate) fn enter(&mut self, what: &Rc<str>, place: Place) {
        self.trace.enter(what, place);
    }

    pub(crate) fn leave(&mut self) {
        self.trace.leave();
    }

    /// Returns what is being compiled, outermost first.
    pub(crate) fn frames(&self) -> &[Frame] {
        self.trace.frames()
    }

    /// Sets how errors count from here on. Returns how they did before.
    pub(crate) fn set_strictness(&mut self, strictness: Strictness) -> Strictness {
        std::mem::replace(&mut self.strictness, strictness)
    }

    /// Returns how errors count.
    pub(crate) fn strictness(&self) -> Strictness {
        self.strictness
    }

    /// Returns whether errors count as warnings.
    pub(crate) fn is_lenient(&self) -> bool {
        self.strictness == Strictness::Lenient
    }

    /// Adds a problem, unless the same was reported already.
    pub(crate) fn add(&mut self, mut problem: Problem) {
        let softened = self.is_lenient() && problem.severity == Severity::Error;
        if softened {
            problem.severity = Severity::Warning;
        }
        if !self.note_new(&problem) {
            // What is a warning where it does not run is an error where it does.
            if problem.severity != Severity::Error || !self.problems.harden(&key(&problem)) {
                return;
            }
        } else if softened {
            self.problems.note_softened(key(&problem));
        }
        self.note_meant(&problem);
        self.problems.add(problem, &self.trace);
    }

    /// Removes the diagnostics with this code at this place, for an error says the same.
    pub(crate) fn withdraw(&mut self, code: Code, place: Place) {
        self.problems.withdraw(code, place);
    }

    /// Notes which name was meant, and which orb's alias is in it.
    fn note_meant(&mut self, problem: &Problem) {
        let replacement = problem.help.as_ref().and_then(|help| help.replacement.as_deref());
        let Some(name) = replacement.filter(|_| problem.place.file == FileId::CONFIG) else {
            return;
        };
        self.meant.extend(name.split_once('/').map(|(alias, _)| alias.to_owned()));
        self.meant.insert(name.to_owned());
    }

    /// Returns whether a misspelled name was probably meant as this one: then nothing is wrong
    /// with it not being used.
    pub(crate) fn is_meant(&self, name: &str) -> bool {
        self.meant.contains(name)
    }

    /// Adds something that is right and that this release cannot run.
    pub(crate) fn add_unsupported(&mut self, problem: Problem) {
        if self.is_lenient() {
            return;
        }
        let key = key(&problem);
        if !self.unsupported.meet_again(&key) && self.note_new(&problem) {
            self.unsupported.add(key, problem, &self.trace);
        }
    }

    /// Returns what this release cannot run.
    pub(crate) fn unsupported(&mut self) -> &mut Unsupported {
        &mut self.unsupported
    }

    /// Returns whether something of this kind was reported about a place.
    pub(crate) fn is_reported(&self, code: Code, place: Place) -> bool {
        self.seen_at.contains(&(code.slug, place.file, place.span))
    }

    /// Notes that a problem was reported. Returns whether it is the first time.
    fn note_new(&mut self, problem: &Problem) -> bool {
        let Place { file, span, .. } = problem.place;
        self.seen_at.insert((problem.code.slug, file, span));
        self.seen.insert(key(problem))
    }

    /// Returns how many errors there are; a phase compares before and after.
    pub(crate) fn errors(&self) -> usize {
        self.problems.errors()
    }

    /// Returns whether there are as many errors as are shown. Nothing more is compiled then. However
    /// many warnings there are, they end nothing: the plan must be whole.
    pub(crate) fn is_full(&self) -> bool {
        self.problems.has_as_many_errors_as_are_shown()
    }

    /// Returns whether an error that is added now will be shown, so that looking for help is worth it.
    pub(crate) fn shows_more(&self) -> bool {
        if self.is_lenient() { self.problems.has_room() } else { !self.is_full() }
    }

    /// Returns the line of a place in the configuration, counted from 1; for a place in an orb, the
    /// line that uses the orb.
    pub(crate) fn line(&self, place: Place) -> u32 {
        self.trace.line(place)
    }

    /// Returns the diagnostics in the order of the text, and what cannot be run.
    pub(crate) fn finish(self) -> Findings {
        let (mut diagnostics, more) = self.problems.finish();
        let (unsupported, more_unsupported) = self.unsupported.finish();
        let last = diagnostics.last().or(unsupported.last()).cloned();
        let notes = more.into_iter().chain(more_unsupported);
        for (message, last) in notes.zip(last.iter().cycle()) {
            diagnostics.push(problems::more_problems(message, last));
        }
        Findings { diagnostics, unsupported }
    }
}

#[cfg(test)]
mod tests;
