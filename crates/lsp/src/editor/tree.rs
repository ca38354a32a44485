//! A tree of a YAML text that need not be YAML yet.
//!
//! An editor asks about text that is being typed: the last line is half a word, a bracket is
//! open, a list is indented wrongly. So this reader never refuses. It goes by columns, keeps what
//! it can tell and gives every piece its place; a key that has no colon yet is an [`Entry`] too.
//! Text that is YAML gets the same shape as from the compiler's parser, which a test checks.
//!
//! Deliberately absent: types of scalars, merging, templates, complaints. The compiler has those.

mod block;
mod flow;
pub(crate) mod node;
mod reader;

use node::Node;
use reader::Reader;

/// Documents beyond this are not read: the compiler refuses them as well.
const TEXT_BYTES: usize = 4 << 20;

impl Node {
    /// Reads a document. Never fails; what makes no sense is passed over.
    pub(crate) fn read(text: &str) -> Self {
        if text.len() > TEXT_BYTES {
            return Self::default();
        }
        Reader::new(text).document()
    }
}

#[cfg(test)]
mod tests;
