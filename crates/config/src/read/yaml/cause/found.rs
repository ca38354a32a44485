//! What is said about a syntax error.

use crate::text::place::Span;

/// The cause of a syntax error.
pub(in crate::read::yaml) struct Cause {
    /// The place of the mistake, if it is not the parser's.
    pub(in crate::read::yaml) span: Option<Span>,
    /// The message, in place of the parser's.
    pub(in crate::read::yaml) message: Option<String>,
    pub(in crate::read::yaml) help: String,
    /// A line that is related to it.
    pub(in crate::read::yaml) related: Option<(Span, &'static str)>,
    /// It is the mistake, whatever bracket is still open around it.
    pub(in crate::read::yaml) is_certain: bool,
}

impl Cause {
    pub(super) fn help(help: impl Into<String>) -> Self {
        Self { span: None, message: None, help: help.into(), related: None, is_certain: false }
    }
}
