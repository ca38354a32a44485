//! Trees of plain values: what compiling prints, and what packing writes.
//!
//! A [`Node`] is written as YAML that any reader takes for the same tree ([`to_yaml`]) or as JSON
//! ([`to_json`]), and read back ([`from_yaml`]). Deliberately absent: places in a text. The compiler
//! reads its input with a tree of its own that keeps them.

mod read;
mod scalar;
mod write;

use serde::{Serialize, Serializer, ser::SerializeMap as _};

pub(crate) use read::{Anchors, Source, read};

use crate::text::diagnostic::Diagnostic;

/// A value of a YAML document, types decided.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number, by the text that writes it.
    Float(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Self>),
    /// A mapping, in order. Keys are texts.
    Map(Vec<(String, Self)>),
}

impl Node {
    /// Makes a text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Returns the text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        let Self::Text(text) = self else { return None };
        Some(text)
    }

    /// Returns the value of a key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Map(entries) = self else { return None };
        entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }
}

/// Numbers become numbers where JSON can write them, and texts otherwise (`.inf`).
impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Float(text) => match scalar::float(text) {
                Some(value) => serializer.serialize_f64(value),
                None => serializer.serialize_str(text),
            },
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

/// Writes a document as YAML in block style, as compiled configurations look (CFG §7.4).
///
/// Lists are not indented under their key, texts of several lines are literal blocks, and every text
/// is quoted that a reader of YAML 1.1 or 1.2 would take for anything else.
pub fn to_yaml(node: &Node) -> String {
    write::document(node)
}

/// Writes a document as indented JSON.
pub fn to_json(node: &Node) -> String {
    // Only keys that are no texts could make it fail, and there are none.
    serde_json::to_string_pretty(node).unwrap_or_default()
}

/// Reads a YAML document by the rules that configurations are read by (CFG §1.3): aliases and merge
/// keys are filled in, keys are taken as they are written.
///
/// # Errors
///
/// Everything that is wrong with the YAML.
pub fn from_yaml(text: &str) -> Result<Node, Vec<Diagnostic>> {
    let source = Source { path: "", text };
    let read = read(source, &Anchors::new());
    if read.diagnostics.is_empty() { Ok(read.root) } else { Err(read.diagnostics) }
}

#[cfg(test)]
mod tests;
