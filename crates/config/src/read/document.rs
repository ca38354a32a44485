//! Trees of plain values: what compiling prints, and what packing writes.
//!
//! A [`Node`] is written as YAML that any reader takes for the same tree ([`to_yaml`]) or as JSON
//! ([`to_json`]), and read back ([`from_yaml`]). Deliberately absent: places in a source. The compiler
//! keeps them in the tree of [`super::yaml`], of which these documents are copies.

mod node;
mod read;
mod scalar;
mod write;

pub use node::Node;
pub(crate) use read::read;

use crate::{read::yaml::Anchors, text::diagnostic::Diagnostic};

/// Writes a document as YAML in block style, as compiled configurations look (CFG §7.4).
///
/// Lists are not indented under their key, strings of several lines are literal blocks, and every string
/// is quoted that a reader of YAML 1.1 or 1.2 would take for anything else.
pub fn to_yaml(node: &Node) -> String {
    write::document(node)
}

/// Writes a document as indented JSON.
pub fn to_json(node: &Node) -> String {
    // Only keys that are not strings could make it fail, and there are none.
    serde_json::to_string_pretty(node).unwrap_or_default()
}

/// Reads a YAML document by the rules that configurations are read by (CFG §1.3): aliases and merge
/// keys are filled in, keys are taken as they are written.
///
/// # Errors
///
/// Everything that is wrong with the YAML.
pub fn from_yaml(text: &str) -> Result<Node, Vec<Diagnostic>> {
    let read = read("", text, &Anchors::new());
    if read.diagnostics.is_empty() { Ok(read.root) } else { Err(read.diagnostics) }
}

#[cfg(test)]
mod tests;
