//! Parameters: declarations, and binding arguments to them (CFG §4.1, §4.2).

pub(crate) mod bind;
pub(super) mod declare;
