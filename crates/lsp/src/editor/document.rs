//! A document and what was read from it.

use std::sync::Arc;

use super::{index::Index, outline::Outline, tree::node::Node};

/// A document and what was read from it.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(super) text: Arc<str>,
    pub(super) root: Node,
    pub(super) outline: Arc<Outline>,
    pub(super) index: Index,
}

impl Document {
    /// Reads a document. Never fails.
    pub(crate) fn new(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let root = Node::read(&text);
        let outline = Arc::new(Outline::read(&text, &root));
        let index = Index::read(&text, &root, &outline);
        Self { text, root, outline, index }
    }

    /// Returns the text.
    pub(crate) fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Returns whether it has a key at its top level.
    pub(crate) fn has_section(&self, name: &str) -> bool {
        self.root.get(name).is_some()
    }
}
