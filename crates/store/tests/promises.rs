//! What the store promises, kept on SQLite and on PostgreSQL.
//!
//! Each promise is a function over a `World`; `on_both` makes two tests of it, `on_all` a third one
//! in memory. Nothing here looks below the public surface.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]
#![expect(clippy::panic, reason = "a test that cannot continue has failed")]

#[macro_use]
#[path = "promises/world.rs"]
mod world;

#[path = "promises/changes.rs"]
mod changes;
#[path = "promises/deliveries.rs"]
mod deliveries;
#[path = "promises/effects.rs"]
mod effects;
#[path = "promises/killed.rs"]
mod killed;
#[path = "promises/logs.rs"]
mod logs;
#[path = "promises/opening.rs"]
mod opening;
#[path = "promises/orbs.rs"]
mod orbs;
#[path = "promises/people.rs"]
mod people;
#[path = "promises/pipelines.rs"]
mod pipelines;
#[path = "promises/projects.rs"]
mod projects;
#[path = "promises/reading.rs"]
mod reading;
