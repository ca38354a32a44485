//! Why a directory cannot be packed.

use crate::text::diagnostic::Diagnostic;

/// Files of one directory.
pub const FILES: usize = 10_000;

/// Why a directory cannot be packed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// There is nothing to pack.
    #[error("it contains no YAML files")]
    Empty,
    /// There are more than [`FILES`] files.
    #[error("it contains more than {FILES} YAML files")]
    TooManyFiles,
    /// A file is not YAML.
    #[error("`{path}` is not valid YAML")]
    Yaml { path: String, diagnostics: Vec<Diagnostic> },
    /// A file that goes into the level above it must hold a mapping.
    #[error("`{path}` must be a mapping, because its contents are merged into {place}")]
    NotAMapping {
        path: String,
        /// The place that its contents go to: "the top", "`commands`".
        place: String,
    },
    /// Two files give the same key.
    #[error("`{key}` is defined twice, in `{first}` and in `{second}`")]
    Duplicate {
        /// The key with those above it.
        key: String,
        /// The file that gave it first.
        first: String,
        /// The file that gave it again.
        second: String,
    },
    /// An included file is not available.
    #[error("`{path}` includes `{included}`, {error}")]
    Include {
        /// The file with the directive.
        path: String,
        /// The path in the directive.
        included: String,
        /// The reason, as a relative clause: "which does not exist".
        error: String,
    },
}
