//! The server from outside: real HTTP, a real database, and the local forge as the other side.
//!
//! One binary, so that it links once. [`world`] builds what every test uses; the other files
//! are one promise of the server each.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may stop")]

mod email;
mod login;
mod orbs;
mod receiver;
mod restart;
mod runners;
mod setup;
mod story;
mod support;
mod upkeep;
mod world;
