//! What went wrong with a forge, sorted by what may be done about it (`VCS` §0 rule 9).

use std::time::Duration;

use roundel_model::forge::ForgeKind;

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
#[error("{}{reason}", prefix(.call.as_deref()))]
pub struct ForgeError {
    /// The way to handle it.
    pub class: ErrorClass,
    /// The call that failed and its forge, completing "could not …"; `None` if it is not about one call.
    pub call: Option<String>,
    /// A sentence for people, without the call: what the forge said, and what to do. It stands alone where
    /// a sentence says in its own words what could not be done.
    pub reason: String,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// When to try again, if it said.
    pub retry_after: Option<Duration>,
    /// The forge's own words (field messages of a 422), for matching.
    pub details: Vec<String>,
}

/// Begins the message about a failed call: "could not read a file on GitHub: Not Found".
fn prefix(call: Option<&str>) -> String {
    call.map(|call| format!("could not {call}: ")).unwrap_or_default()
}

impl ForgeError {
    /// An error that is about no call.
    pub fn new(class: ErrorClass, reason: impl Into<String>) -> Self {
        Self {
            class,
            call: None,
            reason: reason.into(),
            status: None,
            retry_after: None,
            details: Vec::new(),
        }
    }

    /// An error of a call, named by its purpose: "read a file".
    pub(crate) fn of_call(
        class: ErrorClass,
        what: &str,
        kind: ForgeKind,
        reason: impl Into<String>,
    ) -> Self {
        Self { call: Some(format!("{what} on {kind}")), ..Self::new(class, reason) }
    }

    /// Returns whether the forge's own words contain a string, in any case. Forges reword their
    /// messages: match on a short, distinctive part (`VCS` §2.7).
    pub fn says(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.details.iter().any(|detail| detail.to_lowercase().contains(&text))
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
        let kind = ForgeKind::GitHub;
        let mut error = ForgeError::of_call(ErrorClass::Invalid, "add a key", kind, "refused");
        error.details = vec!["Validation Failed".into(), "key is already in use".into()];
        assert!(error.says("Already In Use"));
        assert!(!error.says("could not"), "only the forge's words count, not ours");
    }

    /// A forge's own words may look like ours.
    #[test]
    fn the_reason_is_what_the_forge_said_whatever_that_is() {
        let said = "could not find it: see https://h/a (HTTP 403)";
        let class = ErrorClass::Forbidden;
        let error = ForgeError::of_call(class, "read a file", ForgeKind::GitHub, said);
        assert_eq!(error.reason, said);
        assert_eq!(error.to_string(), format!("could not read a file on GitHub: {said}"));
        assert_eq!(ForgeError::new(class, said).to_string(), said);
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
