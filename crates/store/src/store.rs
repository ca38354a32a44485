//! The store: one connection, from opening to closing. What it keeps stands in a file for each kind.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use roundel_model::secret::Secret;

use crate::{
    db::Db,
    error::StoreError,
    inbox::Inbox,
    vault::{Scope, Vault},
};

/// A connection to the database, cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) db: Db,
    pub(crate) vault: Vault,
    pub(crate) inbox: Arc<Inbox>,
    /// Kinds of effects that the log said are not known here.
    pub(crate) unknown_effects: Arc<Mutex<BTreeSet<String>>>,
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
        Ok(Self { db, vault, inbox, unknown_effects: Arc::default() })
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
