//! The outbox: what the world is owed, until it is paid.
//!
//! One row for each (pipeline, kind, subject). Owing it again raises its generation and makes it due
//! at once, but not before the payer that has it is done: two payers of one thing could overtake
//! each other, and the older news would stay on the commit.
//!
//! ```text
//! owed ──paid──▶ paid        owed again: back to owed, generation + 1, attempts 0
//!  │  ◀─failed (later)
//!  └──parked──▶ parked       given up; shown on the pipeline's page
//! ```
//!
//! Deliberately absent: how to pay (`server::deliver`) and how long to try.

use roundel_engine::Effect;
use roundel_model::{
    id::{EffectId, JobId, PipelineId, WorkflowId},
    time::Timestamp,
};

use crate::{
    Store, StoreError,
    db::{Row, Session, Value, values},
};

/// An effect that is not paid yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwedEffect {
    /// Its id.
    pub id: EffectId,
    /// The pipeline that owes it.
    pub pipeline: PipelineId,
    /// What is owed.
    pub effect: Effect,
    /// How often it was taken since it was last owed, this time included.
    pub attempts: u32,
    /// When it was last owed.
    pub created_at: Timestamp,
    /// Grows each time the same thing is owed again: paying an older one does not settle a newer.
    pub generation: u64,
}

/// Every column that makes an [`OwedEffect`].
const COLUMNS: &str = "id, pipeline, kind, subject, attempts, created_at, generation";

impl Store {
    /// Takes effects that are due, oldest first, and keeps other payers from them until `leased_until`.
    /// Effects of the same pipeline, kind and subject are one row: what is owed twice is paid once.
    /// `attempts` counts this one too.
    pub async fn due_effects(
        &self,
        now: Timestamp,
        leased_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<OwedEffect>, StoreError> {
        let mut session = self.db.write("take effects").await?;
        let sql = format!(
            "UPDATE effects SET leased_until = $1, attempts = attempts + 1 WHERE id IN (
                SELECT e.id FROM effects e
                WHERE e.state = 'owed' AND e.due_at <= $2 AND e.leased_until <= $2
                ORDER BY e.due_at, e.id LIMIT $3 {})
             RETURNING {COLUMNS}, due_at",
            session.skip_taken()
        );
        let rows = session.rows(sql, values![leased_until, now, limit]).await?;
        session.commit().await?;
        let mut taken = rows
            .iter()
            .map(|row| Ok((row.get::<Timestamp>("due_at")?, owed_from(row)?)))
            .collect::<Result<Vec<_>, StoreError>>()?;
        taken.sort_by_key(|(due_at, owed)| (*due_at, owed.id));
        Ok(taken.into_iter().map(|(_, owed)| owed).collect())
    }

    /// Settles it, unless it was owed again since (`generation`): then it is due at once.
    pub async fn effect_paid(&self, owed: &OwedEffect, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE effects SET state = 'paid', settled_at = $1, last_error = NULL
             WHERE id = $2 AND generation = $3";
        self.settle("settle an effect", owed, sql, values![now, owed.id, owed.generation]).await
    }

    /// Notes what went wrong and tries again at `retry_at`.
    pub async fn effect_failed(
        &self,
        owed: &OwedEffect,
        error: &str,
        retry_at: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE effects SET due_at = $1, last_error = $2
             WHERE id = $3 AND generation = $4 AND state = 'owed'";
        let values = values![retry_at, error, owed.id, owed.generation];
        self.settle("postpone an effect", owed, sql, values).await
    }

    /// Gives up on it; the reason is shown on the pipeline's page.
    pub async fn effect_parked(
        &self,
        owed: &OwedEffect,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE effects SET state = 'parked', settled_at = $1, last_error = $2
             WHERE id = $3 AND generation = $4 AND state = 'owed'";
        let values = values![now, reason, owed.id, owed.generation];
        self.settle("park an effect", owed, sql, values).await
    }

    /// Runs a statement about an effect, and gives back the right to it.
    async fn settle(
        &self,
        action: &'static str,
        owed: &OwedEffect,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(action).await?;
        session.run(sql, values).await?;
        session.run("UPDATE effects SET leased_until = 0 WHERE id = $1", values![owed.id]).await?;
        session.commit().await
    }

    /// When the next effect falls due, or comes back from a payer that vanished.
    pub async fn next_effect_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut session = self.db.read("look for effects").await?;
        let sql = "SELECT MIN(CASE WHEN leased_until > due_at THEN leased_until ELSE due_at END)
                AS next_at FROM effects WHERE state = 'owed'";
        let row = session.row(sql, values![]).await?;
        row.map(|row| row.opt("next_at")).transpose().map(Option::flatten)
    }

    /// Effects of a pipeline that failed or were given up: (effect, attempts, error, parked).
    pub async fn troubled_effects(
        &self,
        pipeline: PipelineId,
    ) -> Result<Vec<(Effect, u32, String, bool)>, StoreError> {
        let mut session = self.db.read("list effects in trouble").await?;
        let sql = "SELECT kind, subject, attempts, last_error, state FROM effects
             WHERE pipeline = $1 AND last_error IS NOT NULL ORDER BY created_at, id";
        let rows = session.rows(sql, values![pipeline]).await?;
        rows.iter()
            .map(|row| {
                let is_parked = row.get::<String>("state")? == "parked";
                let effect = effect_from(row)?;
                Ok((effect, row.get("attempts")?, row.get("last_error")?, is_parked))
            })
            .collect()
    }
}

/// Writes what a change owes, in the transaction of the change.
pub(crate) async fn owe(
    session: &mut Session,
    pipeline: PipelineId,
    effects: &[Effect],
    now: Timestamp,
) -> Result<(), StoreError> {
    let rows = effects.iter().map(|effect| {
        let (kind, subject) = words_of(*effect);
        values![EffectId::fresh(), pipeline, kind, subject, "owed", 1_u32, 0_u32, now, now]
    });
    let head = "INSERT INTO effects (id, pipeline, kind, subject, state, generation, attempts,
         created_at, due_at)";
    let tail = "ON CONFLICT (pipeline, kind, subject) DO UPDATE SET state = 'owed',
         generation = effects.generation + 1, attempts = 0, created_at = excluded.created_at,
         due_at = excluded.due_at, settled_at = NULL, last_error = NULL";
    session.insert_all(head, rows.collect(), tail).await.map(drop)
}

fn words_of(effect: Effect) -> (&'static str, String) {
    match effect {
        Effect::ReportJob(job) => ("report_job", job.to_string()),
        Effect::ReportConfigError => ("report_config_error", String::new()),
        Effect::OfferToRunners(job) => ("offer_to_runners", job.to_string()),
        Effect::AnnounceWorkflow(workflow) => ("announce_workflow", workflow.to_string()),
        Effect::AnnounceConfigError => ("announce_config_error", String::new()),
    }
}

fn effect_from(row: &Row) -> Result<Effect, StoreError> {
    let kind: String = row.get("kind")?;
    Ok(match kind.as_str() {
        "report_job" => Effect::ReportJob(row.get::<JobId>("subject")?),
        "report_config_error" => Effect::ReportConfigError,
        "offer_to_runners" => Effect::OfferToRunners(row.get::<JobId>("subject")?),
        "announce_workflow" => Effect::AnnounceWorkflow(row.get::<WorkflowId>("subject")?),
        "announce_config_error" => Effect::AnnounceConfigError,
        _ => return Err(StoreError::Unreadable { what: format!("effect of kind {kind}") }),
    })
}

fn owed_from(row: &Row) -> Result<OwedEffect, StoreError> {
    Ok(OwedEffect {
        id: row.get("id")?,
        pipeline: row.get("pipeline")?,
        effect: effect_from(row)?,
        attempts: row.get("attempts")?,
        created_at: row.get("created_at")?,
        generation: row.get("generation")?,
    })
}
