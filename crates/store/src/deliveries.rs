//! The inbox: webhook requests as they came, and the receipts of each.
//!
//! A delivery is on disk before it is answered (invariant 1): [`crate::inbox`] writes it. It is due until
//! it is decided; the server that takes it has it until a time, so that a crash only delays it.
//!
//! Deliberately absent: what a delivery means (`forge`, `server::intake`), and clearing old ones.

use roundel_model::{
    forge::ForgeKind,
    id::{DeliveryId, HookId, PipelineId, ProjectId},
    time::Timestamp,
};

pub use crate::inbox::{NewDelivery, Recorded};

use crate::{
    db::{Row, to_json, values},
    error::StoreError,
    pack::unpack,
    store::Store,
};

/// A delivery with its receipts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub id: DeliveryId,
    /// The hook whose address it came to.
    pub hook: HookId,
    /// The hook's project.
    pub project: ProjectId,
    pub forge: ForgeKind,
    /// The forge's id of it.
    pub guid: String,
    /// The event's name from the header.
    pub event: String,
    pub received_at: Timestamp,
    /// When its receipts were written.
    pub decided_at: Option<Timestamp>,
    /// How often processing it was tried.
    pub attempts: u32,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// One for each change that it reports. Empty while undecided.
    pub receipts: Vec<Receipt>,
    pub size_bytes: u64,
}

/// The receipt of one change (invariant 8).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Receipt {
    /// It started this pipeline.
    Started {
        pipeline: PipelineId,
        /// Its number in the project.
        number: u64,
        /// The branch or tag that changed.
        what: String,
    },
    /// The same push had started it already.
    Known {
        pipeline: PipelineId,
        /// Its number in the project.
        number: u64,
        /// The branch or tag that changed.
        what: String,
    },
    /// Nothing is built.
    Ignored {
        /// What changed.
        what: String,
        /// Why that is not built, for people.
        because: String,
        /// The kind of reason; receipts of releases before have none.
        #[serde(default)]
        reason: IgnoredReason,
    },
}

/// Why a change is not built: decides the advice about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IgnoredReason {
    /// The commit message asks for it.
    SkipMarker,
    /// A branch or tag was deleted.
    RefDeleted,
    ForkPullRequest,
    /// A pull request whose branch is in this repository.
    OwnPullRequest,
    /// The project builds nothing.
    ProjectNotBuilding,
    ProjectDeleted,
    /// The commit is no longer at the forge.
    CommitGone,
    /// The commit has no configuration.
    NoConfig,
    /// It is about another repository than that of its webhook.
    OtherRepository,
    /// It tests the webhook.
    Ping,
    /// A change of the project, which was recorded, or of something that does not belong to it.
    ProjectNews,
    /// News of the project, and the forge could not be asked for it.
    ForgeRefused,
    /// A key or the webhook of the project is gone.
    SetupBroken,
    /// No change of a branch or tag is in it, or it cannot be read.
    NoChange,
    /// Written by another release, which did not say or knows more.
    #[default]
    #[serde(other)]
    Unknown,
}

/// Every column of a delivery but its body. The receipts are in `verdicts`: releases before call
/// them so, and they still read the column.
const COLUMNS: &str = "id, hook, project, forge, guid, event, received_at, decided_at, attempts,
    last_error, verdicts, size_bytes";

impl Store {
    /// Writes a delivery durably: when this returns, it is on disk. Several that arrive together share a commit.
    pub async fn record_delivery(&self, delivery: NewDelivery) -> Result<Recorded, StoreError> {
        self.inbox.record(delivery).await
    }

    /// Takes the oldest undecided delivery that is due and keeps others from it until `leased_until`.
    pub async fn next_delivery(
        &self,
        now: Timestamp,
        leased_until: Timestamp,
    ) -> Result<Option<(Delivery, Vec<u8>)>, StoreError> {
        let mut session = self.db.write("take a delivery").await?;
        let sql = format!(
            "UPDATE deliveries SET leased_until = $1, attempts = attempts + 1 WHERE id IN (
                SELECT d.id FROM deliveries d
                WHERE d.decided_at IS NULL AND d.due_at <= $2 AND d.leased_until <= $2
                ORDER BY d.received_at, d.id LIMIT 1 {})
             RETURNING {COLUMNS}, body",
            session.skip_taken()
        );
        let Some(row) = session.row(sql, values![leased_until, now]).await? else {
            return Ok(None);
        };
        session.commit().await?;
        Ok(Some((delivery_from(&row)?, body_from(&row)?)))
    }

    /// Records the receipts of a delivery. It is not taken again.
    pub async fn decide_delivery(
        &self,
        id: DeliveryId,
        receipts: &[Receipt],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write("decide a delivery").await?;
        let sql = "UPDATE deliveries SET decided_at = $1, verdicts = $2, leased_until = 0
             WHERE id = $3";
        let changed = session.run(sql, values![now, to_json(&receipts)?, id]).await?;
        session.commit().await?;
        if changed == 0 { Err(StoreError::Missing("delivery")) } else { Ok(()) }
    }

    /// Tries again later (a forge that is unavailable).
    pub async fn postpone_delivery(
        &self,
        id: DeliveryId,
        until: Timestamp,
        error: &str,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write("postpone a delivery").await?;
        let sql = "UPDATE deliveries SET due_at = $1, last_error = $2, leased_until = 0
             WHERE id = $3 AND decided_at IS NULL";
        session.run(sql, values![until, error, id]).await?;
        session.commit().await
    }

    /// Finds a delivery.
    pub async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        let mut session = self.db.read("read a delivery").await?;
        let sql = format!("SELECT {COLUMNS} FROM deliveries WHERE id = $1");
        let row = session.row(sql, values![id]).await?;
        row.as_ref().map(delivery_from).transpose()
    }

    /// Reads the request's body, byte for byte.
    pub async fn delivery_body(&self, id: DeliveryId) -> Result<Option<Vec<u8>>, StoreError> {
        let mut session = self.db.read("read a delivery").await?;
        let sql = "SELECT size_bytes, body FROM deliveries WHERE id = $1";
        let row = session.row(sql, values![id]).await?;
        row.as_ref().map(body_from).transpose()
    }

    /// Newest first.
    pub async fn deliveries(
        &self,
        project: ProjectId,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut session = self.db.read("list deliveries").await?;
        let sql = format!(
            "SELECT {COLUMNS} FROM deliveries WHERE project = $1
             ORDER BY received_at DESC, id DESC LIMIT $2"
        );
        session.rows(sql, values![project, limit]).await?.iter().map(delivery_from).collect()
    }
}

fn delivery_from(row: &Row) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        id: row.get("id")?,
        hook: row.get("hook")?,
        project: row.get("project")?,
        forge: row.get("forge")?,
        guid: row.get("guid")?,
        event: row.get("event")?,
        received_at: row.get("received_at")?,
        decided_at: row.opt("decided_at")?,
        attempts: row.get("attempts")?,
        last_error: row.opt("last_error")?,
        receipts: row.json("verdicts")?,
        size_bytes: row.get("size_bytes")?,
    })
}

fn body_from(row: &Row) -> Result<Vec<u8>, StoreError> {
    let size: u64 = row.get("size_bytes")?;
    unpack(&row.get::<Vec<u8>>("body")?, usize::try_from(size).unwrap_or(usize::MAX))
}
