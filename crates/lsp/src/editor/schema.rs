//! Every key of the language, as a table: what it is for, what it takes, where it is specified.
//!
//! Completion and hover read it. The compiler does not: it is about meaning, this is about telling
//! people what they can write. A test holds the two together by compiling what the table offers.

mod execution;
mod parameters;
pub(crate) mod shape;
mod steps;
mod top;
pub(crate) mod values;
mod workflows;

pub(crate) use steps::BUILT_IN;
pub(crate) use top::{CONFIG, ORB};
pub(crate) use workflows::{APPROVAL, INVOCATION, LOGIC, STATUSES};

#[cfg(test)]
mod tests;
