//! Everything that must survive a restart: SQLite or PostgreSQL, chosen by URL.
//!
//! Each public method is one use case and one transaction. SQL is written once and runs on both
//! databases; [`db`] is the only file that names the driver. What has been answered is on disk
//! (`synchronous=FULL`). Secret values are sealed by [`vault`] before they reach a row.
//!
//! Deliberately absent: HTTP, forges, decisions. The only way to change a status is
//! [`Store::change`], and only `drive::apply` of the server calls it.

pub mod accounts;
pub mod db;
pub mod deliveries;
pub mod effects;
mod error;
mod expiry;
mod inbox;
pub mod leases;
pub mod logs;
pub mod orbs;
pub mod pipelines;
pub mod projects;
pub mod reading;
pub mod runners;
pub mod vault;

mod pack;
mod store;

pub use db::{check_postgres_url, sqlite_file};
pub use error::StoreError;
pub use store::{Settings, Store};
