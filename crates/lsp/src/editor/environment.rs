//! The context of a document: its orbs, its inputs and its last compilation.

use roundel_config::{Inputs, document::Node as Compiled};

use super::library::Library;

/// The context of a document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Environment<'e> {
    /// The orbs that the document imports.
    pub(crate) library: &'e Library,
    /// The document of the last compilation that had no errors.
    pub(crate) compiled: Option<&'e Compiled>,
    /// The inputs of the compiler; without them nothing is compiled to show it.
    pub(crate) inputs: Option<&'e Inputs>,
}
