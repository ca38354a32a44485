//! What `roundel orb` prints, for people and for programs.

use anyhow::Result;
use roundel_model::word::Word;
use roundel_server::orbs::{
    describe::{Description, Element, Parameter, plain},
    wire::{OrbList, OrbOutcome, OrbPublished, OrbVersions},
};
use serde::Serialize;

use crate::terminal::{self, line};

/// Versions that are listed under an orb.
const VERSIONS: usize = 20;

/// One version of an orb, and what it offers.
#[derive(Serialize)]
pub(super) struct Info<'a> {
    /// The version that is described.
    pub(super) version: &'a str,
    /// All versions, and who may see them.
    #[serde(flatten)]
    pub(super) versions: &'a OrbVersions,
    /// The definitions that it offers.
    #[serde(flatten)]
    pub(super) described: &'a Description,
}

/// Prints anything as JSON.
pub(super) fn json(value: &impl Serialize) -> Result<()> {
    terminal::print_json(value)
}

/// Prints why something was not done. What was found in the source comes before it.
pub(super) fn rejection(message: &str) {
    let message = message.trim_end();
    let (found, reason) = message.rsplit_once('\n').unwrap_or(("", message));
    if !found.is_empty() {
        terminal::remark(&format!("{found}\n"));
    }
    terminal::print_error(&anyhow::anyhow!("{reason}"));
}

/// Prints what publishing did.
pub(super) fn published(published: &OrbPublished) -> Result<()> {
    terminal::remark(&published.warnings);
    let what = match published.outcome {
        Word::Known(OrbOutcome::Same) => "was published already, with this source",
        Word::Known(OrbOutcome::Replaced) => "is published again",
        Word::Known(OrbOutcome::New) | Word::Other(_) => "is published",
    };
    terminal::print(&format!("{} {what}\n  sha256 {}\n", published.orb, published.sha256))
}

/// Prints a table of orbs. `is_all`: there are no others.
pub(super) fn list(list: &OrbList, is_all: bool) -> Result<()> {
    if list.orbs.is_empty() {
        let none = if is_all { "No orbs are published." } else { "No orbs are visible to you." };
        return terminal::print(&format!(
            "{none} Publish one with `roundel orb publish FILE namespace/name@1.0.0`.\n"
        ));
    }
    let header = ["ORB", "LATEST", "VERSIONS", "FOR"].map(str::to_owned);
    let mut rows = vec![header];
    for orb in &list.orbs {
        let latest = if orb.latest.is_empty() { "-" } else { &orb.latest };
        let seen = seen_by(&orb.visibility, orb.owner.as_deref());
        rows.push([orb.name.clone(), latest.to_owned(), orb.versions.to_string(), seen]);
    }
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (first, second, third) = (width(0), width(1), width(2));
    let line = |[name, latest, versions, seen]: &[String; 4]| {
        format!("{name:first$}  {latest:second$}  {versions:third$}  {seen}\n")
    };
    terminal::print(&rows.iter().map(line).collect::<String>())
}

fn seen_by(visibility: &str, owner: Option<&str>) -> String {
    match (visibility, owner) {
        ("organization", Some(owner)) => owner.to_owned(),
        ("instance", Some(owner)) => format!("all projects here (of {owner})"),
        ("instance", None) => "all projects here".to_owned(),
        ("everyone", Some(owner)) => format!("everyone (of {owner})"),
        (other, _) => other.to_owned(),
    }
}

/// Prints what an orb offers and how to use it.
pub(super) fn info(info: &Info<'_>) -> Result<()> {
    terminal::print(&described_text(info))
}

fn described_text(info: &Info<'_>) -> String {
    let mut text = String::new();
    let Info { version, versions, described } = info;
    line(&mut text, &format!("{}@{version}", versions.name));
    if let Some(description) = &described.description {
        line(&mut text, &indented(description, "  "));
    }
    for (what, url) in [("home", &described.home_url), ("source", &described.source_url)] {
        if let Some(url) = url {
            line(&mut text, &format!("  {what}: {}", clean(url)));
        }
    }
    line(
        &mut text,
        &format!("  for: {}", seen_by(&versions.visibility, versions.owner.as_deref())),
    );
    if let Some(entry) = versions.versions.iter().find(|entry| entry.version == *version) {
        let at = entry.published_at.map(|at| format!(" at {at}")).unwrap_or_default();
        line(&mut text, &format!("  published by {}{at}", clean(&entry.published_by)));
        if let Some(ends) = entry.expires_at {
            line(&mut text, &format!("  ends at {ends} unless it is published again"));
        }
        line(&mut text, &format!("  sha256: {}", entry.sha256));
    }
    let alias = versions.name.rsplit('/').next().unwrap_or_default();
    line(&mut text, &format!("\nUsage\n  orbs:\n    {alias}: {}@{version}", versions.name));
    for (title, elements) in [
        ("Commands", &described.commands),
        ("Jobs", &described.jobs),
        ("Executors", &described.executors),
    ] {
        section(&mut text, title, alias, elements);
    }
    let known: Vec<&str> =
        versions.versions.iter().take(VERSIONS).map(|entry| entry.version.as_str()).collect();
    let more = versions.versions.len().saturating_sub(VERSIONS);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    line(&mut text, &format!("\nVersions\n  {}{more}", known.join(", ")));
    text
}

fn section(text: &mut String, title: &str, alias: &str, elements: &[Element]) {
    if elements.is_empty() {
        return;
    }
    line(text, &format!("\n{title}"));
    for element in elements {
        line(text, &format!("  {alias}/{}", clean(&element.name)));
        if let Some(description) = &element.description {
            line(text, &indented(description, "      "));
        }
        for parameter in &element.parameters {
            line(text, &format!("    {}", parameter_line(parameter)));
        }
    }
}

fn parameter_line(parameter: &Parameter) -> String {
    let mut line = format!("{}: {}", clean(&parameter.name), clean(&parameter.kind));
    if !parameter.values.is_empty() {
        line = format!("{line} ({})", clean(&parameter.values.join(" | ")));
    }
    line = match &parameter.default {
        Some(default) => format!("{line} = {}", first_line(&plain(default))),
        None => format!("{line}, required"),
    };
    match &parameter.description {
        Some(description) => format!("{line}  # {}", first_line(description)),
        None => line,
    }
}

fn first_line(text: &str) -> String {
    let mut lines = text.lines();
    let first = clean(lines.next().unwrap_or_default());
    if first.is_empty() {
        return "\"\"".to_owned();
    }
    if lines.next().is_some() { format!("{first} …") } else { first }
}

fn indented(text: &str, by: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("{by}{}", clean(line))).collect();
    lines.join("\n")
}

/// An orb's author must not move the cursor in the reader's terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_reads_like_its_declaration() {
        let source = "commands: { c: { parameters: {
            a: { type: string },
            b: { type: enum, enum: [x, y], default: x, description: 'Which\nOne' },
            d: { type: string, default: '' },
            e: { type: string, default: \"\\e[2J\" } } } }";
        let described = roundel_server::orbs::describe::describe(source).unwrap();
        let lines: Vec<String> =
            described.commands[0].parameters.iter().map(parameter_line).collect();
        assert_eq!(
            lines,
            [
                "a: string, required",
                "b: enum (x | y) = x  # Which One",
                "d: string = \"\"",
                "e: string =  [2J"
            ]
        );
    }
}
