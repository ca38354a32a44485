//! What a request knows of the connection that it came on: how to cut it.

use std::sync::{Arc, atomic::AtomicBool};

/// What a request knows of its connection.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// Set to break it.
    pub(crate) cut: Arc<AtomicBool>,
}

/// Returns the switch of a new connection.
pub(crate) fn uncut() -> Arc<AtomicBool> {
    Arc::new(AtomicBool::new(false))
}
