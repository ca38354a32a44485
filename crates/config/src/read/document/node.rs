//! A document as a tree.

use serde::{Serialize, Serializer, ser::SerializeMap as _};

use super::scalar;

/// A value of a YAML document, types decided.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// `null`, `~`, or an empty value.
    Null,
    Bool(bool),
    Int(i64),
    /// A number, by the text that writes it.
    Float(String),
    Text(String),
    List(Vec<Self>),
    /// A mapping, in order. Keys are strings.
    Map(Vec<(String, Self)>),
}

impl Node {
    /// Makes a string.
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

/// Numbers become numbers where JSON can write them, and strings otherwise (`.inf`).
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
