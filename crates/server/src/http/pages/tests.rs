//! The pages over a real store.
