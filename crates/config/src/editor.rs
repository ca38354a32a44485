//! What an editor asks about a configuration that is being written: what may stand here, what is
//! this, where does it come from, what is in this file.
//!
//! ```text
//! text ▸ tree ▸ outline (definitions) ▸ index (every word that means something)
//!          └──▶ place (the cursor) ▸ spot (what the language expects there) ◀── schema
//! ```
//!
//! The compiler wants a whole text, an editor never has one. So this module has a tolerant reader
//! of its own and takes from the compiler only what the last good compilation made. Everything is
//! a pure function of text, place and [`Environment`]; spans are bytes.
//!
//! Deliberately absent: diagnostics (the compiler's), formatting, and the protocol that editors
//! speak (the crate `lsp`).

mod complete;
mod define;
mod describe;
mod hover;
mod index;
mod library;
mod outline;
mod place;
mod schema;
mod spot;
mod symbols;
mod tags;
mod tree;

use std::sync::Arc;

pub use complete::{Completion, Icon, complete};
pub use define::{Target, definition, occurrences, rename};
pub use hover::{Hover, hover};
pub use library::{Library, Source};
pub use schema::Kind;
pub use symbols::{Outlined, SymbolKind, symbols};
pub use tree::Span;

use crate::{api::inputs::Inputs, read::document::Node as Compiled};

/// A text and what was read from it.
#[derive(Clone, Debug)]
pub struct Document {
    text: Arc<str>,
    root: tree::Node,
    outline: outline::Outline,
    index: index::Index,
}

/// What is known besides the text.
#[derive(Clone, Copy, Debug)]
pub struct Environment<'e> {
    /// The orbs that the document imports.
    pub library: &'e Library,
    /// The document of the last compilation that had no errors.
    pub compiled: Option<&'e Compiled>,
    /// What the document is compiled with; without it nothing is compiled to show it.
    pub inputs: Option<&'e Inputs>,
}

impl Document {
    /// Reads a text. Never fails.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let root = tree::Node::read(&text);
        let outline = outline::Outline::read(&text, &root);
        let index = index::Index::read(&text, &root, &outline);
        Self { text, root, outline, index }
    }

    /// Returns the text.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Tells whether it has a key at its top level.
    pub fn has_section(&self, name: &str) -> bool {
        self.root.get(name).is_some()
    }
}

#[cfg(test)]
mod tests;
