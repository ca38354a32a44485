//! What is wrong with an expression, and how its variables are found.

use std::ops::Range;

use crate::{
    codes::{self, Code},
    language::data::Data,
    text::help::Help,
};

/// Why a variable has no value.
#[derive(Clone, Debug)]
pub(crate) struct LookupError {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) help: Option<Help>,
}

impl LookupError {
    pub(crate) fn new(code: Code, message: String, help: Option<Help>) -> Self {
        Self { code, message, help }
    }
}

/// What is wrong with an expression.
#[derive(Clone, Debug)]
pub(crate) struct ExpressionError {
    pub(crate) code: Code,
    /// It cannot be read, as opposed to: it can be read but not computed.
    pub(crate) is_syntax: bool,
    pub(crate) message: String,
    pub(crate) help: Option<Help>,
    /// Bytes of the expression that are meant.
    pub(crate) span: Range<usize>,
}

impl ExpressionError {
    pub(super) fn syntax(span: Range<usize>, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code: codes::EXPRESSION_SYNTAX, is_syntax: true, message, help: None, span }
    }

    pub(super) fn value(span: Range<usize>, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code: codes::EXPRESSION_VALUE, is_syntax: false, message, help: None, span }
    }

    pub(super) fn help(mut self, help: impl Into<Help>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Finds the value of a variable.
pub(super) type Lookup<'l> = dyn FnMut(&str) -> Result<Data, LookupError> + 'l;
