//! What people read.

use super::*;
use crate::{api::inputs::Inputs, compile::compile};

const TEXT: &str =
    "version: 2.1\r\njobs:\r\n  build:\r\n    machine: true\r\n    steps: [\"é\", chekout]\r\n";

fn diagnostics() -> Vec<Diagnostic> {
    compile(TEXT, &Inputs { path: "c.yml".to_owned(), ..Inputs::default() }).diagnostics
}

#[test]
fn color_comes_only_when_asked_for() {
    assert!(!render(TEXT, &diagnostics(), false).contains('\u{1b}'));
    assert!(render(TEXT, &diagnostics(), true).contains('\u{1b}'));
}

#[test]
fn code_place_source_and_help_are_shown() {
    let text = render(TEXT, &diagnostics(), false);
    for part in [
        "error[E-021 unknown-command]: cannot find a definition for command named `chekout`",
        "--> c.yml:5:18",
        "did you mean `checkout`?",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert_eq!(render(TEXT, &[], false), "");
}

/// A diagnostic may have been stored next to another version of the text.
#[test]
fn places_outside_of_the_text_do_no_harm() {
    let mut found = diagnostics();
    for (start, end) in [(0, 9_999), (9_998, 9_999), (61, 62), (5, 2)] {
        found[0].start = start;
        found[0].end = end;
        let text = "there".to_owned();
        found[0].related =
            vec![crate::Related { path: None, start: end, end: start, line: 1, column: 1, text }];
        render(TEXT, &found, false);
        render("", &found, false);
        render("ééé", &found, false);
    }
}

#[test]
fn a_line_too_long_to_read_is_left_out() {
    let text = format!(
        "version: 2.1\njobs: {{build: {{machine: true, steps: [chekout]}}}} #{}",
        "x".repeat(99_999)
    );
    let found =
        compile(&text, &Inputs { path: "c.yml".to_owned(), ..Inputs::default() }).diagnostics;
    let shown = render(&text, &found, false);
    assert!(shown.contains("c.yml:2:39") && shown.contains("checkout"), "{shown}");
    assert!(shown.len() < 400, "{shown}");
}

#[test]
fn places_far_apart_are_shown_apart() {
    let shelf = "  - a long line of the shelf\n".repeat(1_000);
    let text = format!(
        "version: 2.1\nx: &x [nope]\ny:\n{shelf}jobs: {{build: {{machine: true, steps: *x}}}}\n"
    );
    let found =
        compile(&text, &Inputs { path: "c.yml".to_owned(), ..Inputs::default() }).diagnostics;
    let shown = render(&text, &found, false);
    assert!(shown.contains("c.yml:2:8") && shown.contains("reached through this alias"), "{shown}");
}
