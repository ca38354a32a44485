//! Stories: the real binary, the local forge, real git. One test for each promise of the README.

#![expect(clippy::unwrap_used, reason = "a story that stumbles fails")]
#![expect(clippy::format_push_string, reason = "the settings of a story are a few lines")]

mod config;
mod crashes;
mod demo;
mod demo_visitor;
mod editors;
mod escapes;
mod faults;
mod installation;
mod orbs;
mod pushes;
mod settings;
mod terminal;
mod texts;
