//! Compares what the compiler found with what a case expects.

use serde_json::Value as Json;

use super::{case::Part, json, sketch};
use crate::{
    api::compiled::Compiled,
    read::{
        document::{self, Node},
        snippet::{Layout, render},
    },
    text::diagnostic::{Diagnostic, Severity},
};

/// Every expectation of a part, met or not. The text of a failure begins with the block as it would
/// have to be.
pub(super) fn checks(part: &Part, config: &str, compiled: &Compiled) -> Vec<Result<(), String>> {
    let mut checks = Vec::new();
    let mut expect = |kind: &str, check: &dyn Fn(&str) -> Result<(), String>| {
        if let Some(expected) = part.block(kind) {
            checks.push(check(expected).map_err(|text| format!("--- {kind}\n{text}")));
        }
    };
    expect("yaml plan", &|expected| plan(expected, config, compiled));
    expect("yaml process", &|expected| process(expected, config, compiled));
    expect("text rendered", &|expected| {
        let actual = render(config, &compiled.diagnostics, Layout::default());
        let trimmed: String = actual.lines().flat_map(|line| [line.trim_end(), "\n"]).collect();
        if trimmed == expected { Ok(()) } else { Err(trimmed) }
    });
    expect("text unsupported", &|expected| begins(expected, &lines(&compiled.unsupported, "")));
    expect("text paths", &|expected| begins(expected, &paths(compiled)));
    expect("text wanted", &|expected| {
        let wanted: Vec<_> = compiled.unresolved_orbs.iter().map(ToString::to_string).collect();
        begins(expected, &wanted)
    });
    expect("text orbs", &|expected| {
        let shown = compiled.orbs.iter().map(|orb| {
            let how = if orb.transitive { " (by another orb)" } else { "" };
            format!("{} is {}{how}", orb.requested, orb.resolved)
        });
        begins(expected, &shown.collect::<Vec<_>>())
    });
    expect("text schedules", &|expected| {
        let shown = compiled.schedules.iter().map(|schedule| {
            let how = if schedule.applies { "" } else { " (not here)" };
            format!("{}: {}{how}", schedule.workflow, schedule.cron)
        });
        begins(expected, &shown.collect::<Vec<_>>())
    });
    let reported = part.block("text diagnostics").unwrap_or("");
    if part.block("text rendered").is_none() && part.block("text wanted").is_none() {
        let actual = lines(&compiled.diagnostics, ".circleci/config.yml");
        let result = begins(reported, &actual);
        if result.is_err() || part.block("text diagnostics").is_some() {
            checks.push(result.map_err(|text| format!("--- text diagnostics\n{text}")));
        }
    }
    checks
}

/// What is still wrong with a config after its advice was followed.
pub(super) fn next_errors(expected: &str, errors: &[Diagnostic]) -> Result<(), String> {
    let actual = lines(errors, ".circleci/config.yml");
    begins(expected, &actual).map_err(|text| format!("--- text next\n{text}"))
}

fn begins(expected: &str, actual: &[String]) -> Result<(), String> {
    let expected: Vec<&str> = expected.lines().collect();
    let same = actual.len() == expected.len()
        && actual.iter().zip(&expected).all(|(actual, expected)| actual.starts_with(expected));
    if same { Ok(()) } else { Err(actual.join("\n")) }
}

/// One line for each: place, severity, code, message, help.
pub(super) fn lines(diagnostics: &[Diagnostic], config: &str) -> Vec<String> {
    let lines = diagnostics.iter().map(|found| {
        let severity = match found.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let file = if found.path == config || config.is_empty() {
            String::new()
        } else {
            format!("{}:", found.path)
        };
        let help = found.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        format!(
            "{file}{}:{} {severity} {}: {}{help}",
            found.line, found.column, found.code, found.message
        )
    });
    lines.collect()
}

fn paths(compiled: &Compiled) -> Vec<String> {
    let shown = compiled.diagnostics.iter().map(|found| {
        let mut text = found.at.clone();
        for step in &found.via {
            text = format!("{text} < {step}");
        }
        text
    });
    shown.collect()
}

fn plan(expected: &str, config: &str, compiled: &Compiled) -> Result<(), String> {
    let Some(plan) = &compiled.plan else {
        return Err(format!(
            "no plan:\n{}",
            render(config, &compiled.diagnostics, Layout::default())
        ));
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

fn process(expected: &str, config: &str, compiled: &Compiled) -> Result<(), String> {
    let Some(actual) = &compiled.document else {
        return Err(format!(
            "no document:\n{}",
            render(config, &compiled.diagnostics, Layout::default())
        ));
    };
    let expected = document::from_yaml(expected).map_err(|found| format!("{found:?}"))?;
    document_difference(&expected, actual, true).map_or(Ok(()), |difference| {
        Err(format!("{difference}\nthe document:\n{}", document::to_yaml(actual)))
    })
}

/// Returns the first place at which two documents differ. What is `partial` gives the sections, jobs
/// and workflows that matter, and `null` for one that must not be there.
pub(super) fn document_difference(expected: &Node, actual: &Node, partial: bool) -> Option<String> {
    let Node::Map(sections) = expected else { return Some("not a mapping".to_owned()) };
    sections.iter().find_map(|(section, expected)| {
        let actual = actual.get(section);
        match (expected, actual) {
            (Node::Map(entries), Some(actual)) if section == "jobs" || section == "workflows" => {
                let missing = |(name, expected): &(String, Node)| {
                    node_difference(Some(expected), actual.get(name), &format!("{section}.{name}"))
                };
                let more = || match actual {
                    Node::Map(actual) if !partial && actual.len() != entries.len() => {
                        Some(format!("{section}: {} entries", actual.len()))
                    }
                    _ => None,
                };
                entries.iter().find_map(missing).or_else(more)
            }
            _ => node_difference(Some(expected), actual, section),
        }
    })
}

fn node_difference(expected: Option<&Node>, actual: Option<&Node>, path: &str) -> Option<String> {
    match (expected, actual) {
        (Some(Node::Map(expected)), Some(Node::Map(found))) => {
            let wanted = expected.iter().find_map(|(key, value)| {
                let found = actual.and_then(|actual| actual.get(key));
                node_difference(Some(value), found, &format!("{path}.{key}"))
            });
            let known = |key: &str| expected.iter().any(|(name, _)| name == key);
            let more = || {
                let extra = found.iter().find(|(key, _)| !known(key));
                extra.map(|(key, _)| format!("{path}.{key}: not expected"))
            };
            wanted.or_else(more)
        }
        (Some(Node::List(expected)), Some(Node::List(actual))) => {
            let pairs = expected.iter().zip(actual).enumerate();
            let differs = pairs.into_iter().find_map(|(index, (expected, actual))| {
                node_difference(Some(expected), Some(actual), &format!("{path}[{index}]"))
            });
            let lengths = (expected.len() != actual.len())
                .then(|| format!("{path}: {} items, not {}", actual.len(), expected.len()));
            differs.or(lengths)
        }
        (Some(Node::Null), None) => None,
        (expected, actual) if expected == actual => None,
        (expected, actual) => {
            let shown = |node: Option<&Node>| node.map_or("nothing".to_owned(), document::to_json);
            Some(format!("{path}: expected {}, found {}", shown(expected), shown(actual)))
        }
    }
}
