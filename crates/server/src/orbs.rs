//! Where orbs come from: a directory, this instance, a registry, an address (CFG §4.13, §4.14).
//!
//! The compiler is pure and only says which orbs it wants. This module finds them:
//!
//! ```text
//! lock file or what the pipeline recorded ▸ directory ▸ published ▸ upstream ▸ stand-ins
//! ```
//!
//! The first place that has a version which fits is taken, so that what an administrator put into
//! the directory wins over what others publish. [`Offline`] is the part for commands that have no
//! server.

mod address;
mod answer;
pub mod catalog;
pub mod describe;
mod directory;
mod fetch;
mod lock;
mod offline;
pub mod publish;
mod published;
mod sources;
#[cfg(test)]
pub(crate) mod tests;
mod upstream;
pub mod wire;

pub use answer::ORB_BYTES;
pub(crate) use answer::digest;
pub use fetch::ClientError;
pub use offline::Offline;
pub use sources::Settings;
pub(crate) use sources::Sources;
