//! What several tests of orbs share.

pub(crate) mod loopback;
