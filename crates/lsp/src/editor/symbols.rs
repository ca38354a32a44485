//! The outline of a file: a tree of its sections and definitions.

use super::{
    document::Document,
    schema::shape::Kind,
    tree::node::{Entry, Node, Span, Value},
};

/// Entries of an outline at most.
const ENTRIES: usize = 5_000;

/// An entry of the outline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outlined {
    pub(crate) name: String,
    /// A few words next to it.
    pub(crate) detail: Option<String>,
    pub(crate) kind: SymbolKind,
    pub(crate) span: Span,
    /// Its name, inside of `span`.
    pub(crate) selection: Span,
    /// The entries below it.
    pub(crate) children: Vec<Self>,
}

/// What an entry of the outline is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SymbolKind {
    /// A section of the file.
    Section,
    Definition(Kind),
    /// A step of a job or command.
    Step,
    /// A job in a workflow.
    Invocation,
}

/// Returns the outline of a document, in the order of the text.
pub(crate) fn symbols(document: &Document) -> Vec<Outlined> {
    let mut left = ENTRIES;
    let entries = document.root.entries().iter().filter(|entry| entry.colon);
    entries.take(ENTRIES).map(|entry| section(entry, &mut left)).collect()
}

fn section(entry: &Entry, left: &mut usize) -> Outlined {
    let kind = match entry.key.as_str() {
        "jobs" => Some(Kind::Job),
        "commands" => Some(Kind::Command),
        "executors" => Some(Kind::Executor),
        "job-groups" => Some(Kind::Group),
        "workflows" => Some(Kind::Workflow),
        "orbs" => Some(Kind::Orb),
        "parameters" => Some(Kind::Parameter),
        _ => None,
    };
    let mut outlined = entry_as(entry, SymbolKind::Section);
    if let Some(kind) = kind {
        for entry in entry.value.entries().iter().filter(|entry| entry.colon && entry.key != "<<") {
            let Some(rest) = left.checked_sub(1) else { break };
            *left = rest;
            outlined.children.push(definition(entry, kind, left));
        }
    }
    outlined
}

fn definition(entry: &Entry, kind: Kind, left: &mut usize) -> Outlined {
    let mut outlined = entry_as(entry, SymbolKind::Definition(kind));
    let body = &entry.value;
    outlined.detail = match kind {
        Kind::Orb => body.text().map(str::to_owned),
        Kind::Parameter => body.get("type").and_then(Node::text).map(str::to_owned),
        _ => body.get("description").and_then(Node::text).map(|text| first_line(text).to_owned()),
    };
    match kind {
        Kind::Job | Kind::Command => {
            children(body.get("steps"), SymbolKind::Step, &mut outlined, left);
        }
        Kind::Workflow | Kind::Group => {
            children(body.get("jobs"), SymbolKind::Invocation, &mut outlined, left);
        }
        Kind::Orb => {
            let sections = body.entries().iter().filter(|entry| entry.colon);
            outlined.children = sections.map(|entry| section(entry, left)).collect();
        }
        Kind::Executor | Kind::Parameter => {}
    }
    outlined
}

fn children(list: Option<&Node>, kind: SymbolKind, into: &mut Outlined, left: &mut usize) {
    for item in list.map_or(&[][..], Node::items) {
        let Some(rest) = left.checked_sub(1) else { break };
        *left = rest;
        let found = match (&item.value, item.entries().first()) {
            (Value::Scalar(scalar), _) => Some((scalar.text.clone(), item.span.clone(), None)),
            (_, Some(entry)) => {
                let title = entry.value.get("name").and_then(Node::text);
                let script = || entry.value.get("command").and_then(Node::text);
                let detail = title.or_else(|| entry.value.text()).or_else(script);
                Some((entry.key.clone(), entry.key_span.clone(), detail.map(str::to_owned)))
            }
            _ => None,
        };
        if let Some((name, selection, detail)) = found {
            let span = item.span.start.min(selection.start)..item.span.end.max(selection.end);
            let detail = detail.map(|text| first_line(&text).to_owned());
            into.children.push(Outlined {
                name,
                detail,
                kind,
                span,
                selection,
                children: Vec::new(),
            });
        }
    }
}

fn entry_as(entry: &Entry, kind: SymbolKind) -> Outlined {
    Outlined {
        name: if entry.key.is_empty() { "?".to_owned() } else { entry.key.clone() },
        detail: None,
        kind,
        span: entry.key_span.start..entry.value.span.end.max(entry.key_span.end),
        selection: entry.key_span.clone(),
        children: Vec::new(),
    }
}

fn first_line(text: &str) -> &str {
    text.trim().lines().next().unwrap_or_default()
}
