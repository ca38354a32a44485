//! Environments and images on this machine: as root, and the same again as ordinary users.
//!
//! What a machine lacks is skipped with a notice that begins with `SKIPPED`, so that a run can
//! count them.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of it is tests, also what they share"
)]

mod escapes;
mod image_files;
mod leaks;
mod limits;
mod network;
mod ordinary_users;
mod processes;
mod registry;
mod setuid;
mod world;
