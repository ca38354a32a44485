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
pub mod logs;
pub mod pipelines;
pub mod projects;
pub mod reading;
pub mod runners;
pub mod vault;

/// A connection to the database, cheap to clone.
#[derive(Clone)]
pub struct Store {}

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("the database could not {action}")]
    Database {
        /// What was tried: "record a delivery".
        action: &'static str,
        /// What it said.
        #[source]
        source: sqlx::Error,
    },
    /// A row holds what no release of ours wrote.
    #[error("the database holds an unreadable {what}")]
    Unreadable {
        /// Which kind of value, and of which row.
        what: String,
    },
    /// A sealed value could not be opened: the instance key is another one.
    #[error("a sealed value of {what} does not open with this instance key")]
    Sealed {
        /// Which kind of value.
        what: String,
    },
    /// There is no such row.
    #[error("there is no such {0}")]
    Missing(&'static str),
}

/// Where and how to open a store.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `sqlite:PATH`, `sqlite::memory:` (tests) or `postgres://…`.
    pub url: String,
    /// Seals secret values. 32 bytes.
    pub instance_key: roundel_model::secret::Secret<Vec<u8>>,
}

impl Store {
    /// Opens the database and brings its schema up to date.
    pub async fn open(settings: &Settings) -> Result<Self, StoreError> { let _ = settings; todo!() }
    /// Flushes and closes. Later calls fail.
    pub async fn close(&self) { todo!() }
}
