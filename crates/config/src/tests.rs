//! Tests of the compiler as a whole: the specification, the corpus, mutations, hostile input.

mod advice;
mod corpus;
mod mutation;
mod rng;
mod robustness;
mod sentences;
mod spec;
