//! What the tree promises: places, aliases as references, merges, and an end to everything.

use std::fmt::Write;

use super::{scalar::Scalar, *};
use crate::read::source::Source;
use crate::{
    read::{report::Report, source::Sources},
    text::diagnostic::Diagnostic,
};

fn problems(text: &str) -> Vec<Diagnostic> {
    let sources = Sources::new(Source::parse("c.yml", text.into()));
    let mut report = Report::new(&sources);
    let problems = sources.file(FileId::CONFIG).problems.clone();
    for problem in problems {
        report.add(problem);
    }
    report.finish().diagnostics
}

fn codes(text: &str) -> Vec<String> {
    problems(text).into_iter().map(|problem| problem.code).collect()
}

fn with_doc(text: &str, check: impl FnOnce(&Sources, At)) {
    let sources = Sources::new(Source::parse("c.yml", text.into()));
    let root = sources.root(FileId::CONFIG).expect("a root");
    check(&sources, root);
}

fn slice(text: &str, span: Span) -> &str {
    &text[span.start()..span.end()]
}

#[test]
fn a_merged_value_knows_its_own_place_and_the_alias() {
    let text = "base: &base\n  dir: ~/repo\njob:\n  <<: *base\n  image: x\n";
    with_doc(text, |doc, root| {
        let job = doc.get(root, "job").unwrap();
        let dir = doc.get(job.value, "dir").unwrap();
        let place = doc.place(dir.value);
        assert_eq!(slice(text, place.span), "~/repo");
        assert_eq!(slice(text, place.via.unwrap()), "*base");
        assert_eq!(doc.entries(job.value).len(), 2);
    });
}

#[test]
fn own_keys_win_over_merged_ones_and_two_merges_are_fine() {
    let text = "a: &a {x: 1, y: 1}\nb: &b {x: 2, z: 2}\nc:\n  <<: *a\n  <<: *b\n  y: 3\nd: {<<: [*b, *a]}\n";
    with_doc(text, |doc, root| {
        let value = |map: &str, key: &str| {
            let map = doc.get(root, map).unwrap().value;
            match doc.view(doc.get(map, key).unwrap().value) {
                View::Scalar(text, _) => text.to_owned(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(
            (value("c", "x"), value("c", "y"), value("c", "z")),
            ("1".into(), "3".into(), "2".into())
        );
        assert_eq!((value("d", "x"), value("d", "y")), ("2".into(), "1".into()));
    });
    assert!(problems(text).is_empty());
}

#[test]
fn a_quoted_merge_key_and_a_template_key_are_ordinary_keys() {
    with_doc("\"<<\": {a: 1}\n<< parameters.x >>: 2\n", |doc, root| {
        let names: Vec<_> = doc.entries(root).iter().map(|entry| entry.name.to_owned()).collect();
        assert_eq!(names, ["<<", "<< parameters.x >>"]);
    });
}

#[test]
fn several_mistakes_of_the_yaml_are_reported_at_once() {
    let text = "a: 1\na: 2\nb: *nope\nc: {<<: [x]}\nd: {{ checksum \"x\" }}\ne: !x y\n";
    assert_eq!(
        codes(text),
        ["duplicate-key", "undefined-alias", "bad-merge", "complex-key", "unknown-yaml-tag"]
    );
    let duplicate = &problems(text)[0];
    assert_eq!((duplicate.line, duplicate.related[0].line), (2, 1));
}

#[test]
fn an_empty_value_is_null_and_quoted_words_are_text() {
    with_doc("a:\nb: 'null'\nc: ~\n", |doc, root| {
        assert!(doc.is_null(doc.get(root, "a").unwrap().value));
        assert!(!doc.is_null(doc.get(root, "b").unwrap().value));
        assert!(doc.is_null(doc.get(root, "c").unwrap().value));
        assert_eq!(scalar::resolve("null", Style::Text), Scalar::Text("null"));
    });
}

#[test]
fn an_anchor_inside_itself_is_a_mistake_not_a_loop() {
    assert_eq!(codes("a: &a {b: *a}\n"), ["expands-too-far"]);
}

#[test]
fn an_alias_bomb_is_stopped() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        writeln!(text, "a{level}: &a{level} [{}]", before.trim_end_matches(", ")).unwrap();
    }
    assert_eq!(codes(&text).first().map(String::as_str), Some("expands-too-far"));
}

#[test]
fn a_long_chain_of_aliases_is_too_deep() {
    let mut text = "a0: &a0 [x]\n".to_owned();
    for level in 1..300 {
        writeln!(text, "a{level}: &a{level} [*a{}]", level - 1).unwrap();
    }
    assert!(codes(&text).contains(&"expands-too-far".to_owned()));
}

#[test]
fn deep_nesting_is_stopped_by_the_parser() {
    for text in ["[".repeat(20_000), "- ".repeat(20_000), "{a: ".repeat(20_000)] {
        let found = problems(&text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].code, "expands-too-far");
        let help = found[0].help.as_deref().unwrap();
        assert!(help.contains("fewer levels"), "brackets are not what is wrong: {help}");
    }
}

#[test]
fn control_characters_tabs_and_second_documents_are_named() {
    assert_eq!(codes("a: \u{1}\n"), ["special-character"]);
    assert_eq!(codes("a: 1\n---\nb: 2\n"), ["several-documents"]);
    let tab = &problems("a:\n\tb: 1\n")[0];
    assert_eq!((tab.code.as_str(), tab.line), ("yaml-syntax", 2));
    assert!(tab.help.as_deref().unwrap().contains("spaces"));
    assert!(problems("---\na: 1\n...\n").is_empty());
    assert!(problems("\u{feff}a: 1\n").is_empty());
}

#[test]
fn an_unclosed_list_is_shown_with_its_beginning() {
    let problem = &problems("a:\n  b: [x, y\n  c: 1\n")[0];
    assert_eq!(problem.code, "yaml-syntax");
    assert!(problem.related.iter().any(|related| related.line == 2), "{problem:?}");
}
