//! The JSON of both forges, a file for each, and what both need: putting two objects together, and ids
//! in braces.

pub(crate) mod bitbucket;
pub(crate) mod github;

use serde_json::Value;
use uuid::Uuid;

/// Puts the fields of one object into another.
pub(crate) fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}

/// Returns a uuid with braces, as Bitbucket writes it.
pub(crate) fn braced(uuid: Uuid) -> String {
    format!("{{{uuid}}}")
}
