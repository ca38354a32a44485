//! Phase 6: what nothing runs, and orbs by themselves.

pub(crate) mod check_orb;
pub(crate) mod dormant;
pub(crate) mod lints;
