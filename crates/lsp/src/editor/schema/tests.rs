//! The table against the compiler: what is offered is understood.

use super::{
    shape::{Key, Shape, Table},
    *,
};
use roundel_config::{Inputs, compile};

/// Types a snippet as an editor does: placeholders become their defaults, choices their first.
fn typed(snippet: &str) -> String {
    let mut text = snippet.replace("$0", "checkout").replace("\\$", "$").replace("\\}", "}");
    while let Some(start) = text.rfind("${") {
        let end = start + text[start..].find('}').expect("a closed placeholder");
        let inside = &text[start + 2..end];
        let default = inside.split_once(':').map(|(_, default)| default.to_owned());
        let choice = inside.split_once('|').and_then(|(_, rest)| rest.split([',', '|']).next());
        let value = default.or(choice.map(str::to_owned)).unwrap_or_default();
        text.replace_range(start..=end, &value);
    }
    text
}

fn indented(text: &str, by: usize) -> String {
    text.replace('\n', &format!("\n{}", " ".repeat(by)))
}

fn whole(key: &Key) -> String {
    key.snippet.map_or_else(|| format!("{}:{}", key.name, key.shape.ending()), str::to_owned)
}

/// Codes that say that a key is not known where it is offered.
fn unknown(text: &str) -> Vec<String> {
    let found = compile(text, &Inputs::default()).diagnostics.into_iter();
    let found = found.filter(|found| {
        ["unknown-key", "unknown-job-key", "unknown-command", "yaml-syntax", "misspelled-section"]
            .contains(&found.code.as_str())
    });
    found.map(|found| format!("{}: {}", found.code, found.message)).collect()
}

#[test]
fn the_compiler_knows_every_key_that_is_offered_in_a_job() {
    let table = CONFIG.key("jobs").expect("jobs");
    let Shape::Named(_, job) = &table.shape else { panic!("jobs are named") };
    let Shape::Table(job) = job else { panic!("a job is a table") };
    for key in job.keys.iter().filter(|key| !key.old) {
        if matches!(key.name, "plan_name" | "key") {
            continue;
        }
        let text =
            format!("version: 2.1\njobs:\n  build:\n    {}\n", indented(&typed(&whole(key)), 4));
        assert_eq!(unknown(&text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn the_compiler_knows_every_step_that_is_offered_and_its_keys() {
    for key in BUILT_IN.keys {
        let step = indented(&typed(&whole(key)), 8);
        let head = "version: 2.1\njobs:\n  build:\n    docker: [{ image: a }]\n    steps:\n";
        let text = format!("{head}      - {step}\n");
        assert_eq!(unknown(&text), Vec::<String>::new(), "{text}");
        let tables = key.shape.alternatives();
        let tables = tables.iter().filter_map(|shape| match shape {
            Shape::Table(table) => Some(table),
            _ => None,
        });
        for inner in tables.flat_map(|table| table.keys) {
            let inner = indented(&typed(&whole(inner)), 10);
            let text = format!("{head}      - {}:\n          {inner}\n", key.name);
            assert_eq!(unknown(&text), Vec::<String>::new(), "{text}");
        }
    }
}

#[test]
fn the_compiler_knows_every_key_that_is_offered_in_a_workflow() {
    let head = "version: 2.1\njobs:\n  build:\n    docker: [{ image: a }]\n    steps: [checkout]\nworkflows:\n  w:\n";
    for key in INVOCATION.keys {
        let text = format!(
            "{head}    jobs:\n      - build:\n          {}\n",
            indented(&typed(&whole(key)), 10)
        );
        let found = unknown(&text);
        assert!(found.iter().all(|found| !found.contains(key.name)), "{text}\n{found:?}");
    }
    for key in ["when", "unless", "triggers", "max_auto_reruns"] {
        let shape = &CONFIG.key("workflows").expect("workflows").shape;
        let Shape::Named(_, Shape::Table(workflow)) = shape else { panic!("workflows are named") };
        let key = workflow.key(key).expect(key);
        let text = format!("{head}    jobs: [build]\n    {}\n", indented(&typed(&whole(key)), 4));
        assert_eq!(unknown(&text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn every_key_says_what_it_is_for() {
    fn check(table: &'static Table, seen: &mut Vec<&'static str>) {
        if seen.contains(&table.what) {
            return;
        }
        seen.push(table.what);
        for key in table.keys {
            assert!(
                key.doc.ends_with(['.', '`', '…']) && key.doc.len() > 15,
                "{}: {}",
                key.name,
                key.doc
            );
            below(&key.shape, seen);
        }
    }
    fn below(shape: &'static Shape, seen: &mut Vec<&'static str>) {
        for shape in shape.alternatives() {
            match shape {
                Shape::Table(table) => check(table, seen),
                Shape::Named(_, item) | Shape::List(item) => below(item, seen),
                Shape::Step => check(&BUILT_IN, seen),
                Shape::Invocation => check(&INVOCATION, seen),
                Shape::Logic => check(&LOGIC, seen),
                Shape::Orb => check(&ORB, seen),
                _ => {}
            }
        }
    }
    let mut seen = Vec::new();
    check(&CONFIG, &mut seen);
    assert!(seen.len() > 25, "{seen:?}");
}

#[test]
fn pipeline_values_are_those_that_the_compiler_knows() {
    for value in values::PIPELINE_VALUES {
        let text = format!(
            "version: 2.1\njobs:\n  build:\n    docker: [{{ image: a }}]\n    steps: [run: \"<< {} >>\"]\n",
            value.name
        );
        let found = compile(&text, &Inputs::default()).diagnostics;
        assert!(found.iter().all(|found| found.code != "unknown-pipeline-value"), "{}", value.name);
    }
}
