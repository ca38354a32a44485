//! The words of Roundel, as plain data.
//!
//! Every other crate speaks in these types: ids, names, statuses, the [`plan::Plan`], the limits and
//! [`secret::Secret`]. Nothing here waits, reads a clock or knows another crate of the workspace, so a value
//! of this crate means the same in a test, on a server and on a runner.
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
