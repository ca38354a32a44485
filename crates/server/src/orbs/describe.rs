//! What an orb offers, read from its source: for people who want to use it.
//!
//! Deliberately absent: whether it is sound (the compiler says), and its examples.

use roundel_config::{
    Diagnostic,
    document::{self, Node},
};
use serde::Serialize;

/// What an orb offers.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Description {
    /// What its author says of it.
    pub description: Option<String>,
    /// URL of its home page.
    pub home_url: Option<String>,
    /// Where its source is kept.
    pub source_url: Option<String>,
    /// Its commands, in the order of the source.
    pub commands: Vec<Element>,
    pub jobs: Vec<Element>,
    pub executors: Vec<Element>,
}

/// A command, a job or an executor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Element {
    /// Its name within the orb.
    pub name: String,
    /// What its author says of it.
    pub description: Option<String>,
    pub parameters: Vec<Parameter>,
}

/// A parameter of one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parameter {
    pub name: String,
    /// `string`, `enum`, `steps`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The default value. `None`: it must be given.
    pub default: Option<Node>,
    /// The values of an `enum`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// What its author says of it.
    pub description: Option<String>,
}

/// Reads what an orb offers. What does not have the right shape is passed over.
///
/// # Errors
///
/// What is wrong with its YAML.
pub fn describe(source: &str) -> Result<Description, Vec<Diagnostic>> {
    let root = document::from_yaml(source)?;
    let display = root.get("display").unwrap_or(&Node::Null);
    Ok(Description {
        description: text(&root, "description"),
        home_url: text(display, "home_url"),
        source_url: text(display, "source_url"),
        commands: elements(&root, "commands"),
        jobs: elements(&root, "jobs"),
        executors: elements(&root, "executors"),
    })
}

fn elements(root: &Node, section: &str) -> Vec<Element> {
    let element = |(name, node): &(String, Node)| Element {
        name: name.clone(),
        description: text(node, "description"),
        parameters: entries(node.get("parameters")).iter().map(parameter).collect(),
    };
    entries(root.get(section)).iter().map(element).collect()
}

fn parameter((name, node): &(String, Node)) -> Parameter {
    let values = match node.get("enum") {
        Some(Node::List(values)) => values.iter().map(plain).collect(),
        Some(
            Node::Null
            | Node::Bool(_)
            | Node::Int(_)
            | Node::Float(_)
            | Node::Text(_)
            | Node::Map(_),
        )
        | None => Vec::new(),
    };
    Parameter {
        name: name.clone(),
        kind: text(node, "type").unwrap_or_default(),
        default: node.get("default").cloned(),
        values,
        description: text(node, "description"),
    }
}

fn entries(node: Option<&Node>) -> &[(String, Node)] {
    if let Some(Node::Map(entries)) = node { entries } else { &[] }
}

fn text(node: &Node, key: &str) -> Option<String> {
    match node.get(key)? {
        Node::Text(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Node::Null
        | Node::Bool(_)
        | Node::Int(_)
        | Node::Float(_)
        | Node::List(_)
        | Node::Map(_) => None,
    }
}

/// Writes a value in one line, as one would in a configuration.
pub fn plain(node: &Node) -> String {
    match node {
        Node::Text(text) => text.clone(),
        Node::Null
        | Node::Bool(_)
        | Node::Int(_)
        | Node::Float(_)
        | Node::List(_)
        | Node::Map(_) => serde_json::to_string(node).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_orb_tells_what_it_offers_and_what_must_be_given() {
        let source = "
version: 2.1
description: |
  Tools for every project.
display: { home_url: 'https://a.test', source_url: 'https://b.test' }
executors:
  default:
    parameters: { tag: { type: string, default: '1.20' } }
    docker: [{ image: 'a:<< parameters.tag >>' }]
commands:
  greet:
    description: Says hello.
    parameters:
      who: { type: string, description: To whom }
      tone: { type: enum, enum: [kind, 2], default: kind }
      loud: { type: boolean, default: false }
    steps: [run: echo]
  bare: { steps: [] }
jobs: 7
";
        let found = describe(source).unwrap();
        assert_eq!(found.description.as_deref(), Some("Tools for every project."));
        assert_eq!(found.home_url.as_deref(), Some("https://a.test"));
        let [greet, bare] = &found.commands[..] else { panic!("{found:?}") };
        let [who, tone, loud] = &greet.parameters[..] else { panic!("{greet:?}") };
        assert_eq!((who.kind.as_str(), &who.default), ("string", &None));
        assert_eq!(tone.values, ["kind", "2"]);
        assert_eq!(loud.default, Some(Node::Bool(false)));
        assert!(bare.parameters.is_empty());
        assert_eq!(found.executors[0].parameters[0].default, Some(Node::text("1.20")));
        assert!(found.jobs.is_empty());
        let [problem] = &describe("a: [").unwrap_err()[..] else { panic!() };
        assert_eq!(problem.message, "invalid YAML: unclosed bracket '['");
    }
}
