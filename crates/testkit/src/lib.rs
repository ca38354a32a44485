//! What tests share: tools from outside, a scripted runner, an email sink, notices of what was skipped.
//!
//! No product crate imports this one. Each helper has its own file.

pub mod git;
pub mod planned;
pub mod postgres;
pub mod scripted_runner;
pub mod skip;
pub mod smtp_sink;
pub mod visitor;
