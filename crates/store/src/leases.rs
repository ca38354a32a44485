//! What a start finds left over from a process that is gone: rights to rows, and sessions that ended.

use crate::{db::values, error::StoreError, store::Store};
use roundel_model::time::Timestamp;

impl Store {
    /// Gives back the deliveries and effects that a killed process had taken, so that the next one
    /// need not wait for their leases to run out. Only where there cannot be a second server: on
    /// SQLite. On PostgreSQL nothing happens, and leases run out by themselves.
    pub async fn release_leases(&self) -> Result<(), StoreError> {
        if !self.db.has_one_server() {
            return Ok(());
        }
        let mut session = self.db.write("release leases").await?;
        let sql = "UPDATE deliveries SET leased_until = 0
             WHERE decided_at IS NULL AND leased_until > 0";
        session.run(sql, values![]).await?;
        let sql =
            "UPDATE effects SET leased_until = 0 WHERE state = 'pending' AND leased_until > 0";
        session.run(sql, values![]).await?;
        session.commit().await
    }

    /// Forgets sessions and sign-ins that are over, runners that are gone, and of orbs what is not needed any
    /// more.
    pub async fn forget_expired(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut session = self.db.write("forget what expired").await?;
        session.run("DELETE FROM sessions WHERE expires_at <= $1", values![now]).await?;
        session.run("DELETE FROM oauth_states WHERE expires_at <= $1", values![now]).await?;
        crate::runners::forget(&mut session, now).await?;
        crate::orbs::forget(&mut session, now).await?;
        session.commit().await
    }
}
