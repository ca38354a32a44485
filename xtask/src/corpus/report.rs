//! The results of all files, as a table and as JSON.

use std::{fmt::Write as _, time::Duration};

use anyhow::Result;
use serde::Serialize;

/// The result of one file.
#[derive(Serialize)]
pub(crate) struct Line {
    pub(crate) file: String,
    pub(crate) outcome: Outcome,
    /// Slugs of its errors, those about missing orbs left out.
    pub(crate) codes: Vec<String>,
    /// Orbs that are missing.
    pub(crate) missing: Vec<String>,
    pub(crate) lines: usize,
    /// In seconds, for machines.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub(crate) took: Duration,
    /// What is not as expected.
    pub(crate) problems: Vec<String>,
}

/// The kind of a result.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    Compiled,
    MissingOrb,
    RightlyRejected,
    Rejected,
}

const OUTCOMES: [(Outcome, &str); 4] = [
    (Outcome::Compiled, "compiled"),
    (Outcome::MissingOrb, "missing orb"),
    (Outcome::RightlyRejected, "rightly rejected"),
    (Outcome::Rejected, "REJECTED"),
];

#[derive(Serialize)]
struct Document<'a> {
    files: &'a [Line],
    compiled: usize,
    missing_orb: usize,
    rightly_rejected: usize,
    rejected: usize,
}

/// Everything, for machines.
pub(crate) fn json(lines: &[Line]) -> Result<String> {
    let document = Document {
        files: lines,
        compiled: count(lines, Outcome::Compiled),
        missing_orb: count(lines, Outcome::MissingOrb),
        rightly_rejected: count(lines, Outcome::RightlyRejected),
        rejected: count(lines, Outcome::Rejected),
    };
    Ok(serde_json::to_string_pretty(&document)?)
}

/// A line for each file, and the sums.
pub(crate) fn table(lines: &[Line]) -> String {
    let width = lines.iter().map(|line| line.file.len()).max().unwrap_or(0);
    let mut text = String::new();
    for line in lines {
        let outcome = name(line.outcome);
        let why = [line.codes.as_slice(), &line.missing].concat().join(" ");
        let milliseconds = line.took.as_secs_f64() * 1000.0;
        // Writing to a string cannot fail.
        let _infallible = writeln!(
            text,
            "{:<width$}  {outcome:<16}  {:>5} lines  {milliseconds:>7.2} ms  {why}",
            line.file, line.lines
        );
    }
    let sums = OUTCOMES.map(|(outcome, name)| format!("{} {name}", count(lines, outcome)));
    let _infallible = writeln!(text, "\n{} files: {}", lines.len(), sums.join(", "));
    let mut times: Vec<Duration> = lines.iter().map(|line| line.took).collect();
    times.sort_unstable();
    let share = |percent: usize| {
        let at = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        times.get(at).copied().unwrap_or_default().as_secs_f64() * 1000.0
    };
    let build = if cfg!(debug_assertions) { " (a debug build)" } else { "" };
    let _infallible = writeln!(
        text,
        "one compilation, orbs already parsed: p50 {:.2} ms, p99 {:.2} ms, most {:.2} ms{build}",
        share(50),
        share(99),
        share(100)
    );
    text
}

fn name(outcome: Outcome) -> &'static str {
    OUTCOMES.iter().find(|(other, _)| *other == outcome).map_or("", |(_, name)| name)
}

fn count(lines: &[Line], outcome: Outcome) -> usize {
    lines.iter().filter(|line| line.outcome == outcome).count()
}

fn seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}
