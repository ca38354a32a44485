//! What is wrong with a pattern.

use std::{fmt, ops::Range};

/// Why a pattern cannot be used, or a string cannot be matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PatternError {
    /// A sentence without its subject: "this `(` is never closed".
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// Bytes of the pattern that are meant, where known.
    pub(crate) span: Option<Range<usize>>,
}

impl PatternError {
    pub(super) fn at(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, span: Some(span) }
    }

    pub(crate) fn whole(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, span: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl From<PatternError> for String {
    fn from(error: PatternError) -> Self {
        error.message
    }
}
