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
    assert!(!render(TEXT, &diagnostics(), Layout::default()).contains('\u{1b}'));
    assert!(render(TEXT, &diagnostics(), Layout { colors: true, width: None }).contains('\u{1b}'));
}

#[test]
fn code_place_source_and_help_are_shown() {
    let text = render(TEXT, &diagnostics(), Layout::default());
    for part in [
        "error[E-021 unknown-command]: cannot find a definition for command named `chekout`",
        "--> c.yml:5:18",
        "did you mean `checkout`?",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert_eq!(render(TEXT, &[], Layout::default()), "");
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
        render(TEXT, &found, Layout::default());
        render("", &found, Layout::default());
        render("ééé", &found, Layout::default());
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
    let shown = render(&text, &found, Layout::default());
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
    let shown = render(&text, &found, Layout::default());
    assert!(shown.contains("c.yml:2:8") && shown.contains("reached through this alias"), "{shown}");
}

#[test]
fn a_help_that_does_not_fit_next_to_what_is_underlined_is_below_it() {
    let shown = |width| render(TEXT, &diagnostics(), Layout { colors: false, width });
    for (width, beside) in [(None, true), (Some(60), true), (Some(40), false)] {
        let text = shown(width);
        assert_eq!(text.contains("^^^^^^^ did you mean `checkout`?"), beside, "{text}");
        assert_eq!(text.contains("= help: did you mean `checkout`?"), !beside, "{text}");
    }
}

/// The source stays as it is: what is underlined must be below it.
#[test]
fn messages_are_broken_into_lines_that_fit_the_terminal_and_the_source_is_not() {
    let mut found = diagnostics().remove(0);
    let words = |count: usize| vec!["word"; count].join(" ");
    found.message = words(30);
    found.help = Some(words(40));
    found.via = vec![words(12), words(12)];
    let source = format!("{} # {}\r\n", TEXT.trim_end(), words(20));
    let layout = Layout { colors: false, width: Some(60) };
    let text = render(&source, std::slice::from_ref(&found), layout);
    let (long, fitting): (Vec<&str>, Vec<&str>) =
        text.lines().partition(|line| line.chars().count() > 60);
    assert_eq!(long.len(), 1, "{text}");
    assert!(long[0].starts_with("5 |     steps: [\"é\", chekout] # word"), "{text}");
    let label = "error[E-021 unknown-command]: ";
    let indented = |label: &str| format!("{}word", " ".repeat(label.len()));
    assert!(fitting[0].starts_with(label), "{text}");
    assert!(fitting[1].starts_with(&indented(label)), "{text}");
    for label in ["  = via: ", "  = help: "] {
        let first = fitting.iter().position(|line| line.starts_with(label)).unwrap();
        assert!(fitting[first + 1].starts_with(&indented(label)), "{text}");
    }
    let unbroken = render(&source, &[found], Layout::default());
    assert!(unbroken.contains(&words(40)), "{unbroken}");
}
