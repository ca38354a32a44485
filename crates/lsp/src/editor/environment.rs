//! What is known apart from the text.

use roundel_config::{Inputs, document::Node as Compiled};

use super::library::Library;

/// What is known apart from the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Environment<'e> {
    /// The orbs that the document imports.
    pub(crate) library: &'e Library,
    /// The document of the last compilation that had no errors.
    pub(crate) compiled: Option<&'e Compiled>,
    /// What the document is compiled with; without it nothing is compiled to show it.
    pub(crate) inputs: Option<&'e Inputs>,
}
