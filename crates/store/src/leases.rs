//! Leases on deliveries and effects that a process which is gone has left.

use crate::{db::values, error::StoreError, store::Store};

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
}
