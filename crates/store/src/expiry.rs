//! Deletes what expired: sessions, sign-ins, runners that are gone, and what no orb needs any more.
//!
//! Deliberately absent: leases, which end by themselves ([`leases`](crate::leases) gives some back), and what is
//! never deleted yet: pipelines, deliveries, logs.

use roundel_model::time::Timestamp;

use crate::{db::values, error::StoreError, store::Store};

impl Store {
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
