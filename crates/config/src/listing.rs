//! What this release does not run of a configuration that is right, as a list for people: on terminals,
//! and on the pages of codes.
//!
//! ```text
//! .circleci/config.yml: valid, but not supported by this release:
//!   - the `save_cache` step is not supported in this release (.circleci/config.yml:9:9)
//!     remove it: the job then works without the cache, more slowly
//! ```
//!
//! Deliberately absent: colors and line breaks, which belong to the terminal.

use std::collections::BTreeSet;

use crate::{
    api::{compiled::Compiled, support::Support},
    codes::consequence::Consequence,
    text::diagnostic::{Diagnostic, JobOfPlan, Severity},
};

/// Places that are named for one finding, and jobs; more of the same do not help.
const LINES: usize = 8;

/// What is said of a configuration whose pipeline does not start.
pub const NOT_SUPPORTED: &str = "valid, but not supported by this release";
/// What is said of one whose pipeline starts, without some of its jobs or workflows.
pub const NOT_ALL_RUNS: &str = "valid, but this release does not run all of it";

const NOT_SUPPORTED_LATER: &str =
    "  and, once the errors are fixed, not supported by this release:";
const NOT_RUN_LATER: &str = "  and, once the errors are fixed, not run by this release:";

/// Whether what has no effect is listed, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notes {
    /// It is.
    Listed,
    /// Only what keeps something from running is.
    LeftOut,
}

/// What this release does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The line before the entries, under a count of errors: they would be read as some of them.
    pub preface: Option<&'static str>,
    /// The worst first.
    pub entries: Vec<Entry>,
}

/// An entry: what is not supported, where, and what to do instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub line: String,
    pub help: Option<String>,
}

/// What this release does not support, the same at several places once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    pub message: String,
    /// The code of the diagnostics.
    pub code: String,
    pub help: Option<String>,
    /// `.circleci/config.yml:4:9`, `and 3 more`, ``job `build` of workflow `main` ``, `in the orb acme/kit@1.0.0`
    pub places: Vec<String>,
}

impl Listing {
    /// Lists what this release refuses of a configuration, and what has no effect in it.
    pub fn of(compiled: &Compiled, notes: Notes) -> Self {
        let kind = |wanted: Consequence| {
            unsupported(compiled, move |one: &Diagnostic| one.consequence() == wanted)
        };
        let of_severity = |severity| {
            let is_meant = move |one: &Diagnostic| {
                one.consequence() == Consequence::PipelineRefused && one.severity == severity
            };
            unsupported(compiled, is_meant)
        };
        let refused = of_severity(Severity::Error);
        let refusals: Vec<&Diagnostic> = compiled.refusals().map(|(_, found)| found).collect();
        let is_refusal = |one: &Diagnostic| refusals.iter().any(|found| std::ptr::eq(*found, one));
        let jobs = unsupported(compiled, is_refusal);
        let never_started = kind(Consequence::NeverStarted);
        let is_refused = !(refused.is_empty() && jobs.is_empty());
        let preface = match compiled.support() {
            Support::Invalid if is_refused => Some(NOT_SUPPORTED_LATER),
            Support::Invalid if !never_started.is_empty() => Some(NOT_RUN_LATER),
            Support::Invalid | Support::Unsupported | Support::Runs => None,
        };
        let mut entries = Vec::new();
        let mut list = |label: &str, found: Vec<Unsupported>| {
            for Unsupported { message, help, places, .. } in found {
                let line = format!("{label}{message} ({})", places.join(", "));
                entries.push(Entry { line, help });
            }
        };
        list("", refused);
        list("", never_started);
        list("", jobs);
        list("not started by a push: ", of_severity(Severity::Warning));
        match notes {
            Notes::Listed => list("no effect: ", kind(Consequence::Ignored)),
            Notes::LeftOut => {}
        }
        Self { preface, entries }
    }
}

/// Returns what this release does not support of a kind, the same at several places once, in the order
/// of the text.
pub fn unsupported(
    compiled: &Compiled,
    is_wanted: impl Fn(&Diagnostic) -> bool,
) -> Vec<Unsupported> {
    let mut groups: Vec<(&str, Vec<&Diagnostic>)> = Vec::new();
    for one in compiled.unsupported.iter().filter(|one| is_wanted(one)) {
        let message = one.message_within_orb();
        match groups.iter_mut().find(|(known, _)| *known == message) {
            Some((_, group)) => group.push(one),
            None => groups.push((message, vec![one])),
        }
    }
    let grouped = |(message, group): (&str, Vec<&Diagnostic>)| Unsupported {
        message: message.to_owned(),
        code: group.first().map(|one| one.code.clone()).unwrap_or_default(),
        help: group.first().and_then(|one| one.help.clone()),
        places: places(&group),
    };
    groups.into_iter().map(grouped).collect()
}

fn places(group: &[&Diagnostic]) -> Vec<String> {
    // As the renderer of diagnostics writes them: terminals and editors open the file there.
    let spots: BTreeSet<_> =
        group.iter().map(|one| (one.path.as_str(), one.line, one.column)).collect();
    let orbs: BTreeSet<&str> = group.iter().filter_map(|one| one.orb.as_deref()).collect();
    let mut places: Vec<String> = spots
        .iter()
        .take(LINES)
        .map(|(path, line, column)| format!("{path}:{line}:{column}"))
        .collect();
    if spots.len() > LINES {
        places.push(format!("and {} more", spots.len() - LINES));
    }
    let refused = group.iter().filter(|one| is_refusal(one));
    places.extend(jobs(&refused.copied().collect::<Vec<_>>()));
    places.extend(orbs.iter().map(|orb| format!("in the orb {orb}")));
    places
}

/// The jobs that what was found is about; the others of the plan run.
fn jobs(group: &[&Diagnostic]) -> Vec<String> {
    let mut named: Vec<&JobOfPlan> = Vec::new();
    for job in group.iter().flat_map(|one| &one.jobs) {
        if !named.contains(&job) {
            named.push(job);
        }
    }
    let name = |job: &&JobOfPlan| format!("job `{}` of workflow `{}`", job.job, job.workflow);
    let mut jobs: Vec<String> = named.iter().take(LINES).map(name).collect();
    let unnamed = group.iter().map(|one| one.more_jobs).max().unwrap_or_default();
    let left = named.len().saturating_sub(LINES) + unnamed;
    if left > 0 {
        jobs.push(format!("and {left} more jobs"));
    }
    jobs
}

fn is_refusal(found: &Diagnostic) -> bool {
    matches!(found.consequence(), Consequence::JobsRefused(_))
}
