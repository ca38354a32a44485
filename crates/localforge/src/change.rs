//! What can happen to a repository that webhooks report.

/// A ref that moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefChange {
    /// `refs/heads/…` or `refs/tags/…`.
    pub(crate) name: String,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

impl RefChange {
    /// Returns the branch, if it is one.
    pub(crate) fn branch(&self) -> Option<&str> {
        self.name.strip_prefix("refs/heads/")
    }
}

/// What happened to a pull request.
pub(crate) enum PullChange {
    Opened,
    Moved {
        /// The former head.
        before: String,
    },
    /// It was closed without merging.
    Closed,
}
