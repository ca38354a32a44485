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
pub mod leases;
pub mod logs;
pub mod orbs;
pub mod pipelines;
pub mod projects;
pub mod reading;
pub mod runners;
pub mod vault;

mod pack;

use std::{sync::Arc, time::Duration};

use roundel_model::secret::Secret;

pub use db::sqlite_file;
pub use error::StoreError;

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

    /// Asks the database for nothing, and waits no longer than this for the answer.
    ///
    /// # Errors
    ///
    /// If it does not answer, or not in time.
    pub async fn ping(&self, within: Duration) -> Result<(), StoreError> {
        self.db.ping(within).await
    }

    /// Says why PostgreSQL cannot be reached, after a [`Store::ping`] that failed: the pool of
    /// connections only says that its time is over. `None` where that is all there is to say. Opens a
    /// connection, so it is not for every request.
    pub async fn why_unreachable(&self, within: Duration) -> Option<StoreError> {
        self.db.why_unreachable(within).await
    }

    /// Flushes and closes. Later calls fail.
    pub async fn close(&self) {
        self.inbox.close().await;
        self.db.close().await;
    }
}
