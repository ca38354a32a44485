//! Who is signed in, and what a sign-in that is under way must remember.
//!
//! Tokens of sessions and states are kept as hashes: a copy of the database does not let them be used.
//! Expired sessions are deleted when the next one is created.
//!
//! Deliberately absent: cookies (`server`).

use roundel_model::{id::AccountId, time::Timestamp};

use super::{ACCOUNT, Account, account_from};
use crate::{db::values, error::StoreError, store::Store, vault::Scope};

/// Expired sessions and sign-in states that one call clears away on its way.
const SWEEP: u32 = 100;

const PAYLOAD: &str = "oauth_states.payload";

impl Store {
    /// Opens a session. `token_hash` is the SHA-256 of the cookie's value.
    pub async fn open_session(
        &self,
        token_hash: &[u8],
        account: AccountId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write("open a session").await?;
        let sql = "DELETE FROM sessions WHERE token_hash IN
             (SELECT token_hash FROM sessions WHERE expires_at <= $1 LIMIT $2)";
        session.run(sql, values![now, SWEEP]).await?;
        let sql = "INSERT INTO sessions (token_hash, account, created_at, expires_at)
             VALUES ($1, $2, $3, $4)";
        session.run(sql, values![token_hash, account, now, expires_at]).await?;
        session.commit().await
    }

    /// Finds whose session it is, while it lasts.
    pub async fn session(
        &self,
        token_hash: &[u8],
        now: Timestamp,
    ) -> Result<Option<Account>, StoreError> {
        let mut session = self.db.read("find a session").await?;
        let sql = format!(
            "{ACCOUNT} FROM sessions s
             JOIN accounts a ON a.id = s.account WHERE s.token_hash = $1 AND s.expires_at > $2"
        );
        let row = session.row(sql, values![token_hash, now]).await?;
        row.as_ref().map(account_from).transpose()
    }

    /// Ends a session.
    pub async fn close_session(&self, token_hash: &[u8]) -> Result<(), StoreError> {
        let mut session = self.db.write("close a session").await?;
        session.run("DELETE FROM sessions WHERE token_hash = $1", values![token_hash]).await?;
        session.commit().await
    }

    /// Keeps what a sign-in flow must remember (JSON), until `expires_at`.
    pub async fn put_oauth_state(
        &self,
        state_hash: &[u8],
        payload: &str,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let data_key = self.vault.unlock(&self.db, Scope::Instance).await?;
        let sealed = data_key.seal(PAYLOAD, &hex::encode(state_hash), &payload.into())?;
        let mut session = self.db.write("keep the state of a sign-in").await?;
        let sql = "INSERT INTO oauth_states (state_hash, sealed_payload, expires_at)
             VALUES ($1, $2, $3)";
        session.run(sql, values![state_hash, sealed, expires_at]).await?;
        session.commit().await
    }

    /// Takes it: a second call finds nothing (single use).
    pub async fn take_oauth_state(
        &self,
        state_hash: &[u8],
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let data_key = self.vault.unlock(&self.db, Scope::Instance).await?;
        let mut session = self.db.write("take the state of a sign-in").await?;
        let sql = "DELETE FROM oauth_states WHERE state_hash IN
             (SELECT state_hash FROM oauth_states WHERE expires_at <= $1 LIMIT $2)";
        session.run(sql, values![now, SWEEP]).await?;
        let sql = "DELETE FROM oauth_states WHERE state_hash = $1 AND expires_at > $2
             RETURNING sealed_payload";
        let row = session.row(sql, values![state_hash, now]).await?;
        session.commit().await?;
        let Some(row) = row else { return Ok(None) };
        let sealed: Vec<u8> = row.get("sealed_payload")?;
        let payload = data_key.open(PAYLOAD, &hex::encode(state_hash), &sealed)?;
        Ok(Some(payload.expose().clone()))
    }
}
