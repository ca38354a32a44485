//! YAML text to a document, with what is wrong with it.
//!
//! The text is read as configurations are read, and the tree that comes of it is copied: aliases and
//! merge keys are filled in, so there is a limit. Anchors go out by name, and those of other files may
//! come in: a packed directory is one document to the people who write it.

use std::collections::HashSet;

use super::node::Node;
use crate::{
    codes,
    read::{
        report::Report,
        source::{Source, Sources},
        yaml::{
            Anchored, Anchors, At, View,
            scalar::{Scalar, resolve},
        },
    },
    text::{
        diagnostic::{Diagnostic, Severity},
        place::FileId,
        problem::Problem,
    },
};

/// Nodes after all aliases are filled in, keys counted. A configuration of 8 MB has about as many.
const NODES: usize = 1_000_000;

/// What reading a source gave.
pub(crate) struct Read {
    /// Its document; parts that are wrong are null.
    pub(crate) root: Node,
    /// Its anchored nodes, in the order of the text.
    pub(crate) anchors: Vec<(String, Anchored)>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Reads a source that people call `path`; aliases that it does not define itself are looked for among
/// `foreign`.
pub(crate) fn read(path: &str, text: &str, foreign: &Anchors) -> Read {
    let source = Source::parse_with(path, text.into(), foreign);
    let anchors = source.doc.anchors().map(|(name, node)| (name.to_owned(), node)).collect();
    let sources = Sources::new(source);
    let config = sources.file(FileId::CONFIG);
    let mut report = Report::new(&sources);
    for problem in config.problems.iter().filter(|problem| problem.is_error()) {
        report.add(problem.clone());
    }
    let mut root = sources.root(FileId::CONFIG);
    if let Some(at) = root.filter(|at| config.doc.weight(*at) > NODES) {
        let message = "the expanded document is too large";
        let problem = Problem::error(codes::EXPANDS_TOO_FAR, sources.place(at), message);
        report.add(problem.help("use fewer nested aliases"));
        root = None;
    }
    let root = root.map_or(Node::Null, |at| node(&sources, at));
    let mut diagnostics = report.finish().diagnostics;
    diagnostics.retain(|found| found.severity == Severity::Error);
    Read { root, anchors, diagnostics }
}

fn node(sources: &Sources, at: At) -> Node {
    match sources.view(at) {
        View::Scalar(text, style) => match resolve(text, style) {
            Scalar::Null => Node::Null,
            Scalar::Bool(value) => Node::Bool(value),
            Scalar::Int(value) => Node::Int(value),
            Scalar::Float(_) => Node::Float(text.to_owned()),
            Scalar::Text(text) => Node::text(text),
        },
        View::Seq(items) => Node::List(items.iter().map(|item| node(sources, item)).collect()),
        View::Map(entries) => {
            let mut seen = HashSet::new();
            let entries = entries.own_first().into_iter().filter(|entry| seen.insert(entry.name));
            Node::Map(
                entries.map(|entry| (entry.name.to_owned(), node(sources, entry.value))).collect(),
            )
        }
        View::Broken => Node::Null,
    }
}
