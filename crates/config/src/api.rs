//! What goes into a compilation and what comes out, as plain data.

pub(crate) mod compiled;
pub(crate) mod decision;
pub(crate) mod inputs;
pub mod orbs;
pub(crate) mod support;
