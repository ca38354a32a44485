//! The store, from layouts and archives made here.
