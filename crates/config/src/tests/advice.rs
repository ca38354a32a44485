//! Advice that is followed to the letter must lead somewhere: every help of every code is followed,
//! by a machine where it says what to write, else by an example, and the result is compiled.
//!
//! A help is known by its code and its text without what differs from case to case. The few that
//! nothing can follow are lines of `spec/helps.tsv`, each with the reason.

mod follow;

use std::{collections::BTreeSet, fs};

use super::spec::case::{self, Case};
use crate::{
    api::compiled::Compiled,
    codes::{self, Code, consequence::Consequence},
    page::{self, ExampleKind},
    text::diagnostic::{Diagnostic, Severity},
};

/// Codes whose right example is what the help of their wrong example says, applied by hand: where
/// to write something, or under which name, is for people to choose.
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

/// Codes about keys that are checked and not run, so that their right examples have them.
const ABOUT_WHAT_DOES_NOT_RUN: &[&str] =
    &["not-on-this-executor", "setup-needs-2-1", "windows-key"];

/// Errors that come next when a help was followed: by a part of the source's name, the code and the
/// code of the next error. They had been hidden by the first one, or are about what the help leaves
/// to people.
const NEXT: &[(&str, &str, &str)] = &[
    // Its `name` would be the second key of the step, so the whole step is rewritten by hand.
    ("A `run` with a text and a name next to it", "step-several-keys", "yaml-syntax"),
    ("A directory next to a script under another name", "step-several-keys", "yaml-syntax"),
    ("The keys of a `run` step without `run`", "step-several-keys", "yaml-syntax"),
    ("Entries whose name is the value of a key", "job-entry-several-keys", "yaml-syntax"),
    // The condition has another operator of another language behind the first.
    ("Operators of other languages", "expression-syntax", "expression-syntax"),
    // The columns of a file that mixes tabs and spaces cannot be known.
    ("A tab before a dash", "yaml-syntax", "yaml-syntax"),
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
    // Every type of job has its own keys.
    ("A type of job that does not exist", "unknown-job-type", "job-type-needs-key"),
    ("Types of jobs", "unknown-job-type", "job-type-needs-key"),
    ("Types of jobs", "unknown-job-type", "no-environment"),
    ("Types of jobs", "unknown-job-type", "steps-missing"),
    ("Attributes that cannot be", "not-in-enum", "conflicting-attributes"),
    ("A tab in a list", "yaml-syntax", "yaml-syntax"),
    ("A tab below a value", "yaml-syntax", "yaml-syntax"),
    ("Orbs without a reference", "bad-orb-version", "orb-not-found"),
    ("What an orb does not have", "unknown-orb-element", "unknown-orb"),
    // It is only there on macOS, whatever is written.
    ("Keys of a step, of a job and of a workflow", "bad-step", "not-on-this-executor"),
    // What this release does not run was written there already.
    ("Arguments and requirements at the column", "job-entry-several-keys", "unsupported-context"),
    ("does not hide that it cannot be run", "bad-docker", "unsupported-service-container"),
    ("does not hide that it cannot be run", "unknown-key", "unsupported-service-container"),
];

/// A configuration with its diagnostics, and how to compile another in its place.
struct Source<'s> {
    name: String,
    text: String,
    found: Vec<Diagnostic>,
    compile: Box<dyn Fn(&str) -> Compiled + 's>,
    /// What is found after its advice was followed by hand, in the configuration or in what the request
    /// passes.
    followed: Option<Vec<Diagnostic>>,
}

fn all(compiled: Compiled) -> Vec<Diagnostic> {
    compiled.diagnostics.into_iter().chain(compiled.unsupported).collect()
}

/// What the right example of a code produces, where it is what the help says.
fn right_example(code: Code) -> Option<Vec<Diagnostic>> {
    let is_followed = RIGHT_EXAMPLES.contains(&code.slug);
    let example = is_followed.then(|| page::example(code, ExampleKind::Right));
    let text = example.map(|example| example.expect("a right example").0)?;
    Some(all(page::compile_like(code, &text)))
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
            followed: right_example(*code),
        })
    });
    let cases = cases.iter().flat_map(|case| {
        case.parts.iter().map(move |part| Source {
            name: format!("{}: {}", case.file, case.title),
            text: case.config.clone(),
            found: all(case.compile(part)),
            compile: Box::new(move |text| case.compile_text(text, part)),
            followed: case.follow(part).map(all),
        })
    });
    examples.chain(cases).collect()
}

/// Every diagnostic of the wrong examples of the catalogue and of the cases.
pub(in crate::tests) fn all_found(cases: &[Case]) -> Vec<Diagnostic> {
    sources(cases).into_iter().flat_map(|source| source.found).collect()
}

/// Returns whether it keeps a configuration, a workflow or a job from running: an advice that leads
/// to what this server does not run leads nowhere.
fn keeps_from_running(found: &Diagnostic) -> bool {
    found.severity == Severity::Error
        || found.is_about_this_release() && found.consequence() != Consequence::Ignored
}

/// Codes and messages of what keeps a configuration, or a part of it, from running.
fn errors(found: &[Diagnostic]) -> BTreeSet<(&str, &str)> {
    let errors = found.iter().filter(|found| keeps_from_running(found));
    errors.map(|found| (&*found.code, &*found.message)).collect()
}

/// Returns whether an error may come next: what a mistake in YAML had hidden, or a name that is there
/// already.
fn is_honest(source: &Source<'_>, found: &Diagnostic, next: &str) -> bool {
    // It says so.
    let says_so = |help: &String| help.ends_with("this release does not support it");
    next.starts_with("unsupported-") && found.help.as_ref().is_some_and(says_so)
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
    let errors = now.iter().filter(|error| keeps_from_running(error));
    let new: Vec<_> = errors
        .filter(|error| !known.contains(&(&*error.code, &*error.message)))
        .filter(|error| {
            !is_honest(source, found, &error.code) && !follow::leaves(text, found, error)
        })
        .map(|error| (&error.code, &error.message))
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
            for text in follow::follow(&source.text, found) {
                followed += 1;
                failures.extend(difference(&source, found, &text));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {followed}\n\n{}", failures.len(), failures.join("\n"));
    assert!(followed > 400, "only {followed} were followed");
}

/// A help without what differs from case to case: one entry of a list stands for all.
fn family(code: &str, help: &str) -> (String, String) {
    let mut pattern = follow::pattern(help);
    if let Some(at) = pattern.find(": `…`, ") {
        let rest = &pattern[at + 2..];
        if rest.split(", ").all(|entry| matches!(entry, "`…`" | "…")) {
            pattern.replace_range(at + 2.., "`…`");
        }
    }
    (code.to_owned(), pattern)
}

/// The lines of `spec/helps.tsv`: the code, the help and why nothing can follow it.
fn listed() -> Vec<((String, String), String)> {
    let text = fs::read_to_string(case::directory().join("helps.tsv")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let lines = lines.map(|line| {
        let mut fields = line.split('\t').map(str::to_owned);
        let mut next = || fields.next().unwrap_or_else(|| panic!("three fields: {line}"));
        ((next(), next()), next())
    });
    lines.collect()
}

/// The helps of a source that its followed configuration no longer produces.
fn followed_by_hand(source: &Source<'_>) -> BTreeSet<(String, String)> {
    let Some(now) = &source.followed else { return BTreeSet::new() };
    let count = |all: &[Diagnostic], found: &Diagnostic| {
        let same = |other: &&Diagnostic| other.code == found.code && other.help == found.help;
        all.iter().filter(same).count()
    };
    let gone = source.found.iter().filter(|found| count(now, found) < count(&source.found, found));
    gone.filter_map(|found| Some(family(&found.code, found.help.as_deref()?))).collect()
}

#[test]
fn every_help_is_followed_or_says_why_not() {
    let cases = case::all();
    let (mut helps, mut by_machine, mut by_hand) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for source in &sources(&cases) {
        by_hand.extend(followed_by_hand(source));
        for found in &source.found {
            let Some(help) = &found.help else { continue };
            let family = family(&found.code, help);
            if !follow::follow(&source.text, found).is_empty() {
                by_machine.insert(family.clone());
            }
            helps.insert(family);
        }
    }
    let listed = listed();
    println!(
        "{} helps: {} followed by machine, {} by hand, {} listed",
        helps.len(),
        by_machine.len(),
        by_hand.difference(&by_machine).count(),
        listed.len()
    );
    let mut failures: Vec<String> = Vec::new();
    for (help, _) in &listed {
        if !helps.contains(help) {
            failures.push(format!("{}\t{}\tis listed, and nothing produces it", help.0, help.1));
        } else if by_machine.contains(help) || by_hand.contains(help) {
            failures.push(format!("{}\t{}\tis listed, and is followed", help.0, help.1));
        }
    }
    for help in &helps {
        let is_listed = listed.iter().any(|(known, _)| known == help);
        if !by_machine.contains(help) && !by_hand.contains(help) && !is_listed {
            failures.push(format!("{}\t{}\tis not followed", help.0, help.1));
        }
    }
    assert!(failures.is_empty(), "{} helps\n{}", failures.len(), failures.join("\n"));
}

/// What a page shows as right must run here, unless all of the page is about what does not.
#[test]
fn no_right_example_asks_for_what_this_release_does_not_run() {
    let asks = |code: Code, kind: ExampleKind| -> BTreeSet<String> {
        let Some((_, compiled)) = page::example(code, kind) else { return BTreeSet::new() };
        let found = all(compiled);
        let found = found.into_iter().filter(Diagnostic::is_about_this_release);
        found.filter(keeps_from_running).map(|found| found.code).collect()
    };
    for code in codes::all() {
        let (wrong, right) = (asks(*code, ExampleKind::Wrong), asks(*code, ExampleKind::Right));
        let new: Vec<_> = right.difference(&wrong).collect();
        let is_about = ABOUT_WHAT_DOES_NOT_RUN.contains(&code.slug);
        assert_eq!(!new.is_empty(), is_about, "{}: {new:?}", code.slug);
    }
}

#[test]
fn every_listed_right_example_follows_a_help() {
    let cases = Vec::new();
    let sources = sources(&cases);
    for code in RIGHT_EXAMPLES {
        let name = format!("the page of {code}");
        let source = sources.iter().find(|source| source.name == name).expect("a wrong example");
        assert!(!followed_by_hand(source).is_empty(), "{code}: its right example follows no help");
    }
}
