//! Tests of the compiler as a whole: the specification, the corpus, mutations, hostile input.

mod advice;
mod chance;
mod corpus;
mod mutation;
mod robustness;
mod spec;
