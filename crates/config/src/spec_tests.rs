//! Runs the literate specification: `spec/*.md`, one heading with blocks is one test.
//!
//! A test has a block `yaml config` and what shall come of it: `yaml plan`, `text diagnostics`, or
//! `text rendered`. `yaml inputs` says what the pipeline is started with. A config without
//! `version` gets `version: 2.1` as its last line, so that lines keep their numbers; `yaml config
//! raw` is taken as it is. A plan names what matters: keys that it leaves out may be anything,
//! lists are complete.

mod sketch;

use std::{fs, path::Path};

use roundel_model::name::GitRef;
use serde_json::Value as Json;

use crate::{
    Compiled, Inputs, PipelineValue, Severity, compile, render,
    source::{FileId, Source, Sources},
    yaml::{At, View, scalar},
};

#[derive(Default)]
struct Case {
    title: String,
    blocks: Vec<(String, String)>,
}

impl Case {
    fn block(&self, kind: &str) -> Option<&str> {
        let found = self.blocks.iter().find(|(name, _)| name == kind);
        found.map(|(_, text)| text.as_str())
    }
}

#[test]
fn the_specification_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec");
    let mut files: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut count, mut failures) = (0, Vec::new());
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        for case in cases(&fs::read_to_string(&file).unwrap()) {
            count += 1;
            if let Err(difference) = run(&case) {
                failures.push(format!("{name}: {}\n{difference}\n", case.title));
            }
        }
    }
    println!("{count} cases of the specification");
    assert!(failures.is_empty(), "{} of {count} failed\n\n{}", failures.len(), failures.join("\n"));
    assert!(count > 100, "the specification has shrunk to {count} cases");
}

fn cases(markdown: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut fence: Option<(String, String)> = None;
    for line in markdown.lines() {
        match &mut fence {
            Some((kind, text)) if line == "```" => {
                let block = (std::mem::take(kind), std::mem::take(text));
                cases.last_mut().expect("a heading before the first block").blocks.push(block);
                fence = None;
            }
            Some((_, text)) => {
                text.push_str(line);
                text.push('\n');
            }
            None => {
                if let Some(kind) = line.strip_prefix("```") {
                    fence = Some((kind.trim().to_owned(), String::new()));
                } else if let Some(title) = line.strip_prefix("## ") {
                    cases.push(Case { title: title.to_owned(), ..Case::default() });
                }
            }
        }
    }
    assert!(fence.is_none(), "a block is not closed");
    cases.retain(|case| !case.blocks.is_empty());
    cases
}

fn run(case: &Case) -> Result<(), String> {
    let raw = case.block("yaml config raw").map(str::to_owned);
    let text = raw.or_else(|| case.block("yaml config").map(with_version)).ok_or("no config")?;
    let compiled = compile(&text, &inputs(case.block("yaml inputs").unwrap_or("")));
    let mut checked = false;
    if let Some(expected) = case.block("yaml plan") {
        checked = true;
        check_plan(expected, &text, &compiled)?;
    }
    if let Some(expected) = case.block("text diagnostics") {
        checked = true;
        check_diagnostics(expected, &compiled)?;
    } else if case.block("text rendered").is_none() && !compiled.diagnostics.is_empty() {
        return Err(format!("unexpected diagnostics:\n{}", lines(&compiled).join("\n")));
    }
    if let Some(expected) = case.block("text rendered") {
        checked = true;
        let actual = render(&text, &compiled.diagnostics, false);
        let trimmed: String = actual.lines().flat_map(|line| [line.trim_end(), "\n"]).collect();
        if trimmed != expected {
            return Err(format!("rendered:\n{trimmed}"));
        }
    }
    if checked { Ok(()) } else { Err("nothing is expected".to_owned()) }
}

fn with_version(text: &str) -> String {
    let has_one = text.lines().any(|line| line.starts_with("version:"));
    if has_one { text.to_owned() } else { format!("{text}version: 2.1\n") }
}

fn check_plan(expected: &str, text: &str, compiled: &Compiled) -> Result<(), String> {
    let Some(plan) = &compiled.plan else {
        return Err(format!("no plan:\n{}", render(text, &compiled.diagnostics, false)));
    };
    let actual = sketch::plan(plan);
    let expected = json(expected);
    // A plan of one workflow may be written as its jobs alone.
    let actual = match (expected.get("jobs"), actual.get("workflows").and_then(Json::as_object)) {
        (Some(_), Some(workflows)) if workflows.len() == 1 => {
            serde_json::json!({ "jobs": workflows.values().next() })
        }
        _ => actual,
    };
    sketch::difference(&expected, &actual, "plan")
        .map_or(Ok(()), |difference| Err(format!("{difference}\nthe plan: {actual:#}")))
}

fn check_diagnostics(expected: &str, compiled: &Compiled) -> Result<(), String> {
    let actual = lines(compiled);
    let expected: Vec<&str> = expected.lines().collect();
    let same = actual.len() == expected.len()
        && actual.iter().zip(&expected).all(|(actual, expected)| actual.starts_with(expected));
    if same { Ok(()) } else { Err(format!("diagnostics:\n{}", actual.join("\n"))) }
}

/// One line for each: place, severity, code, message, help.
fn lines(compiled: &Compiled) -> Vec<String> {
    let lines = compiled.diagnostics.iter().map(|found| {
        let severity = match found.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let help = found.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        format!(
            "{}:{} {severity} {}: {}{help}",
            found.line, found.column, found.code, found.message
        )
    });
    lines.collect()
}

fn inputs(text: &str) -> Inputs {
    let given = if text.is_empty() { Json::Null } else { json(text) };
    let name = |key: &str| given.get(key).and_then(Json::as_str);
    let branch = name("branch").map(|name| GitRef::Branch(name.into()));
    let git_ref = branch.or_else(|| name("tag").map(|name| GitRef::Tag(name.into())));
    let mut values = pairs(given.get("values"));
    if let Some(git_ref) = &git_ref {
        let kind = if git_ref.tag().is_some() { "git.tag" } else { "git.branch" };
        values.push((kind.to_owned(), PipelineValue::Text(git_ref.name().to_owned())));
    }
    Inputs {
        path: ".circleci/config.yml".to_owned(),
        pipeline_values: values,
        parameters: pairs(given.get("parameters")),
        git_ref,
        ..Inputs::default()
    }
}

fn pairs(map: Option<&Json>) -> Vec<(String, PipelineValue)> {
    let fields = map.and_then(Json::as_object).into_iter().flatten();
    let pairs = fields.map(|(name, value)| {
        let value = match value {
            Json::Bool(value) => PipelineValue::Boolean(*value),
            Json::Number(value) => PipelineValue::Integer(value.as_i64().unwrap()),
            other => PipelineValue::Text(other.as_str().unwrap().to_owned()),
        };
        (name.clone(), value)
    });
    pairs.collect()
}

/// Reads a block of YAML with our own parser.
fn json(text: &str) -> Json {
    let sources = Sources::new(Source::parse("block", text.into()));
    let problems = &sources.file(FileId::CONFIG).problems;
    assert!(problems.is_empty(), "a block of the specification is no YAML: {problems:?}\n{text}");
    sources.root(FileId::CONFIG).map_or(Json::Null, |root| node(&sources, root))
}

fn node(doc: &Sources, at: At) -> Json {
    match doc.view(at) {
        View::Scalar(text, style) => match scalar::resolve(text, style) {
            scalar::Scalar::Null => Json::Null,
            scalar::Scalar::Bool(value) => value.into(),
            scalar::Scalar::Int(value) => value.into(),
            scalar::Scalar::Float(_) | scalar::Scalar::Text(_) => text.into(),
        },
        View::Seq(items) => items.iter().map(|item| node(doc, item)).collect(),
        View::Map(entries) => entries
            .into_iter()
            .map(|entry| (entry.name.to_owned(), node(doc, entry.value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        View::Broken => panic!("a broken node"),
    }
}
