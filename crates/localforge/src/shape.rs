//! What the objects of both forges need: putting two of them together, and ids in braces.

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
