//! The connection of a request, and how to cut it.

use std::sync::{Arc, atomic::AtomicBool};

/// The connection of a request.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// Set to break it.
    pub(crate) cut: Arc<AtomicBool>,
}

/// Returns the switch of a new connection.
pub(crate) fn uncut() -> Arc<AtomicBool> {
    Arc::new(AtomicBool::new(false))
}
