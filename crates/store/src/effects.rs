//! The outbox: effects that changes called for, until they are delivered.
//!
//! One row for each (pipeline, kind, subject). Enqueuing it again raises its generation and makes it
//! due at once, but not until a delivery that is under way has ended: two deliveries of one effect could
//! overtake each other, and the older report would stay on the commit.
//!
//! ```text
//! pending ──delivered──▶ delivered    enqueued again: back to pending, generation + 1, attempts 0
//!  │   ◀─failed (later)
//!  └──gave up──▶ given_up             shown on the pipeline's page
//! ```
//!
//! Deliberately absent: how to deliver (`server::deliver`) and how long to try.

use std::sync::PoisonError;

use roundel_engine::Effect;
use roundel_model::{
    id::{EffectId, JobId, PipelineId, WorkflowId},
    time::Timestamp,
};

use crate::{
    db::{Row, Session, values, words},
    error::StoreError,
    store::Store,
};

/// An effect that is not delivered yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingEffect {
    /// Names its row: one for each (pipeline, kind, subject).
    pub id: EffectId,
    /// The pipeline whose change called for it.
    pub pipeline: PipelineId,
    /// What is to be done.
    pub effect: Effect,
    /// How often it was taken since it was last enqueued, this time included.
    pub attempts: u32,
    /// When it was last enqueued.
    pub created_at: Timestamp,
    /// Grows each time the same effect is enqueued again: delivering an older generation does not end
    /// a newer one.
    pub generation: u64,
}

/// An effect that waits for its delivery, or was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndeliveredEffect {
    pub effect: Effect,
    /// How often it was tried since it was last enqueued.
    pub attempts: u32,
    /// Why the last try failed; `None` before the first failure.
    pub error: Option<String>,
    /// There will be no further try.
    pub given_up: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EffectState {
    Pending,
    Delivered,
    GivenUp,
}

words!(EffectState { Pending = "pending", Delivered = "delivered", GivenUp = "given_up" });

roundel_model::words! {
    /// What is to be done; with its subject, an [`Effect`].
    EffectKind ("kind of effect") {
        /// The status of a job goes to the commit.
        ReportJob = "report_job",
        /// A config error goes to the commit.
        ReportConfigError = "report_config_error",
        /// Waiting runners look for a job.
        OfferToRunners = "offer_to_runners",
        /// Emails to followers how a workflow ended.
        AnnounceWorkflow = "announce_workflow",
        /// Emails to followers that a job waits for approval.
        AnnounceApproval = "announce_approval",
        /// Emails a config error to followers.
        AnnounceConfigError = "announce_config_error",
    }
}

/// Every column that makes a [`PendingEffect`].
const COLUMNS: &str = "id, pipeline, kind, subject, attempts, created_at, generation";

impl Store {
    /// Takes effects that are due, oldest first, and keeps other servers from them until
    /// `leased_until`. Effects of the same pipeline, kind and subject are one row: what is enqueued
    /// twice is delivered once. `attempts` counts this try too. Kinds of a newer release are left to
    /// its servers.
    pub async fn due_effects(
        &self,
        now: Timestamp,
        leased_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<PendingEffect>, StoreError> {
        let mut session = self.db.write("take effects").await?;
        let sql = format!(
            "UPDATE effects SET leased_until = $1, attempts = attempts + 1 WHERE id IN (
                SELECT e.id FROM effects e
                WHERE e.state = 'pending' AND e.due_at <= $2 AND e.leased_until <= $2
                    AND e.kind IN ({})
                ORDER BY e.due_at, e.id LIMIT $3 {})
             RETURNING {COLUMNS}, due_at",
            known_kinds(),
            session.skip_taken()
        );
        let rows = session.rows(sql, values![leased_until, now, limit]).await?;
        session.commit().await?;
        if rows.is_empty() {
            self.note_unknown_effects(now).await?;
        }
        let mut taken = Vec::with_capacity(rows.len());
        for row in &rows {
            // The lease is recorded by now: a row that cannot be read must not keep the others.
            match row.get::<Timestamp>("due_at").and_then(|due_at| Ok((due_at, pending_from(row)?)))
            {
                Ok(one) => taken.push(one),
                Err(error) => tracing::warn!(%error, "skipped an effect"),
            }
        }
        taken.sort_by_key(|(due_at, pending)| (*due_at, pending.id));
        Ok(taken.into_iter().map(|(_, pending)| pending).collect())
    }

    /// Logs the kinds of due effects that this release does not know, each once.
    async fn note_unknown_effects(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut session = self.db.read("look for unknown effects").await?;
        let sql = format!(
            "SELECT DISTINCT kind FROM effects
             WHERE state = 'pending' AND due_at <= $1 AND kind NOT IN ({})",
            known_kinds()
        );
        for row in session.rows(sql, values![now]).await? {
            let kind: String = row.get("kind")?;
            let mut noted = self.unknown_effects.lock().unwrap_or_else(PoisonError::into_inner);
            if noted.insert(kind.clone()) {
                tracing::warn!(%kind, "the outbox has effects of a kind that this release does not know; a newer one delivers them");
            }
        }
        Ok(())
    }

    /// Records its delivery, unless it was enqueued again since (`generation`): then it is due at
    /// once.
    pub async fn effect_delivered(
        &self,
        taken: &PendingEffect,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let fields = Fields {
            state: EffectState::Delivered,
            due_at: None,
            ended_at: Some(now),
            error: None,
        };
        self.release("record a delivered effect", taken, fields).await
    }

    /// Records that the try was not made that [`Self::due_effects`] has counted. Its lease runs out by itself:
    /// another server may hold it by now.
    pub async fn effect_not_tried(&self, taken: &PendingEffect) -> Result<(), StoreError> {
        let sql = "UPDATE effects SET attempts = attempts - 1
             WHERE id = $1 AND generation = $2 AND attempts > 0";
        let mut session = self.db.write("take back the count of a try").await?;
        session.run(sql, values![taken.id, taken.generation]).await?;
        session.commit().await
    }

    /// Records what went wrong; it is due again at `retry_at`.
    pub async fn effect_failed(
        &self,
        taken: &PendingEffect,
        error: &str,
        retry_at: Timestamp,
    ) -> Result<(), StoreError> {
        let fields = Fields {
            state: EffectState::Pending,
            due_at: Some(retry_at),
            ended_at: None,
            error: Some(error),
        };
        self.release("postpone an effect", taken, fields).await
    }

    /// Records that there will be no further try; the pipeline's page shows the reason.
    pub async fn effect_given_up(
        &self,
        taken: &PendingEffect,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let fields = Fields {
            state: EffectState::GivenUp,
            due_at: None,
            ended_at: Some(now),
            error: Some(reason),
        };
        self.release("give up an effect", taken, fields).await
    }

    /// Records the result of an effect that was taken, unless it was enqueued again since, and ends
    /// its lease.
    ///
    /// In one statement: PostgreSQL checks the foreign key of a row that a transaction updates for the
    /// second time, and waits for the lock on the pipeline. A change of the pipeline holds that lock and
    /// waits for this row: a deadlock.
    async fn release(
        &self,
        action: &'static str,
        taken: &PendingEffect,
        fields: Fields<'_>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE effects SET leased_until = 0,
             state = CASE WHEN generation = $1 AND state = 'pending' THEN $2 ELSE state END,
             due_at = CASE WHEN generation = $1 AND state = 'pending'
                 THEN COALESCE($3, due_at) ELSE due_at END,
             ended_at = CASE WHEN generation = $1 AND state = 'pending' THEN $4 ELSE ended_at END,
             last_error = CASE WHEN generation = $1 AND state = 'pending' THEN $5 ELSE last_error END
             WHERE id = $6";
        let Fields { state, due_at, ended_at, error } = fields;
        let values = values![taken.generation, state, due_at, ended_at, error, taken.id];
        let mut session = self.db.write(action).await?;
        session.run(sql, values).await?;
        session.commit().await
    }

    /// Lists the effects of a pipeline that wait for their delivery or were given up, oldest first.
    /// Kinds of a newer release are skipped.
    pub async fn undelivered_effects(
        &self,
        pipeline: PipelineId,
    ) -> Result<Vec<UndeliveredEffect>, StoreError> {
        let mut session = self.db.read("list undelivered effects").await?;
        let sql = format!(
            "SELECT kind, subject, attempts, last_error, state FROM effects
             WHERE pipeline = $1 AND state <> $2 AND kind IN ({}) ORDER BY created_at, id",
            known_kinds()
        );
        let rows = session.rows(sql, values![pipeline, EffectState::Delivered]).await?;
        rows.iter()
            .map(|row| {
                Ok(UndeliveredEffect {
                    effect: effect_from(row)?,
                    attempts: row.get("attempts")?,
                    error: row.opt("last_error")?,
                    given_up: row.get::<EffectState>("state")? == EffectState::GivenUp,
                })
            })
            .collect()
    }
}

/// What is recorded of a delivery that was tried.
struct Fields<'e> {
    state: EffectState,
    /// `None` leaves it.
    due_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    error: Option<&'e str>,
}

/// Writes the effects that a change calls for, in the transaction of the change.
pub(crate) async fn enqueue(
    session: &mut Session,
    pipeline: PipelineId,
    effects: &[Effect],
    now: Timestamp,
) -> Result<(), StoreError> {
    let rows = effects.iter().map(|effect| {
        let (kind, subject) = words_of(*effect);
        let state = EffectState::Pending;
        values![EffectId::fresh(), pipeline, kind.as_str(), subject, state, 1_u32, 0_u32, now, now]
    });
    let head = "INSERT INTO effects (id, pipeline, kind, subject, state, generation, attempts,
         created_at, due_at)";
    let tail = "ON CONFLICT (pipeline, kind, subject) DO UPDATE SET state = excluded.state,
         generation = effects.generation + 1, attempts = 0, created_at = excluded.created_at,
         due_at = excluded.due_at, ended_at = NULL, last_error = NULL";
    session.insert_all(head, rows.collect(), tail).await.map(drop)
}

/// The kinds that this release knows, for SQL.
fn known_kinds() -> String {
    EffectKind::ALL.iter().map(|kind| format!("'{kind}'")).collect::<Vec<_>>().join(", ")
}

fn words_of(effect: Effect) -> (EffectKind, String) {
    match effect {
        Effect::ReportJob(job) => (EffectKind::ReportJob, job.to_string()),
        Effect::ReportConfigError => (EffectKind::ReportConfigError, String::new()),
        Effect::OfferToRunners(job) => (EffectKind::OfferToRunners, job.to_string()),
        Effect::AnnounceWorkflow(workflow) => (EffectKind::AnnounceWorkflow, workflow.to_string()),
        Effect::AnnounceApproval(job) => (EffectKind::AnnounceApproval, job.to_string()),
        Effect::AnnounceConfigError => (EffectKind::AnnounceConfigError, String::new()),
    }
}

fn effect_from(row: &Row) -> Result<Effect, StoreError> {
    let kind: String = row.get("kind")?;
    let unknown = |_| StoreError::Unreadable { what: format!("effect of kind {kind}") };
    Ok(match kind.parse().map_err(unknown)? {
        EffectKind::ReportJob => Effect::ReportJob(row.get::<JobId>("subject")?),
        EffectKind::ReportConfigError => Effect::ReportConfigError,
        EffectKind::OfferToRunners => Effect::OfferToRunners(row.get::<JobId>("subject")?),
        EffectKind::AnnounceWorkflow => Effect::AnnounceWorkflow(row.get::<WorkflowId>("subject")?),
        EffectKind::AnnounceApproval => Effect::AnnounceApproval(row.get::<JobId>("subject")?),
        EffectKind::AnnounceConfigError => Effect::AnnounceConfigError,
    })
}

fn pending_from(row: &Row) -> Result<PendingEffect, StoreError> {
    Ok(PendingEffect {
        id: row.get("id")?,
        pipeline: row.get("pipeline")?,
        effect: effect_from(row)?,
        attempts: row.get("attempts")?,
        created_at: row.get("created_at")?,
        generation: row.get("generation")?,
    })
}
