//! What went wrong with a forge, sorted by what may be done about it (`VCS` §0 rule 9).

use std::time::Duration;

/// The way to handle an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// The token is not accepted: do not use it again until it is replaced.
    Unauthorized,
    /// The forge refuses: roles, scopes, policy. Repeating does not help.
    Forbidden,
    /// It does not exist, or the caller has no access to it.
    NotFound,
    /// The request is wrong in itself (422, 400).
    Invalid,
    /// Slow down; `retry_after` says for how long.
    RateLimited,
    /// The forge failed or cannot be reached: try again.
    Unavailable,
    /// We or it broke the protocol.
    Broken,
}

impl ErrorClass {
    /// Returns whether the same call may succeed later without anyone doing anything.
    pub const fn is_transient(self) -> bool {
        match self {
            Self::RateLimited | Self::Unavailable => true,
            Self::Unauthorized
            | Self::Forbidden
            | Self::NotFound
            | Self::Invalid
            | Self::Broken => false,
        }
    }
}

/// A call to a forge did not succeed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ForgeError {
    /// The way to handle it.
    pub class: ErrorClass,
    /// A sentence for people: which forge, which call, what it said, and what to do.
    pub message: String,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// When to try again, if it said.
    pub retry_after: Option<Duration>,
    /// The forge's own words (field messages of a 422), for matching.
    pub details: Vec<String>,
}

/// What the message about a failed call begins with: "could not read a file on GitHub: Not Found".
const COULD_NOT: &str = "could not ";

impl ForgeError {
    /// An error without an answer behind it.
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            status: None,
            retry_after: None,
            details: Vec::new(),
        }
    }

    /// Returns whether the forge's own words contain a string, in any case. Forges reword their
    /// messages: match on a short, distinctive part (`VCS` §2.7).
    pub fn says(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.details.iter().any(|detail| detail.to_lowercase().contains(&text))
    }

    /// Returns the message without the words for the call that failed, for a sentence that says in its own
    /// words what could not be done. What is not about one call is returned whole.
    pub fn reason(&self) -> &str {
        let without_call = || self.message.strip_prefix(COULD_NOT)?.split_once(": ");
        without_call().map_or(&self.message, |(_call, reason)| reason)
    }

    /// Returns whether the same call may succeed later without anyone doing anything.
    pub const fn is_transient(&self) -> bool {
        self.class.is_transient()
    }

    /// Returns whether the caller may not see what was asked for; forges do not say whether it is
    /// there.
    pub(crate) const fn is_hidden(&self) -> bool {
        matches!(self.class, ErrorClass::Forbidden | ErrorClass::NotFound)
    }

    /// Returns whether the forge itself answered 404; a proxy's says nothing about what is there.
    pub(crate) const fn is_not_found_by_forge(&self) -> bool {
        matches!(self.status, Some(404)) && !self.is_transient()
    }

    /// Makes an empty answer of what the caller may not see, for what we can do without.
    ///
    /// # Errors
    /// The error itself, if it is any other.
    pub(crate) fn empty_if_hidden<T: Default>(self) -> Result<T, Self> {
        if self.is_hidden() { Ok(T::default()) } else { Err(self) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_forge_are_matched_in_any_case() {
        let mut error = ForgeError::new(ErrorClass::Invalid, "could not add a key");
        error.details = vec!["Validation Failed".into(), "key is already in use".into()];
        assert!(error.says("Already In Use"));
        assert!(!error.says("could not"), "only the forge's words count, not ours");
    }

    #[test]
    fn the_reason_leaves_out_which_call_failed() {
        let of = |text: &str| ForgeError::new(ErrorClass::Forbidden, text).reason().to_owned();
        let call = "could not read a file on GitHub: Not allowed: see https://h/a (HTTP 403)";
        assert_eq!(of(call), "Not allowed: see https://h/a (HTTP 403)");
        assert_eq!(of("no follower has a token"), "no follower has a token");
        assert_eq!(of("could not say why"), "could not say why");
    }

    #[test]
    fn only_a_limit_and_an_outage_pass_by_themselves() {
        assert!(ErrorClass::RateLimited.is_transient());
        assert!(ErrorClass::Unavailable.is_transient());
        for class in [
            ErrorClass::Unauthorized,
            ErrorClass::Forbidden,
            ErrorClass::NotFound,
            ErrorClass::Invalid,
            ErrorClass::Broken,
        ] {
            assert!(!ErrorClass::is_transient(class), "{class:?}");
        }
    }
}
