//! The reasons for which a rename is refused.

/// Why a rename is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RenameError {
    #[error("only names that are defined in this file can be renamed")]
    NotDefinedHere,
    #[error(
        "`{0}` is not a valid name: use letters, digits, `_`, `-` and `.`, starting with a letter or `_`"
    )]
    NotAName(String),
    /// Two things would become one, and nothing could tell them apart again.
    #[error("there is already {what} `{name}`")]
    Taken {
        /// What has the name, with its article: `a job`.
        what: &'static str,
        name: String,
    },
    #[error("`{0}` is a built-in step: every step with this name would mean the command")]
    BuiltIn(String),
    #[error("renaming `{from}` to `{to}` would break this file: {message}, line {line}")]
    Breaks { from: String, to: String, message: String, line: u32 },
    #[error("renaming `{from}` to `{to}` would change what runs: `{at}`")]
    Changes { from: String, to: String, at: String },
    #[error(
        "the orbs of this file are still being looked up: try again when its diagnostics are there"
    )]
    OrbsUnknown,
}
