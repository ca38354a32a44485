//! The local forge as its users meet it: real git, real OpenSSH, real HTTP.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot continue fails")]

mod api;
mod faults;
mod git;
mod oauth;
mod pages;
mod state;
mod webhooks;
mod world;
