//! What went wrong with a forge, sorted by what may be done about it (`VCS` §0 rule 9).

use std::time::Duration;

/// What may be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// The token is no good: do not use it again until it is replaced.
    Unauthorized,
    /// The forge said no: rights, scopes, policy. Repeating does not help.
    Forbidden,
    /// It is not there, or must not be seen.
    NotFound,
    /// The request is wrong in itself (422, 400).
    Invalid,
    /// Slow down; `retry_after` says for how long.
    RateLimited,
    /// The forge is unwell or cannot be reached: try again.
    Unwell,
    /// We or it broke the protocol.
    Broken,
}

/// A call to a forge did not succeed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ForgeError {
    pub class: ErrorClass,
    /// A sentence for people: which forge, which call, what it said.
    pub message: String,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// When to try again, if it said.
    pub retry_after: Option<Duration>,
    /// The forge's own words (field messages of a 422), for matching.
    pub details: Vec<String>,
}
