//! A report as a whole: what it repeats, what it hides, and what it shortens.

use super::{key::DIAGNOSTICS, trace::SENTENCE_CHARS, *};
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
        report.add_unsupported(Problem::unsupported(codes::UNSUPPORTED_CONTEXT, place(at), "x"));
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
        ["601 more problems are not shown", "600 more unsupported items are not shown"]
    );
}
