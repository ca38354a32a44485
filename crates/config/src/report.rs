//! Collects what the phases find, each thing once, in the order of the text.
//!
//! A definition is compiled once per use, so the same mistake is met many times; it is told once.

use std::collections::HashSet;

use crate::{
    Diagnostic, Severity,
    codes::{self, Code},
    source::{Lines, Place, Span},
};

/// Diagnostics that one compilation returns at most. Nobody reads more, and a damaged file of
/// 1 MiB must not fill the database.
const DIAGNOSTICS: usize = 200;

/// A mistake on its way into the report.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    code: Code,
    severity: Severity,
    place: Place,
    message: String,
    help: Option<String>,
    related: Vec<(Span, String)>,
}

impl Problem {
    /// Something that keeps the configuration from running.
    pub(crate) fn error(code: Code, place: Place, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, severity: Severity::Error, place, message, help: None, related: Vec::new() }
    }

    /// Something that runs, but perhaps not as meant.
    pub(crate) fn warning(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, place, message) }
    }

    /// Says how to mend it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says how to mend it, if somebody knows.
    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// Adds another place that belongs to it.
    pub(crate) fn related(mut self, place: Place, text: impl Into<String>) -> Self {
        self.related.push((place.span, text.into()));
        self
    }
}

/// Everything that was found so far.
pub(crate) struct Report<'t> {
    lines: Lines<'t>,
    path: String,
    found: Vec<Diagnostic>,
    seen: HashSet<(&'static str, Span, String)>,
    errors: usize,
    /// Problems beyond the limit.
    hidden: usize,
}

impl<'t> Report<'t> {
    pub(crate) fn new(text: &'t str, path: &str) -> Self {
        let path = path.to_owned();
        let lines = Lines::new(text);
        Self { lines, path, found: Vec::new(), seen: HashSet::new(), errors: 0, hidden: 0 }
    }

    /// Adds a problem, unless the same was told already.
    pub(crate) fn add(&mut self, problem: Problem) {
        let key = (problem.code.slug, problem.place.span, problem.message.clone());
        if !self.seen.insert(key) {
            return;
        }
        if problem.severity == Severity::Error {
            self.errors += 1;
        }
        if self.found.len() >= DIAGNOSTICS {
            self.hidden += 1;
            return;
        }
        let (start, end) = self.lines.trim(problem.place.span);
        let (line, column) = self.lines.position(start);
        let via = problem.place.via.map(|via| (via, "reached through this alias".to_owned()));
        let related = problem.related.into_iter().chain(via).map(|(span, text)| {
            let (start, end) = self.lines.trim(span);
            let (line, column) = self.lines.position(start);
            crate::Related { path: None, start, end, line, column, text }
        });
        self.found.push(Diagnostic {
            code: problem.code.slug.to_owned(),
            severity: problem.severity,
            message: problem.message,
            path: self.path.clone(),
            start,
            end,
            line,
            column,
            at: String::new(),
            via: Vec::new(),
            related: related.collect(),
            help: problem.help,
        });
    }

    /// Tells how many errors there are; a phase compares before and after.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// Tells whether nothing more will be shown.
    pub(crate) fn is_full(&self) -> bool {
        self.found.len() >= DIAGNOSTICS
    }

    /// Returns the line of a place, counted from 1.
    pub(crate) fn line(&self, place: Place) -> u32 {
        self.lines.position(self.lines.trim(place.span).0).0
    }

    /// Returns the diagnostics in the order of the text.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|diagnostic| (diagnostic.start, diagnostic.end));
        if let (1.., Some(last)) = (self.hidden, self.found.last().cloned()) {
            self.found.push(Diagnostic {
                code: codes::MORE_PROBLEMS.slug.to_owned(),
                severity: Severity::Warning,
                message: format!("{} more problems are not shown", self.hidden),
                related: Vec::new(),
                help: Some("mend the first ones and look again".to_owned()),
                ..last
            });
        }
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes;

    #[test]
    fn the_same_mistake_is_told_once_and_places_stay_in_the_text() {
        let mut report = Report::new("version: 2.1\njobs: []\n", "c.yml");
        for _ in 0..3 {
            let place = Place::direct(Span::new(19, 21));
            report.add(Problem::error(codes::SECTION_TYPE, place, "jobs is a list"));
        }
        let start = Place::direct(Span::new(0, 7));
        report.add(Problem::warning(codes::DEPRECATED, start, "old"));
        assert_eq!(report.errors(), 1);
        let found = report.finish();
        assert_eq!(found.iter().map(|d| (d.line, d.column)).collect::<Vec<_>>(), [(1, 1), (2, 7)]);
    }

    #[test]
    fn a_flood_of_mistakes_ends() {
        let text = "x".repeat(9_000);
        let mut report = Report::new(&text, "c.yml");
        for at in 0..9_000 {
            let place = Place::direct(Span::new(at, at + 1));
            report.add(Problem::error(codes::UNKNOWN_KEY, place, "x"));
        }
        assert_eq!(report.errors(), 9_000);
        let found = report.finish();
        assert_eq!(found.len(), DIAGNOSTICS + 1);
        assert_eq!(found[DIAGNOSTICS].message, "8800 more problems are not shown");
    }
}
