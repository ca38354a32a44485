//! Phase 1: sources become trees with places.

pub(crate) mod curly;
pub mod document;
pub(crate) mod report;
pub(crate) mod snippet;
pub(crate) mod source;
pub(crate) mod unseen;
pub(crate) mod yaml;
