//! Phase 2: a node and what its tags may refer to become a value.
//!
//! The [`Renderer`] is what every later phase has available: the sources, the report, the budget, and the
//! values of the pipeline. A phase reports what it finds and continues; what cannot be known becomes
//! [`Data::Unknown`], which every later phase passes over silently. So one push shows all mistakes
//! of a file, each once.

pub(crate) mod budget;
pub(crate) mod evaluate;
pub(crate) mod express;
pub(crate) mod fields;
mod foreign_tags;
pub(crate) mod logic;
mod missing_space;
mod tags;
mod variables;

use std::{collections::HashMap, ops::Range, rc::Rc};

use crate::{
    api::inputs::Inputs,
    codes,
    language::{
        data::{Data, Trail},
        pattern::{Pattern, error::PatternError},
        profile::Profile,
        version::Version,
    },
    read::{
        report::{Findings, Report},
        source::Sources,
    },
    render::{
        budget::{Budget, Resource},
        variables::Variables,
    },
    text::{
        help::Help,
        place::{Place, Span},
        problem::Problem,
    },
};

pub(crate) use variables::MisspelledParameters;

/// Whether values remember how they came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tracing {
    On,
    Off,
}

/// Renders nodes, and reports what is wrong with them.
pub(crate) struct Renderer<'d> {
    /// The sources and their trees.
    doc: &'d Sources,
    report: Report<'d>,
    profile: Profile,
    /// Version 2.1: tags, commands, executors and conditions exist.
    templates: bool,
    /// Some pipeline values may be anything.
    has_unknown_values: bool,
    variables: Variables,
    tracing: Tracing,
    budget: Budget,
    /// The budget's end was reported.
    exhausted: bool,
    /// Compiled regular expressions, for matrices repeat them.
    patterns: HashMap<String, Result<Rc<Pattern>, PatternError>>,
    /// Of the scalar that is being rendered.
    trails: Vec<Rc<Trail>>,
}

impl<'d> Renderer<'d> {
    pub(crate) fn new(sources: &'d Sources, inputs: &Inputs, tracing: Tracing) -> Self {
        Self {
            doc: sources,
            report: Report::new(sources),
            profile: inputs.profile,
            templates: true,
            has_unknown_values: !inputs.unknown_values.is_empty(),
            variables: Variables::new(inputs),
            tracing,
            budget: Budget::default(),
            exhausted: false,
            patterns: HashMap::new(),
            trails: Vec::new(),
        }
    }

    /// Returns the sources and their trees.
    pub(crate) fn doc(&self) -> &'d Sources {
        self.doc
    }

    /// Returns the report, to add to it.
    pub(crate) fn report(&mut self) -> &mut Report<'d> {
        &mut self.report
    }

    /// Returns what was reported so far.
    pub(crate) fn found(&self) -> &Report<'d> {
        &self.report
    }

    /// Returns what was reported.
    pub(crate) fn finish(self) -> Findings {
        self.report.finish()
    }

    pub(crate) fn profile(&self) -> Profile {
        self.profile
    }

    /// Returns whether tags, commands, executors and conditions exist, as in version 2.1.
    pub(crate) fn has_templates(&self) -> bool {
        self.templates
    }

    /// Returns whether some pipeline values are unknown, so that a condition may be undecided without a mistake.
    pub(crate) fn has_unknown_values(&self) -> bool {
        self.has_unknown_values
    }

    /// Notes which version the configuration has.
    pub(crate) fn set_version(&mut self, version: Version) {
        self.templates = version == Version::V2_1;
    }

    /// Adds the parameters of the pipeline to its values, by `parameters.NAME`.
    pub(crate) fn bind_pipeline_parameters(&mut self, parameters: Vec<(String, Data)>) {
        self.variables.bind(parameters);
    }

    /// Notes a section that was probably meant as that of the pipeline's parameters.
    pub(crate) fn note_misspelled_parameters(&mut self, section: MisspelledParameters) {
        self.variables.note_misspelled(section);
    }

    /// Notes that the pipeline's parameters cannot be read, which was reported.
    pub(crate) fn note_unreadable_parameters(&mut self) {
        self.variables.note_unreadable();
    }

    /// Returns whether values remember how they came to be.
    pub(crate) fn is_tracing(&self) -> bool {
        self.tracing == Tracing::On
    }

    /// Compiles a regular expression, once.
    pub(crate) fn pattern(&mut self, source: &str) -> Result<Rc<Pattern>, PatternError> {
        const VISITS: usize = 30_000;
        if !self.patterns.contains_key(source) && !self.budget.take(Resource::Visits, VISITS) {
            return Err(PatternError::whole("there are too many patterns"));
        }
        let compiled = self.patterns.entry(source.to_owned()).or_insert_with(|| {
            let pattern = Pattern::new(source, self.profile);
            pattern.map(Rc::new)
        });
        compiled.clone()
    }

    /// Reports that the section of the pipeline's parameters is misspelled, if one of them was looked up:
    /// one mistake, however often it is met.
    pub(crate) fn report_misspelled_parameters(&mut self) {
        let Some(section) = self.variables.take_missed() else { return };
        self.report.withdraw(codes::UNKNOWN_SECTION, section.key);
        let message = format!(
            "the pipeline's parameters are declared under `{}`, which is ignored",
            section.name
        );
        let problem = Problem::error(codes::UNKNOWN_PIPELINE_VALUE, section.key, message);
        self.report.add(problem.help(Help::did_you_mean("parameters")));
    }

    /// Draws from the budget; reports once when it is used up. A full report ends everything too:
    /// what comes after it is not read.
    pub(crate) fn afford(&mut self, what: Resource, amount: usize, place: Place) -> bool {
        if self.report.is_full() {
            return false;
        }
        let enough = self.budget.take(what, amount);
        if !enough && !self.exhausted {
            self.exhausted = true;
            let message = "the configuration exceeds the expansion limit";
            let help = "use fewer nested commands or aliases, or a smaller matrix";
            self.report.add(Problem::error(codes::EXPANDS_TOO_FAR, place, message).help(help));
        }
        enough
    }

    /// Finds a part of a scalar in the source, if the source has the scalar's text as it is, or with other
    /// spaces and line breaks between its words.
    pub(crate) fn within(&self, place: Place, text: &str, part: &Range<usize>) -> Place {
        let span = place.span;
        let source = self.doc.file(place.file).text.get(span.start()..span.end()).unwrap_or("");
        let part = match source.find(text) {
            Some(offset) => Some(offset + part.start..offset + part.end.max(part.start + 1)),
            None => across_lines(source, text, part),
        };
        let Some(part) = part else { return place };
        let (start, end) = (span.start() + part.start, span.start() + part.end);
        place.with_span(Span::new(start, end.min(span.end())))
    }
}

/// Finds a part of a text in a source that has the same characters, spaces and line breaks aside, after
/// whatever begins the scalar.
fn across_lines(source: &str, text: &str, part: &Range<usize>) -> Option<Range<usize>> {
    // A block begins in the line after its sign.
    let header = source.starts_with(['|', '>']).then(|| source.find('\n')).flatten();
    let begin = header.unwrap_or_else(|| usize::from(source.starts_with(['"', '\''])));
    let visible = |(_, c): &(usize, char)| !c.is_whitespace();
    let mut signs = source.get(begin..)?.char_indices().filter(visible);
    let mut found: Option<Range<usize>> = None;
    for (at, c) in text.char_indices().filter(visible) {
        if at >= part.end && found.is_some() {
            break;
        }
        let (place, sign) = signs.next()?;
        if sign != c {
            return None;
        }
        if at >= part.start {
            let (start, end) = (begin + place, begin + place + c.len_utf8());
            found = Some(found.map_or(start, |found| found.start)..end);
        }
    }
    found
}
