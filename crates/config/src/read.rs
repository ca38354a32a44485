//! Phase 1: sources become trees with places.

pub(crate) mod curly_braces;
pub mod document;
pub(crate) mod invisible_characters;
pub(crate) mod report;
pub(crate) mod snippet;
pub(crate) mod source;
pub(crate) mod yaml;
