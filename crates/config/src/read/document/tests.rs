//! Documents are written and read back: by us, and by readers that we did not write.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use serde_json::Value;

use super::*;

/// Strings that some reader takes for something else, or that are hard to write.
const AWKWARD: &[&str] = &[
    "",
    " ",
    "~",
    "null",
    "Null",
    "on",
    "ON",
    "off",
    "yes",
    "No",
    "y",
    "n",
    "true",
    "False",
    "1.20",
    "0755",
    "0o17",
    "0x1F",
    "1:30",
    "1_000",
    "1e3",
    "12345e7",
    ".5",
    ".inf",
    "-.INF",
    ".nan",
    "+1",
    "-1",
    "2024-01-31",
    "2024-01-31T10:00:00Z",
    "190:20:30.15",
    "<<",
    "=",
    "-",
    "- a",
    "-v",
    "--",
    "---",
    "...",
    "? a",
    "?",
    ":",
    ": a",
    "a: b",
    "a:",
    "a #b",
    "#a",
    "&a",
    "*a",
    "!a",
    "!!str a",
    "|",
    ">",
    "%a",
    "@a",
    "`a`",
    "[a]",
    "{a}",
    "{{ .Branch }}",
    "a, b",
    "'a'",
    "\"a\"",
    "it's",
    "back\\slash",
    "\ttab",
    "a\tb",
    " lead",
    "trail ",
    "a\nb",
    "a\nb\n",
    "a\nb\n\n",
    "\n",
    "\n\n",
    "\na",
    " a\nb",
    "a\n b",
    "\ta\nb",
    "a\n\tb",
    "a \nb ",
    "a\n  \nb",
    "a\n  ",
    "a\n ",
    "a\n\n b\n",
    "a\r\nb",
    "a\rb",
    "\r",
    "\u{0}",
    "\u{7}",
    "\u{1b}[31m",
    "\u{7f}",
    "\u{85}",
    "a\u{85}b",
    "\u{a0}",
    "\u{2028}",
    "a\u{2029}b",
    "\u{feff}",
    "a\u{feff}b",
    "é",
    "日本語",
    "🦀",
    "𝒳: y",
    "<< parameters.x >>",
    "cat <<EOF\nx\nEOF\n",
    "a: b\nc: d\n",
    "# comment\nx",
    "- a\n- b",
    "1,000",
    "echo \"a: b\" # c",
    "\u{fffd}",
    "C:\\Users",
    "a:b",
    "http://x/y#z",
    "$HOME/bin:$PATH",
    "08",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(AWKWARD).prop_map(str::to_owned),
        2 => "[a-z][a-z0-9_./-]{0,12}",
        2 => "[ -~]{0,20}",
        2 => "[ab:#'\"\\-\t \n]{0,12}",
        1 => "(?s).{0,8}".prop_filter("a character", |text| !text.contains('\u{fffe}') && !text.contains('\u{ffff}')),
        1 => (text_of_lines(), "[ -~]{0,6}").prop_map(|(lines, end)| lines + &end),
    ]
}

fn text_of_lines() -> impl Strategy<Value = String> {
    proptest::collection::vec("[ \t]{0,2}[ -~é]{0,10}[ \t]{0,1}\n", 1..6)
        .prop_map(|lines| lines.concat())
}

fn tree() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        1 => Just(Node::Null),
        1 => any::<bool>().prop_map(Node::Bool),
        1 => any::<i64>().prop_map(Node::Int),
        1 => "-?(0|[1-9][0-9]{0,3})\\.[0-9]{1,3}".prop_map(Node::Float),
        6 => text().prop_map(Node::Text),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Node::List),
            proptest::collection::vec((key(), inner), 0..5).prop_map(|entries| {
                let mut seen = std::collections::HashSet::new();
                Node::Map(entries.into_iter().filter(|(key, _)| seen.insert(key.clone())).collect())
            }),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![6 => text(), 1 => "[a-z :]{120,1100}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_is_written_is_read_back(node in tree()) {
        let text = to_yaml(&node);
        prop_assert_eq!(from_yaml(&text), Ok(node), "{}", text);
    }
}

/// Documents for the readers of others: each awkward text as root, key, value and item, and a
/// hundred random trees.
fn samples() -> Vec<Node> {
    let awkward = AWKWARD.iter().flat_map(|&text| {
        let nested = Node::List(vec![Node::Map(vec![(text.to_owned(), Node::text(text))])]);
        let items = Node::List(vec![Node::text(text), nested.clone()]);
        [Node::text(text), Node::Map(vec![("a".to_owned(), items), (text.to_owned(), nested)])]
    });
    let mut runner = TestRunner::deterministic();
    let random = (0..400).map(|_| tree().new_tree(&mut runner).unwrap().current());
    awkward.chain(random).collect()
}

#[test]
fn what_a_reader_of_the_text_does_not_see_is_escaped() {
    let node = Node::Map(vec![("a\u{202e}b".to_owned(), Node::text("x\u{2066}\u{200b}y\nz"))]);
    let text = to_yaml(&node);
    assert_eq!(text, "\"a\\u202Eb\": \"x\\u2066\\u200By\\nz\"\n");
    assert_eq!(from_yaml(&text).unwrap(), node);
}

#[test]
fn a_reader_of_yaml_1_2_sees_the_same_tree() {
    let options = serde_saphyr::options! { budget: None };
    for node in samples() {
        let text = to_yaml(&node);
        let read: Value = serde_saphyr::from_str_with_options(&text, options.clone())
            .unwrap_or_else(|error| panic!("{error}\n{text}\n{node:?}"));
        assert_eq!(read, serde_json::to_value(&node).unwrap(), "{text}");
    }
}

#[test]
fn a_reader_of_yaml_1_1_sees_the_same_tree() {
    const PROGRAM: &str = "
import json, sys, yaml
for text, tree in json.load(sys.stdin):
    read = yaml.safe_load(text)
    if read != tree or type(read) is not type(tree):
        sys.exit(f'{text}\\nread as {read!r}\\nmeant as {tree!r}')
";
    let has_yaml =
        Command::new("python3").args(["-c", "import yaml"]).stderr(Stdio::null()).status();
    if !has_yaml.is_ok_and(|status| status.success()) {
        println!("skipped: a_reader_of_yaml_1_1_sees_the_same_tree: python3-yaml is not installed");
        return;
    }
    let samples: Vec<(String, Value)> =
        samples().iter().map(|node| (to_yaml(node), serde_json::to_value(node).unwrap())).collect();
    let mut python = Command::new("python3")
        .args(["-c", PROGRAM])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = python.stdin.take().unwrap();
    input.write_all(serde_json::to_string(&samples).unwrap().as_bytes()).unwrap();
    drop(input);
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn cfg_222_documents_look_like_compiled_configurations() {
    let run = |command: &str| {
        Node::Map(vec![(
            "run".to_owned(),
            Node::Map(vec![("command".to_owned(), Node::text(command))]),
        )])
    };
    let steps = vec![Node::text("checkout"), run("make test"), run("set -e\nmake\n"), run("a\nb")];
    let build = vec![
        ("parallelism".to_owned(), Node::Int(2)),
        ("environment".to_owned(), Node::Map(vec![("GO".to_owned(), Node::text("1.20"))])),
        ("matrix".to_owned(), Node::List(vec![Node::List(vec![Node::Bool(true), Node::Null])])),
        ("none".to_owned(), Node::Map(Vec::new())),
        ("steps".to_owned(), Node::List(steps)),
    ];
    let jobs = Node::Map(vec![("kit/hello".to_owned(), Node::Map(build))]);
    let document = Node::Map(vec![("version".to_owned(), Node::Int(2)), ("jobs".to_owned(), jobs)]);
    let expected = "\
version: 2
jobs:
  kit/hello:
    parallelism: 2
    environment:
      GO: '1.20'
    matrix:
    - - true
      - null
    none: {}
    steps:
    - checkout
    - run:
        command: make test
    - run:
        command: |
          set -e
          make
    - run:
        command: |-
          a
          b
";
    assert_eq!(to_yaml(&document), expected);
    let json = to_json(&document);
    assert!(json.starts_with("{\n  \"version\": 2,\n  \"jobs\": {"), "{json}");
}

#[test]
fn numbers_keep_their_digits_in_yaml_and_are_numbers_in_json() {
    let node = from_yaml("[1.20, 0755, .inf, 1e21, '1.20', 2024-01-31]").unwrap();
    assert_eq!(to_yaml(&node), "- 1.20\n- 493\n- .inf\n- 1e21\n- '1.20'\n- '2024-01-31'\n");
    let json = serde_json::to_string(&node).unwrap();
    assert_eq!(json, "[1.2,493,\".inf\",1e+21,\"1.20\",\"2024-01-31\"]");
}

#[test]
fn cfg_029_merge_keys_and_aliases_are_filled_in() {
    let text = "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc:\n  <<: *a\n  <<: *b\n  x: 0\nd: {<<: [*b, *a]}\n'<<': 1\n";
    let node = from_yaml(text).unwrap();
    assert_eq!(to_yaml(node.get("c").unwrap()), "x: 0\n'y': 2\nz: 4\n");
    assert_eq!(to_yaml(node.get("d").unwrap()), "'y': 3\nz: 4\nx: 1\n");
    assert_eq!(node.get("<<"), Some(&Node::Int(1)));
    assert_eq!(from_yaml("on: 1.20\n1.20: on\n").unwrap().get("1.20"), Some(&Node::Bool(true)));
}

#[test]
fn every_mistake_is_reported_with_its_place() {
    let codes = |text: &str| -> Vec<(String, u32, u32)> {
        let found = from_yaml(text).unwrap_err();
        found.iter().map(|one| (one.code.clone(), one.line, one.column)).collect()
    };
    let one = |code: &str, line, column| vec![(code.to_owned(), line, column)];
    assert_eq!(codes("a: 1\nb: 2\na: 3\n"), one("duplicate-key", 3, 1));
    assert_eq!(codes("a: *nobody\n"), one("undefined-alias", 1, 4));
    assert_eq!(codes("a: &a [*a]\n"), one("expands-too-far", 1, 8));
    assert_eq!(codes("a: 1\n---\nb: 2\n"), one("several-documents", 2, 1));
    assert_eq!(codes("{a: 1}: 2\n"), one("complex-key", 1, 1));
    assert_eq!(codes("a: !secret x\n").first().unwrap().0, "unknown-yaml-tag");
    assert_eq!(codes("a:\n  <<: 3\n"), one("bad-merge", 2, 3));
    assert_eq!(codes("a: [1\nb: 2\n").first().unwrap().0, "yaml-syntax");
    let twice = from_yaml("a: 1\na: 2\nb: *x\n").unwrap_err();
    assert_eq!(twice.len(), 2);
    assert_eq!(twice[0].related[0].line, 1);
}

/// The same liberties that configurations may take.
#[test]
fn what_a_configuration_may_be_a_document_may_be() {
    let node = from_yaml("- run:\n  |\n    make\n").unwrap();
    assert_eq!(to_yaml(&node), "- run: |\n    make\n");
    let node = from_yaml("- run: \"echo one\ntwo\"\n").unwrap();
    assert_eq!(to_yaml(&node), "- run: echo one two\n");
    let warned = from_yaml("a:\n- echo\n  - b\n");
    assert_eq!(warned.map(|node| to_yaml(&node)).as_deref(), Ok("a:\n- echo - b\n"));
}

#[test]
fn a_key_that_looks_like_an_escaped_merge_key_is_read_back() {
    let node = Node::Map(vec![("\\<<".to_owned(), Node::Map(Vec::new()))]);
    assert_eq!(from_yaml(&to_yaml(&node)), Ok(node));
}

#[test]
fn an_alias_bomb_stays_small() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = level - 1;
        let items = vec![format!("*a{before}"); 10].join(", ");
        text = [text, format!("a{level}: &a{level} [{items}]\n")].concat();
    }
    let found = from_yaml(&text).unwrap_err();
    assert_eq!(found[0].code, "expands-too-far");
    assert_eq!(from_yaml(&"[".repeat(20_000)).unwrap_err()[0].code, "expands-too-far");
}

#[test]
fn an_empty_text_is_nothing() {
    assert_eq!(from_yaml(""), Ok(Node::Null));
    assert_eq!(from_yaml("# only a comment\n"), Ok(Node::Null));
    assert_eq!(to_yaml(&Node::Null), "null\n");
}
