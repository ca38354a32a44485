//! Sources, places in them, and what is said about those places.

pub(crate) mod diagnostic;
pub(crate) mod help;
pub(crate) mod lines;
pub(crate) mod place;
pub(crate) mod problem;
pub(crate) mod suggest;
