//! Pays what the world is owed.
