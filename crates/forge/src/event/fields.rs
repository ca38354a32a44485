//! Taking fields out of a payload, each with a reason when it is not there.

use roundel_model::name::CommitSha;

use super::change::ForgeEvent;

/// Makes the event for what needs no action.
pub(super) fn ignored(because: impl Into<String>) -> ForgeEvent {
    ForgeEvent::Ignored { because: because.into() }
}

/// Reads a body as JSON.
pub(super) fn json<'a, T: serde::Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| format!("the payload cannot be read: {error}"))
}

/// Takes a field that is needed.
pub(super) fn need<T>(field: Option<T>, name: &str) -> Result<T, String> {
    field.ok_or_else(|| format!("`{name}` is missing"))
}

/// Takes a commit id, if it is one.
pub(super) fn commit(sha: Option<String>, name: &str) -> Result<CommitSha, String> {
    let sha = CommitSha::from(need(sha, name)?);
    if sha.is_well_formed() { Ok(sha) } else { Err(format!("`{name}` is not a commit id")) }
}
