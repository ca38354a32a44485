//! Phase 2: a node and what its tags may refer to become a value.

pub(crate) mod evaluate;
pub(crate) mod express;
pub(crate) mod fields;
pub(crate) mod logic;
