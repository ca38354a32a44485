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
pub mod leases;
pub mod logs;
pub mod orbs;
pub mod pipelines;
pub mod projects;
pub mod reading;
pub mod runners;
pub mod vault;

mod pack;

use std::sync::Arc;

use roundel_model::secret::Secret;

use crate::{
    db::Db,
    deliveries::inbox::Inbox,
    vault::{Scope, Vault},
};

/// A connection to the database, cheap to clone.
#[derive(Clone)]
pub struct Store {
    db: Db,
    vault: Vault,
    inbox: Arc<Inbox>,
}

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
        source: db::DriverError,
    },
    /// A row holds what no release of ours wrote.
    #[error("the database holds an unreadable {what}")]
    Unreadable {
        /// Which kind of value, and of which row.
        what: String,
    },
    /// A sealed value could not be opened: the instance key is another one.
    #[error(
        "a sealed value ({what}) does not open with this instance key; start the server with the \
         instance key that this database was made with, from its key file or from a backup of it"
    )]
    Sealed {
        /// Which kind of value.
        what: String,
    },
    /// The instance key has the wrong size.
    #[error("the instance key has {bytes} bytes instead of 32")]
    InstanceKey {
        /// How many it has.
        bytes: usize,
    },
    /// The system has no random numbers to give.
    #[error("the system gave no random numbers")]
    NoRandomness,
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
    pub instance_key: Secret<Vec<u8>>,
}

impl Store {
    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// [`StoreError::Sealed`] when the database was made with another instance key: better now than
    /// when a job needs a secret.
    pub async fn open(settings: &Settings) -> Result<Self, StoreError> {
        let vault = Vault::new(&settings.instance_key)?;
        let db = Db::connect(&settings.url).await?;
        db.migrate().await?;
        vault.unlock(&db, Scope::Instance).await?;
        let inbox = Arc::new(Inbox::open(db.clone()));
        Ok(Self { db, vault, inbox })
    }

    /// Flushes and closes. Later calls fail.
    pub async fn close(&self) {
        self.inbox.close().await;
        self.db.close().await;
    }
}
