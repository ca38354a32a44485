//! Advice that is followed to the letter must lead somewhere: the help of every code is followed, by
//! a machine where it says what to write, else by an example, and what comes of it is compiled.

mod follow;

use std::collections::BTreeSet;

use super::spec::case::{self, Case};
use crate::{
    api::compiled::Compiled,
    codes,
    page::{self, ExampleKind},
    text::diagnostic::{Diagnostic, Severity},
};

/// Codes whose right example is what their help says, applied by hand: where to
/// write something, or under which name, is for people to choose.
const RIGHT_EXAMPLES: &[&str] = &[
    "ambiguous-alias",
    "bad-executor",
    "bad-job-group",
    "bad-job-group-key",
    "bad-pipeline-parameter-type",
    "bad-regex",
    "bad-serial-group",
    "collection-in-text",
    "complex-key",
    "dependent-pipeline-parameter",
    "empty-logic",
    "empty-name",
    "expands-too-far",
    "floating-image",
    "group-name-taken",
    "job-group-repeated",
    "job-not-a-mapping",
    "job-type-needs-key",
    "look-around-regex",
    "missing-argument",
    "needs-version-2-1",
    "never-runs",
    "not-a-mapping",
    "not-in-enum",
    "not-steps",
    "nothing-to-run",
    "nulled-reference",
    "pipeline-parameter-in-orb",
    "recursion",
    "requirement-skips-tags",
    "secret-in-text",
    "serial-group-twice",
    "setup-with-several-workflows",
    "several-documents",
    "several-operators",
    "steps-missing",
    "suspicious-name",
    "swallowed-line",
    "undefined-alias",
    "unexpanded-variable",
    "unknown-job-type",
    "unknown-pipeline-parameter",
    "unknown-yaml-tag",
    "unsupported-container-program",
    "unsupported-context",
    "unsupported-registry-auth",
    "unsupported-schedule",
    "unsupported-service-container",
    "unused-job",
    "when-and-unless",
    "windows-key",
    "workflow-without-jobs",
];

/// Codes whose help nothing in a configuration can follow, and why.
const NOT_FOLLOWED: &[(&str, &str)] = &[
    ("duplicate-key", "which of the two entries is meant, only its author knows"),
    ("logic-too-deep", "only the author knows how to flatten a hundred levels"),
    ("orb-not-found", "publishing an orb, or naming a directory, changes no configuration"),
    ("orb-unreachable", "publishing an orb, or naming a directory, changes no configuration"),
    ("wrong-pipeline-parameter", "it is the request that changes, not the configuration"),
];

/// Errors that come next when a help was followed: by a part of the source's name, the code and the
/// code of the next error. They had been hidden by the first one, or are about what the help leaves
/// to people.
const NEXT: &[(&str, &str, &str)] = &[
    // Its `name` would be the second key of the step, so the whole step is rewritten by hand.
    ("A `run` with a text and a name next to it", "step-several-keys", "yaml-syntax"),
    // The condition has another operator of another language behind the first.
    ("Operators of other languages", "expression-syntax", "expression-syntax"),
    // The columns of a file that mixes tabs and spaces cannot be known.
    ("A tab before a dash", "yaml-syntax", "yaml-syntax"),
    // The help shows a matrix, and the job has parameters of other names.
    ("Mistakes in a matrix", "bad-matrix", "unknown-parameter"),
    ("Exclusions of the wrong shape", "bad-matrix", "unknown-parameter"),
    ("Exclusions of the wrong shape", "bad-matrix", "missing-argument"),
    ("Mistakes in the workflows do not hide", "bad-matrix", "unknown-parameter"),
    ("Mistakes in the workflows do not hide", "bad-matrix", "missing-argument"),
    ("A definition that is broken is not missed", "bad-parameter", "missing-argument"),
    ("A definition that is broken is not missed", "bad-parameter", "wrong-argument-type"),
    ("References that are none", "bad-orb-version", "orb-not-found"),
    ("An enum without a list", "bad-parameter", "bad-default"),
    ("A job's entry may have any argument", "unknown-parameter", "cycle"),
    // Without a branch the script is empty.
    ("An unknown value is a mistake everywhere", "expression-value", "bad-run"),
    ("An unknown value is a mistake everywhere", "unknown-pipeline-value", "bad-run"),
    ("An entry that is not a job", "wrong-section-type", "unknown-job"),
    ("Near misses of every section", "misspelled-section", "nothing-to-run"),
];

/// A configuration with its diagnostics, and how to compile another in its place.
struct Source<'s> {
    name: String,
    text: String,
    found: Vec<Diagnostic>,
    compile: Box<dyn Fn(&str) -> Compiled + 's>,
    /// Whether the case says what the configuration is after its advice was followed.
    is_followed: bool,
}

fn all(compiled: Compiled) -> Vec<Diagnostic> {
    compiled.diagnostics.into_iter().chain(compiled.unsupported).collect()
}

/// Every wrong example of the catalogue and every case of the specification.
fn sources(cases: &[Case]) -> Vec<Source<'_>> {
    let examples = codes::all().filter_map(|code| {
        let (text, compiled) = page::example(*code, ExampleKind::Wrong)?;
        Some(Source {
            name: format!("the page of {}", code.slug),
            text,
            found: all(compiled),
            compile: Box::new(|text| page::compile_like(*code, text)),
            is_followed: false,
        })
    });
    let cases = cases.iter().flat_map(|case| {
        case.parts.iter().map(move |part| Source {
            name: format!("{}: {}", case.file, case.title),
            text: case.config.clone(),
            found: all(case.compile(part)),
            compile: Box::new(move |text| case.compile_text(text, part)),
            is_followed: part.block("yaml followed").is_some(),
        })
    });
    examples.chain(cases).collect()
}

/// Codes and messages of what keeps a configuration from running.
fn errors(found: &[Diagnostic]) -> BTreeSet<(&str, &str)> {
    let errors = found.iter().filter(|found| found.severity == Severity::Error);
    errors.map(|found| (&*found.code, &*found.message)).collect()
}

/// Returns whether an error may come next: what a mistake in YAML had hidden, what this release does
/// not run, or a name that is there already.
fn is_honest(source: &Source<'_>, found: &Diagnostic, next: &str) -> bool {
    next.starts_with("unsupported-")
        // It was the job's only step.
        || found.code == "unsupported-step" && next == "steps-missing"
        || found.code == "yaml-syntax" && next != "yaml-syntax"
        || found.replacement.is_some() && next == "duplicate-key"
        || NEXT.iter().any(|(name, code, known)| {
            source.name.contains(name) && *code == found.code && *known == next
        })
}

/// Says what is wrong after a help was followed.
fn difference(source: &Source<'_>, found: &Diagnostic, text: &str) -> Option<String> {
    let now = all((source.compile)(text));
    let same = |other: &&Diagnostic| {
        (&other.code, &other.message, &other.help) == (&found.code, &found.message, &found.help)
    };
    let (before, after) =
        (source.found.iter().filter(same).count(), now.iter().filter(same).count());
    let known = errors(&source.found);
    let new: Vec<_> = errors(&now)
        .into_iter()
        .filter(|error| !known.contains(error) && !is_honest(source, found, error.0))
        .collect();
    (after >= before || !new.is_empty()).then(|| {
        format!(
            "=== {}\n{}: {} ({})\nstill {after} of {before}; new: {new:?}\n{text}",
            source.name,
            found.code,
            found.message,
            found.help.as_deref().unwrap_or_default(),
        )
    })
}

#[test]
fn what_a_help_says_to_write_helps() {
    let cases = case::all();
    let (mut followed, mut failures) = (0, Vec::new());
    for source in sources(&cases) {
        for found in &source.found {
            let Some(text) = follow::follow(&source.text, found) else { continue };
            followed += 1;
            failures.extend(difference(&source, found, &text));
        }
    }
    assert!(failures.is_empty(), "{} of {followed}\n\n{}", failures.len(), failures.join("\n"));
    assert!(followed > 400, "only {followed} were followed");
}

#[test]
fn every_code_with_a_help_has_it_followed_or_says_why_not() {
    let cases = case::all();
    let (mut helps, mut by_machine, mut by_case) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let sources = sources(&cases);
    for source in &sources {
        for found in source.found.iter().filter(|found| found.help.is_some()) {
            helps.insert(&*found.code);
            if follow::follow(&source.text, found).is_some() {
                by_machine.insert(&*found.code);
            }
            if source.is_followed {
                by_case.insert(&*found.code);
            }
        }
    }
    let followed = |code: &str| by_machine.contains(code) || by_case.contains(code);
    let excused = |code: &str| NOT_FOLLOWED.iter().any(|(known, _)| *known == code);
    for code in &helps {
        let ways = [followed(code), RIGHT_EXAMPLES.contains(code), excused(code)];
        let count = ways.iter().filter(|way| **way).count();
        assert_eq!(count, 1, "{code}: followed, by its right example, excused: {ways:?}");
    }
    let listed = RIGHT_EXAMPLES.iter().chain(NOT_FOLLOWED.iter().map(|(code, _)| code));
    for code in listed {
        assert!(helps.contains(code), "{code} has no help, or does not exist");
    }
    for code in RIGHT_EXAMPLES {
        let entry = codes::code(code).unwrap();
        assert!(page::example(*entry, ExampleKind::Right).is_some(), "{code} has no right example");
    }
}
