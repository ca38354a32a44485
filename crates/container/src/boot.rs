//! The re-executed helper: sets up namespaces, becomes PID 1 of the environment, forks each process.

/// Becomes the helper if this process was started as one, and never returns then. Call it first in
/// `main`, before any thread exists.
pub fn run_if_asked() { todo!() }
