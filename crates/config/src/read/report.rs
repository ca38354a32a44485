//! Collects what the phases find, each thing once, in the order of the text.
//!
//! A definition is compiled once per use, so the same mistake is met many times; it is reported once.
//! What is wrong inside of an orb is reported where the configuration uses the orb, with the orb's
//! place next to it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    ops::Range,
    rc::Rc,
};

use roundel_model::{limits, text::cut};

use crate::{
    codes::{self, Code},
    read::source::Sources,
    text::{
        diagnostic::{Diagnostic, JobOfPlan, Related, Severity},
        lines::Position,
        place::{FileId, Place, Span},
        problem::Problem,
    },
};

/// Diagnostics that one compilation returns at most. More are not read, and a damaged file of
/// 1 MiB must not fill the database.
const DIAGNOSTICS: usize = 200;

/// Characters of a sentence or a path of a diagnostic at most: a name in it may be as long as a file, and
/// each of the diagnostics may repeat it.
const SENTENCE_CHARS: usize = 4_000;

/// Bytes of the longest name of a job or workflow that a diagnostic repeats.
const JOB_NAME_BYTES: usize = 1_000;

fn shortened(text: &str) -> String {
    cut(text, SENTENCE_CHARS).into_owned()
}

/// Something that is being compiled: a workflow, a job, a command.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// "command `upload`".
    pub(crate) what: Rc<str>,
    pub(crate) place: Place,
}

/// How errors count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// As errors.
    Strict,
    /// As warnings, for they are about something that does not run.
    Lenient,
}

/// What makes two problems the same.
type Key = (&'static str, FileId, Span, String);

fn key(problem: &Problem) -> Key {
    let Place { file, span, .. } = problem.place;
    (problem.code.slug, file, span, problem.message.clone())
}

struct Found {
    key: Key,
    diagnostic: Diagnostic,
}

/// What a report comes to, in the order of the text.
pub(crate) struct Findings {
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// What this release cannot run.
    pub(crate) unsupported: Vec<Diagnostic>,
}

/// What happens to what is not supported in jobs that are not in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unplanned {
    /// It stays, as a warning: the plan is that of no branch in particular.
    Kept,
    /// It goes: the plan is that of one branch or tag.
    Dropped,
}

/// Everything that was found so far.
pub(crate) struct Report<'d> {
    sources: &'d Sources,
    found: Vec<Found>,
    /// What this release cannot run.
    unsupported: Vec<Diagnostic>,
    /// Where each is in `unsupported`.
    unsupported_at: HashMap<Key, usize>,
    /// Indexes into `unsupported` for the job that is being compiled.
    in_current_job: BTreeSet<usize>,
    /// Indexes into `unsupported` of what jobs use.
    in_jobs: BTreeSet<usize>,
    /// Indexes into `unsupported` of what belongs to no job: the configuration, a workflow.
    outside_jobs: BTreeSet<usize>,
    seen: HashSet<Key>,
    /// Where each code was reported, for [`Self::is_reported`].
    seen_at: HashSet<(&'static str, FileId, Span)>,
    /// Names of the configuration that misspelled ones were probably meant as.
    meant: HashSet<String>,
    /// The errors that were reported as warnings because what they are about does not run.
    softened: HashSet<Key>,
    errors: usize,
    /// Problems beyond the limit.
    hidden: usize,
    /// Unsupported features beyond the limit, by the index of the first of their kind.
    hidden_unsupported: BTreeMap<usize, usize>,
    /// The things that are being compiled, outermost first.
    frames: Vec<Frame>,
    strictness: Strictness,
}

impl<'d> Report<'d> {
    pub(crate) fn new(sources: &'d Sources) -> Self {
        Self {
            sources,
            found: Vec::new(),
            unsupported: Vec::new(),
            unsupported_at: HashMap::new(),
            in_current_job: BTreeSet::new(),
            in_jobs: BTreeSet::new(),
            outside_jobs: BTreeSet::new(),
            seen: HashSet::new(),
            seen_at: HashSet::new(),
            meant: HashSet::new(),
            softened: HashSet::new(),
            errors: 0,
            hidden: 0,
            hidden_unsupported: BTreeMap::new(),
            frames: Vec::new(),
            strictness: Strictness::Strict,
        }
    }

    /// Enters something that is compiled; whatever is added until [`Self::leave`] is about it.
    pub(crate) fn enter(&mut self, what: &Rc<str>, place: Place) {
        self.frames.push(Frame { what: what.clone(), place });
    }

    pub(crate) fn leave(&mut self) {
        self.frames.pop();
    }

    /// Returns what is being compiled, outermost first.
    pub(crate) fn frames(&self) -> &[Frame] {
        &self.frames
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
            if problem.severity != Severity::Error || !self.softened.remove(&key(&problem)) {
                return;
            }
            let key = key(&problem);
            self.found.retain(|found| found.key != key);
        } else if softened {
            self.softened.insert(key(&problem));
        }
        if problem.severity == Severity::Error {
            self.errors += 1;
        }
        self.note_meant(&problem);
        if self.found.len() >= DIAGNOSTICS {
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
        self.found.push(Found { key, diagnostic: self.diagnostic(problem) });
    }

    /// Removes the diagnostics with this code at this place, for an error says the same.
    pub(crate) fn withdraw(&mut self, code: Code, place: Place) {
        let (file, span) = (place.file, place.span);
        self.found.retain(|Found { key, .. }| (key.0, key.1, key.2) != (code.slug, file, span));
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
        if let Some(&at) = self.unsupported_at.get(&key) {
            self.in_current_job.insert(at);
        } else if self.note_new(&problem) {
            // Which kinds there are decides what the server does with the configuration: one of each stays.
            let is_known = |found: &Diagnostic| found.code == problem.code.slug;
            let known = self.unsupported.iter().position(is_known);
            if let Some(known) = known.filter(|_| self.unsupported.len() >= DIAGNOSTICS) {
                *self.hidden_unsupported.entry(known).or_default() += 1;
                // The first of its kind refuses the jobs that have this one.
                if problem.severity == Severity::Error {
                    self.unsupported_at.insert(key, known);
                    self.in_current_job.insert(known);
                }
                return;
            }
            let at = self.unsupported.len();
            self.unsupported_at.insert(key, at);
            self.in_current_job.insert(at);
            let diagnostic = self.diagnostic(problem);
            self.unsupported.push(diagnostic);
        }
    }

    /// Begins a job, or what belongs to several. What is not supported and was found before belongs
    /// to no job.
    pub(crate) fn begin_job(&mut self) {
        self.outside_jobs.append(&mut self.in_current_job);
    }

    /// Returns the indexes of the unsupported features that were found since [`Self::begin_job`], for
    /// [`Self::used_by`] once the job has its name.
    pub(crate) fn end_job(&mut self) -> BTreeSet<usize> {
        let found = std::mem::take(&mut self.in_current_job);
        self.in_jobs.extend(&found);
        found
    }

    /// Notes that a job that some push runs has what [`Self::end_job`] returned for it.
    pub(crate) fn may_be_used(&mut self, met: &BTreeSet<usize>) {
        self.outside_jobs.extend(met);
    }

    /// Notes that a job of the plan has what [`Self::end_job`] returned for it. To be
    /// called once for each job.
    pub(crate) fn used_by(&mut self, met: &BTreeSet<usize>, workflow: &str, job: &str) {
        // Each of many features would repeat the name of each of its jobs.
        let is_named = workflow.len() <= JOB_NAME_BYTES && job.len() <= JOB_NAME_BYTES;
        for &at in met {
            let Some(found) = self.unsupported.get_mut(at) else { continue };
            if is_named && found.jobs.len() < limits::JOBS_PER_DIAGNOSTIC {
                let (workflow, job) = (workflow.to_owned(), job.to_owned());
                found.jobs.push(JobOfPlan { workflow, job });
            } else {
                found.more_jobs += 1;
            }
        }
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

    fn diagnostic(&self, problem: Problem) -> Diagnostic {
        let Problem { code, severity, place: at, mut message, help, related } = problem;
        let mut place = at;
        let (mut orb, mut own) = (None, None);
        if at.file != FileId::CONFIG {
            // The reader can change the configuration, not the orb.
            let user = self.frames.iter().rev().find(|frame| frame.place.file == FileId::CONFIG);
            place = user.map_or_else(Place::default, |frame| frame.place);
            let name = &self.sources.file(at.file).name;
            message = Diagnostic::message_in_orb(name, &message);
            orb = Some(name.clone());
            own = Some((at, "here in the orb".to_owned()));
        }
        let config = self.sources.file(FileId::CONFIG);
        let Range { start, end } = config.lines().trim(place.span);
        let Position { line, column } = config.lines().position(start);
        let via =
            place.via.map(|span| (place.with_span(span), "reached through this alias".to_owned()));
        let related = own.into_iter().chain(related).chain(via);
        Diagnostic {
            code: code.slug.to_owned(),
            severity,
            message: shortened(&message),
            path: config.name.clone(),
            start,
            end,
            line,
            column,
            at: shortened(&config.doc.path_at(start)),
            via: self.frames.iter().map(|frame| shortened(&frame.what)).collect(),
            related: related.map(|(place, text)| self.related(place, &text)).collect(),
            help: help.as_ref().map(|help| shortened(&help.text)),
            // What is underlined is not the orb's text.
            replacement: help
                .filter(|_| orb.is_none())
                .and_then(|help| help.replacement)
                .filter(|text| text.len() <= SENTENCE_CHARS),
            orb,
            jobs: Vec::new(),
            more_jobs: 0,
        }
    }

    fn related(&self, place: Place, text: &str) -> Related {
        let source = self.sources.file(place.file);
        let Range { start, end } = source.lines().trim(place.span);
        let Position { line, column } = source.lines().position(start);
        let path = (place.file != FileId::CONFIG).then(|| source.name.clone());
        Related { path, start, end, line, column, text: shortened(text) }
    }

    /// Returns how many errors there are; a phase compares before and after.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// Returns whether there are as many errors as are shown. Nothing more is compiled then. However
    /// many warnings there are, they end nothing: the plan must be whole.
    pub(crate) fn is_full(&self) -> bool {
        self.errors >= DIAGNOSTICS
    }

    /// Returns whether an error that is added now will be shown, so that looking for help is worth it.
    pub(crate) fn shows_more(&self) -> bool {
        if self.is_lenient() { self.found.len() < DIAGNOSTICS } else { !self.is_full() }
    }

    /// Returns the line of a place in the configuration, counted from 1; for a place in an orb, the
    /// line that uses the orb.
    pub(crate) fn line(&self, place: Place) -> u32 {
        let here = std::iter::once(place).chain(self.frames.iter().rev().map(|frame| frame.place));
        let place = here.into_iter().find(|place| place.file == FileId::CONFIG);
        let lines = self.sources.file(FileId::CONFIG).lines();
        lines.line(lines.trim(place.unwrap_or_default().span).start)
    }

    /// Drops or softens unsupported features that occur only in jobs outside the plan: what does not
    /// run refuses nothing. To be called once every job of the plan was [noted](Self::used_by).
    pub(crate) fn settle_unplanned(&mut self, unplanned: Unplanned) {
        let mut at = 0..;
        let (in_jobs, outside) = (&self.in_jobs, &self.outside_jobs);
        let hidden = &mut self.hidden_unsupported;
        self.unsupported.retain_mut(|found| {
            let Some(at) = at.next() else { return true };
            let has_jobs = !found.jobs.is_empty() || found.more_jobs > 0;
            if has_jobs || outside.contains(&at) || !in_jobs.contains(&at) {
                return true;
            }
            found.severity = Severity::Warning;
            let stays = unplanned == Unplanned::Kept;
            if !stays {
                hidden.remove(&at);
            }
            stays
        });
    }

    /// Returns the diagnostics in the order of the text, and what cannot be run.
    pub(crate) fn finish(mut self) -> Findings {
        let mut found: Vec<_> = self.found.into_iter().map(|found| found.diagnostic).collect();
        found.sort_by_key(|diagnostic| (diagnostic.start, diagnostic.end));
        self.unsupported.sort_by_key(|diagnostic| (diagnostic.start, diagnostic.end));
        // A full report ends the phases, so there may be more than what was counted.
        let is_full = self.errors >= DIAGNOSTICS;
        let problems = match self.hidden {
            0 => is_full.then(|| "there may be more problems than are shown".to_owned()),
            1 => Some("1 more problem is not shown".to_owned()),
            hidden => Some(format!("{hidden} more problems are not shown")),
        };
        let unsupported = match self.hidden_unsupported.values().sum::<usize>() {
            0 => None,
            1 => Some("1 more place with what is not supported is not shown".to_owned()),
            hidden => {
                Some(format!("{hidden} more places with what is not supported are not shown"))
            }
        };
        let last = found.last().or(self.unsupported.last()).cloned();
        for (message, last) in problems.into_iter().chain(unsupported).zip(last.iter().cycle()) {
            found.push(Diagnostic {
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
            });
        }
        Findings { diagnostics: found, unsupported: self.unsupported }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{codes, read::source::Source};

    fn sources(text: &str) -> Sources {
        Sources::new(Source::parse("c.yml", text.into()))
    }

    #[test]
    fn the_same_mistake_is_reported_once_and_places_stay_in_the_text() {
        let sources = sources("version: 2.1\njobs: []\n");
        let mut report = Report::new(&sources);
        for _ in 0..3 {
            let place = Place::direct(Span::new(19, 21));
            report.add(Problem::error(codes::SECTION_TYPE, place, "jobs is a list"));
        }
        let start = Place::direct(Span::new(0, 7));
        report.add(Problem::warning(codes::DEPRECATED, start, "old"));
        assert_eq!(report.errors(), 1);
        let found = report.finish().diagnostics;
        assert_eq!(found.iter().map(|d| (d.line, d.column)).collect::<Vec<_>>(), [(1, 1), (2, 7)]);
    }

    /// Two hundred errors in a job with a name of a megabyte would be more than the database takes.
    #[test]
    fn what_quotes_a_name_as_long_as_a_file_is_cut() {
        let name = "x".repeat(100_000);
        let sources = sources(&format!("? {name}\n: 1\n"));
        let mut report = Report::new(&sources);
        report.enter(&Rc::from(&*name), Place::default());
        let place = Place::direct(Span::new(name.len() + 5, name.len() + 6));
        let problem = Problem::error(codes::SECTION_TYPE, place, name.clone()).help(name.clone());
        report.add(problem.related(place, name.clone()));
        let found = report.finish().diagnostics.remove(0);
        let Diagnostic { message, help, at, via, related, .. } = found;
        for text in [message, help.unwrap(), at, via[0].clone(), related[0].text.clone()] {
            assert_eq!(text.chars().count(), SENTENCE_CHARS + 1);
        }
    }

    #[test]
    fn what_does_not_run_here_and_runs_there_is_an_error() {
        let sources = sources("version: 2.1\n");
        let mut report = Report::new(&sources);
        let problem = || Problem::error(codes::SECTION_TYPE, Place::default(), "wrong");
        let before = report.set_strictness(Strictness::Lenient);
        report.add(problem());
        report.set_strictness(before);
        assert_eq!(report.errors(), 0);
        report.add(problem());
        report.set_strictness(Strictness::Lenient);
        report.add(problem());
        assert_eq!(report.errors(), 1);
        let found = report.finish().diagnostics;
        assert_eq!(found.iter().map(|d| d.severity).collect::<Vec<_>>(), [Severity::Error]);
    }

    #[test]
    fn a_flood_of_mistakes_ends() {
        let text = "x".repeat(9_000);
        let sources = sources(&text);
        let mut report = Report::new(&sources);
        for at in 0..9_000 {
            let place = Place::direct(Span::new(at, at + 1));
            report.add(Problem::error(codes::UNKNOWN_KEY, place, "x"));
        }
        assert_eq!(report.errors(), 9_000);
        let found = report.finish().diagnostics;
        assert_eq!(found.len(), DIAGNOSTICS + 1);
        assert_eq!(found[DIAGNOSTICS].message, "8800 more problems are not shown");
    }

    #[test]
    fn a_flood_of_warnings_ends_nothing_and_hides_no_error() {
        let text = "x".repeat(900);
        let sources = sources(&text);
        let mut report = Report::new(&sources);
        let place = |at| Place::direct(Span::new(at, at + 1));
        for at in 0..800 {
            report.add(Problem::warning(codes::DEPRECATED, place(at), "x"));
            report.add_unsupported(Problem::unsupported(
                codes::UNSUPPORTED_CONTEXT,
                place(at),
                "x",
            ));
        }
        assert!(!report.is_full());
        report.add(Problem::error(codes::UNKNOWN_KEY, place(850), "wrong"));
        report.add_unsupported(Problem::unsupported(codes::UNSUPPORTED_SETUP, place(860), "setup"));
        let Findings { diagnostics: found, unsupported } = report.finish();
        let errors = |found: &[Diagnostic]| {
            let is_error = |one: &&Diagnostic| one.severity == Severity::Error;
            found.iter().filter(is_error).map(|one| one.message.clone()).collect::<Vec<_>>()
        };
        assert_eq!(
            (errors(&found), errors(&unsupported)),
            (vec!["wrong".into()], vec!["setup".into()])
        );
        let last: Vec<&str> = found[DIAGNOSTICS..].iter().map(|one| one.message.as_str()).collect();
        assert_eq!(
            last,
            [
                "601 more problems are not shown",
                "600 more places with what is not supported are not shown"
            ]
        );
    }
}
