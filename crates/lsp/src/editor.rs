//! What an editor asks about a configuration that is being written: completion, hover, definition,
//! outline.
//!
//! ```text
//! text ▸ tree ▸ outline (definitions) ▸ index (every word that means something)
//!          └──▶ place (the cursor) ▸ spot (what the language expects there) ◀── schema
//! ```
//!
//! The compiler wants a complete document, an editor never has one. So this module has its own tolerant
//! reader and takes from the compiler only what the last good compilation made. Everything is
//! a pure function of text, place and [`Environment`]; spans are bytes.
//!
//! It uses nothing of `config` but its public interface: `compile`, orbs and plain documents.
//! Deliberately absent: diagnostics (the compiler's), formatting, and the protocol that editors
//! speak (the files around this module).

mod complete;
mod define;
mod describe;
mod document;
mod environment;
mod hover;
mod index;
mod library;
mod outline;
mod place;
mod rename_error;
mod schema;
mod spot;
mod symbols;
mod tags;
mod tree;
mod verify;

pub(crate) use complete::{Completion, Icon, complete};
pub(crate) use define::{Compile, definition, occurrences, rename, renamed_places};
pub(crate) use document::Document;
pub(crate) use environment::Environment;
pub(crate) use hover::hover;
pub(crate) use library::Library;
pub(crate) use schema::shape::Kind;
pub(crate) use symbols::{Outlined, SymbolKind, symbols};

#[cfg(test)]
mod tests;
