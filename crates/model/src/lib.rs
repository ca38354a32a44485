//! The words of Roundel, as plain data.
//!
//! Every crate but `container` and `jobtool` speaks in these types, `lsp` by way of `config`: ids, names, statuses,
//! the [`plan::Plan`], the limits and [`secret::Secret`]. Nothing here waits or knows another crate of the
//! workspace, and no clock is read but by [`time::Timestamp::now`] and the `fresh` of ids, so a value of this crate
//! means the same in a test, on a server and on a runner.
//!
//! Deliberately absent: rules (they live in `engine`), parsing of configuration (`config`), wire
//! messages between server and runner (`protocol`).

pub mod actor;
pub mod cause;
pub mod forge;
pub mod id;
pub mod kind;
pub mod limits;
pub mod name;
pub mod nearest;
pub mod plan;
pub mod secret;
pub mod status;
pub mod text;
pub mod time;
pub mod word;
