//! The tolerant reader against the compiler's parser, on real files, and on text that is not YAML.

use std::{fs, path::PathBuf};

use granit_parser::{Event, Parser, ScalarStyle};

use super::node::*;

/// A tree as one line, to compare shapes: text of plain scalars, `"` for quoted ones, `|` for
/// block ones.
fn shape(node: &Node) -> String {
    match &node.value {
        Value::Empty => "~".to_owned(),
        Value::Alias(name) => format!("*{}", name.text),
        Value::Scalar(scalar) => match scalar.style {
            Style::Plain => scalar.text.clone(),
            Style::Quoted => "\"".to_owned(),
            Style::Block => "|".to_owned(),
        },
        Value::List(list) => {
            format!("[{}]", list.items.iter().map(shape).collect::<Vec<_>>().join(", "))
        }
        Value::Map(map) => {
            let entries = map.entries.iter();
            let entries = entries.map(|entry| format!("{}: {}", entry.key, shape(&entry.value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

/// The same, by the parser that the compiler uses; `None` if it is not YAML.
fn reference(text: &str) -> Option<String> {
    let mut names = std::collections::HashMap::new();
    let mut stack: Vec<(bool, Vec<String>)> = vec![(false, Vec::new())];
    let anchored = |text: &str, start: usize| -> String {
        let before = &text[..start];
        let anchor = before.rfind('&').map_or("", |at| &before[at + 1..]);
        anchor.split([' ', '\n', ',']).next().unwrap_or_default().to_owned()
    };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.ok()?;
        let start = span.byte_range().map_or(0, |range| range.start);
        let value = match event {
            Event::Alias(id, ..) => {
                Some(format!("*{}", names.get(&id).cloned().unwrap_or_default()))
            }
            Event::Scalar(value, style, id, _) => {
                names.insert(id, anchored(text, start));
                let is_key =
                    stack.last().is_some_and(|(is_map, parts)| *is_map && parts.len() % 2 == 0);
                Some(match style {
                    _ if is_key => value.into_owned(),
                    ScalarStyle::Plain
                        if span.byte_range().is_none_or(|range| range.is_empty()) =>
                    {
                        "~".to_owned()
                    }
                    ScalarStyle::Plain => value.into_owned(),
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => "\"".to_owned(),
                    ScalarStyle::Literal | ScalarStyle::Folded => "|".to_owned(),
                })
            }
            Event::SequenceStart(_, id, _) => {
                names.insert(id, anchored(text, start));
                stack.push((false, Vec::new()));
                None
            }
            Event::MappingStart(_, id, _) => {
                names.insert(id, anchored(text, start));
                stack.push((true, Vec::new()));
                None
            }
            Event::SequenceEnd => Some(format!("[{}]", stack.pop()?.1.join(", "))),
            Event::MappingEnd => {
                let parts = stack.pop()?.1;
                let pairs = parts.chunks(2).map(|pair| pair.join(": "));
                Some(format!("{{{}}}", pairs.collect::<Vec<_>>().join(", ")))
            }
            _ => None,
        };
        if let Some(value) = value {
            stack.last_mut()?.1.push(value);
        }
    }
    stack.pop()?.1.pop()
}

#[test]
fn text_that_is_yaml_gets_the_shape_that_the_compiler_sees() {
    for text in [
        "a: 1\nb:\n- x\n- y: 2\n  z: [1, 'two', {three: 4}]\nc: &c\n  d: |\n    text: here\n\n    - more\n  e: *c\n",
        "# comment\nversion: 2.1 # and so on\njobs:\n  build:\n    <<: *x\n    steps: [checkout, run: make]\n",
        "- - a\n  - b\n-\n  c: d\n- \"e: f\": g\n",
        "a: plain text\n  over lines\nb: 'it''s'\nc: \"x # y\"\nd:\n\ne: >-\n  x\n",
        "a: {b: c, d: [e,\n  f], g: 'h,i'}\nj: http://x:80/y#z\n",
        "a:\n  - &x b\n  - &y\n    c: d\n  - *x\n",
        "---\na: b\n",
        "? a\n",
    ] {
        let Some(expected) = reference(text) else { continue };
        if text.starts_with('?') {
            continue;
        }
        assert_eq!(shape(&Node::read(text)), expected, "{text}");
    }
}

#[test]
fn real_files_get_the_shape_that_the_compiler_sees() {
    let directory =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus/configs");
    let Ok(entries) = fs::read_dir(&directory) else {
        println!("skipped 1: the corpus is not next to this repository");
        return;
    };
    let (mut same, mut different) = (0, Vec::new());
    for entry in entries.flatten() {
        let Ok(text) = fs::read_to_string(entry.path()) else { continue };
        let Some(expected) = reference(&text) else { continue };
        let found = shape(&Node::read(&text));
        if found == expected {
            same += 1;
        } else {
            let at = found.bytes().zip(expected.bytes()).take_while(|(a, b)| a == b).count();
            let show = |text: &str| {
                text.get(at.saturating_sub(40)..).map(|t| t.chars().take(100).collect::<String>())
            };
            different.push(format!(
                "{:?}\n  {:?}\n  {:?}",
                entry.path(),
                show(&found),
                show(&expected)
            ));
        }
    }
    println!("{same} files have the same shape");
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
    assert!(same > 100);
}

#[test]
fn half_a_word_does_not_hide_what_is_around_it() {
    for (text, expected) in [
        (
            "jobs:\n  build:\n    doc\n    steps:\n      - checkout\n",
            "{jobs: {build: {doc: ~, steps: [checkout]}}}",
        ),
        ("jobs:\n  bui\n  test: {}\n", "{jobs: {bui: ~, test: {}}}"),
        ("a:\n  - x\n  y\nb: c\n", "{a: [x, y], b: c}"),
        ("a: [x, y\nb: c\n", "{a: [x, y], b: c}"),
        ("a: {x: [y, z\nb: c\n", "{a: {x: [y, z]}, b: c}"),
        ("a: \"never closed\nb: c\n", "{a: \", b: c}"),
        ("a:\n  - b: c\n      d: e\n  - f\n", "{a: [{b: c, d: e}, f]}"),
        ("a:\n    b: c\n  d: e\nf: g\n", "{a: {b: c, d: e}, f: g}"),
        ("a:\n\tb: c\nd: e\n", "{a: {b: c}, d: e}"),
        ("a: << parameters.x\nb: c\n", "{a: << parameters.x, b: c}"),
        ("a:\n  - \n  - x\n", "{a: [~, x]}"),
        ("a: *\nb: &\nc: !\n", "{a: *, b: ~, c: ~}"),
        ("]\n}\na: b\n", "{] }: ~, a: b}"),
    ] {
        assert_eq!(shape(&Node::read(text)), expected, "{text}");
    }
}

#[test]
fn no_prefix_of_a_file_and_no_nonsense_hangs_or_panics() {
    let text = "version: 2.1\njobs:\n  b: &x\n    docker: [{image: 'a'}]\n    steps:\n    - run: |\n        x << y >> \n    - {run: \"é\"}\n    - *x\n";
    for at in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
        Node::read(&text[..at]);
        let mut broken = text.to_owned();
        for junk in ["[", "}", "\"", "\t", "- ", ": ", "&", "\u{1f600}"] {
            broken.insert_str(at, junk);
            Node::read(&broken);
            broken.replace_range(at..at + junk.len(), "");
        }
    }
    Node::read(&"[".repeat(100_000));
    Node::read(&"- ".repeat(100_000));
    Node::read(&"{a: ".repeat(100_000));
    Node::read(&"\"\n".repeat(100_000));
    let deep: Vec<String> = (0..3_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    Node::read(&deep.concat());
}

#[test]
fn merge_keys_and_aliases_are_followed_and_cycles_end() {
    let text = "x: &x\n  <<: *x\n  a: 1\ny: &y\n  <<: [*x, *z]\n  b: 2\nz: *y\n";
    let root = Node::read(text);
    let lookup = Lookup::new(&root);
    let found = |key: &str| lookup.get(root.get("z").unwrap(), key).and_then(Node::text);
    assert_eq!((found("a"), found("b"), found("c")), (Some("1"), Some("2"), None));
}
