//! The language server: what an editor asks about a configuration (`editor`), in the Language
//! Server Protocol (everything else).
//!
//! ```text
//! editor ─▶ frames ─▶ server (one loop) ─▶ requests: hover, completion, definition, …
//!                       │   ▲
//!                       ▼   │
//!                     analysis (a thread): orbs, compile ─▶ diagnostics
//! ```
//!
//! Requests are answered at once, from the text as it is, but for renames: each is compiled first, on its
//! own thread (`renames`). Compiling for diagnostics happens next to them, after the typing has paused, and
//! its outcome is dropped when the text has moved on. A panic ends what was asked for, not the session.
//!
//! The crate is given texts and orbs and knows no registry: the caller passes it a way to find orbs, and the
//! pipeline values that files of a directory are compiled with. It reads no file, and writes only the sources
//! of orbs and pages of diagnostics, for the editor, into a temporary directory.
//!
//! Deliberately absent: formatting. Files stay as their authors wrote them.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "messages are asked whether they are the one kind that fits; all others are ignored"
)]

mod actions;
mod analysis;
mod diagnostics;
mod documents;
mod editor;
mod frames;
mod panics;
mod renames;
mod requests;
mod server;
mod settings;
mod shapes;
mod sources;
mod text;

pub use server::{Ended, serve};
pub use settings::{Finder, LocalValues, OpenOrbs, Settings};

#[cfg(test)]
mod tests;
