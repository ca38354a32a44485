//! Seals secret values before they reach a row, and opens them again.
//!
//! ```text
//! instance key ──wraps──▶ data key of a scope ──seals──▶ value
//!  (file, env)            (a row of data_keys)          (a column sealed_…)
//! ```
//!
//! A scope is a project, an account or the instance. Sealing is XChaCha20-Poly1305 with a random
//! nonce. The place of a value (table, row, column) is authenticated with it, so that a value that
//! was moved to another row or column does not open there.
//!
//! On disk: one byte for the format, 24 of nonce, then the ciphertext with its tag.
//!
//! Deliberately absent: where the instance key comes from (the command line), and changing it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use rand::{TryRng, rngs::SysRng};
use roundel_model::{
    id::{AccountId, ProjectId},
    secret::Secret,
};

use crate::{
    db::{Db, values},
    error::StoreError,
};

/// The only format so far.
const FORMAT: u8 = 1;
const NONCE_BYTES: usize = 24;
const KEY_BYTES: usize = 32;

/// Opened data keys that are kept. Forgetting them costs one read each.
const KEPT_KEYS: usize = 10_000;

/// Whose data key seals a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    /// The whole installation.
    Instance,
    /// One person.
    Account(AccountId),
    Project(ProjectId),
}

impl Scope {
    fn name(self) -> String {
        match self {
            Self::Instance => "instance".to_owned(),
            Self::Account(id) => format!("account:{id}"),
            Self::Project(id) => format!("project:{id}"),
        }
    }
}

/// The instance key, and the data keys that it opened lately.
#[derive(Clone)]
pub(crate) struct Vault {
    instance: Cipher,
    opened: Arc<Mutex<HashMap<Scope, Cipher>>>,
}

/// A scope whose data key is unwrapped.
pub(crate) struct DataKey {
    scope: Scope,
    cipher: Cipher,
}

impl Vault {
    /// Takes the instance key, which has 32 bytes.
    pub(crate) fn new(instance_key: &Secret<Vec<u8>>) -> Result<Self, StoreError> {
        let instance = Cipher::new(instance_key)
            .ok_or(StoreError::InstanceKey { bytes: instance_key.expose().len() })?;
        Ok(Self { instance, opened: Arc::default() })
    }

    /// Finds the data key of a scope, or makes it. Two servers that make it at once end up with one.
    ///
    /// Called when there is something to seal or to open, not to find out whether there is: it would
    /// make keys for whatever is asked about.
    ///
    /// Takes separate connections, so it is called before a transaction is begun: a key that was
    /// made in a transaction, kept, and then undone with it would seal values forever.
    ///
    /// # Errors
    ///
    /// [`StoreError::Sealed`] if the data key was made under another instance key.
    pub(crate) async fn unlock(&self, db: &Db, scope: Scope) -> Result<DataKey, StoreError> {
        if let Some(cipher) = self.opened().get(&scope).cloned() {
            return Ok(DataKey { scope, cipher });
        }
        let name = scope.name();
        let label = format!("roundel:data key:{name}");
        let wrapped = match stored_key(db, &name).await? {
            Some(wrapped) => wrapped,
            None => self.make_key(db, &name, &label).await?,
        };
        let key = self
            .instance
            .open(&wrapped, label.as_bytes())
            .ok_or_else(|| StoreError::Sealed { what: format!("the data key of {name}") })?;
        let cipher = Cipher::new(&Secret::new(key))
            .ok_or_else(|| StoreError::Unreadable { what: format!("data key of {name}") })?;
        let mut opened = self.opened();
        if opened.len() >= KEPT_KEYS {
            opened.clear();
        }
        opened.insert(scope, cipher.clone());
        drop(opened);
        Ok(DataKey { scope, cipher })
    }

    async fn make_key(&self, db: &Db, name: &str, label: &str) -> Result<Vec<u8>, StoreError> {
        let mut key = vec![0; KEY_BYTES];
        fill(&mut key)?;
        let key = Secret::new(key);
        let wrapped = self.instance.seal(key.expose(), label.as_bytes())?;
        let mut session = db.write("make a data key").await?;
        // The update that changes nothing makes the row of the first caller come back.
        let sql = "INSERT INTO data_keys (scope, wrapped) VALUES ($1, $2)
             ON CONFLICT (scope) DO UPDATE SET scope = excluded.scope RETURNING wrapped";
        let row = session.row(sql, values![name, wrapped]).await?;
        session.commit().await?;
        row.ok_or(StoreError::Missing("data key"))?.get("wrapped")
    }

    fn opened(&self) -> MutexGuard<'_, HashMap<Scope, Cipher>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn stored_key(db: &Db, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let mut session = db.read("read a data key").await?;
    let sql = "SELECT wrapped FROM data_keys WHERE scope = $1";
    session.row(sql, values![name]).await?.map(|row| row.get("wrapped")).transpose()
}

impl DataKey {
    /// Seals a string for a row of a column (`hooks.secret`).
    pub(crate) fn seal(
        &self,
        column: &str,
        row: &str,
        text: &Secret<String>,
    ) -> Result<Vec<u8>, StoreError> {
        self.cipher.seal(text.expose().as_bytes(), &self.label(column, row))
    }

    /// Opens what was sealed for this row of this column.
    ///
    /// # Errors
    ///
    /// [`StoreError::Sealed`] if it was sealed under another key or for another place.
    pub(crate) fn open(
        &self,
        column: &str,
        row: &str,
        sealed: &[u8],
    ) -> Result<Secret<String>, StoreError> {
        let refused = || StoreError::Sealed { what: column.to_owned() };
        let opened = self.cipher.open(sealed, &self.label(column, row)).ok_or_else(refused)?;
        String::from_utf8(opened).map(Secret::new).map_err(|_| refused())
    }

    /// What is authenticated with a value. The lengths keep two places from reading the same.
    fn label(&self, column: &str, row: &str) -> Vec<u8> {
        let scope = self.scope.name();
        format!("roundel:{}:{scope}:{}:{column}:{row}", scope.len(), column.len()).into_bytes()
    }
}

/// One key, ready to use.
#[derive(Clone)]
struct Cipher(XChaCha20Poly1305);

impl Cipher {
    fn new(key: &Secret<Vec<u8>>) -> Option<Self> {
        XChaCha20Poly1305::new_from_slice(key.expose()).ok().map(Self)
    }

    fn seal(&self, plain: &[u8], label: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE_BYTES];
        fill(&mut nonce)?;
        let payload = Payload { msg: plain, aad: label };
        let sealed = self
            .0
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| StoreError::Unreadable { what: "value to seal".to_owned() })?;
        Ok([&[FORMAT][..], &nonce, &sealed].concat())
    }

    fn open(&self, sealed: &[u8], label: &[u8]) -> Option<Vec<u8>> {
        let rest = sealed.strip_prefix(&[FORMAT])?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>()?;
        self.0.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: label }).ok()
    }
}

/// Fills bytes with the system's randomness.
fn fill(bytes: &mut [u8]) -> Result<(), StoreError> {
    SysRng.try_fill_bytes(bytes).map_err(|_| StoreError::NoRandomness)
}

#[cfg(test)]
mod tests;
