//! What every measurement is given.

use std::path::PathBuf;

/// The program, and a place to write to.
pub(crate) struct Place {
    /// The program under test.
    pub binary: PathBuf,
    /// An empty directory for everything that is written.
    pub scratch: PathBuf,
}
