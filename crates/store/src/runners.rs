//! Runners that were seen, and small settings of the instance.
//!
//! Deliberately absent: whether a runner is alive (`server` judges by the time it was last seen).

use std::collections::HashSet;

use roundel_model::{
    kind::{Architecture, ExecutorKind},
    limits,
    time::Timestamp,
    word::Word,
};

use crate::{
    db::{Session, to_json, values},
    error::StoreError,
    store::Store,
    vault::{DataKey, Scope},
};

/// A runner, as it last introduced itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunnerRow {
    pub name: String,
    pub version: String,
    /// The labels that it takes jobs of.
    pub resource_classes: Vec<String>,
    /// The executors that it offers. Empty: all.
    pub executors: Vec<Word<ExecutorKind>>,
    /// The architecture of its host. None: not known.
    pub architecture: Option<Word<Architecture>>,
    /// The limitations of its host, one sentence each. None: not known.
    pub limitations: Option<Vec<String>>,
    /// When it last asked for a job.
    pub last_seen_at: Timestamp,
    /// When it signed off; `None` if it is online or disappeared.
    pub signed_off_at: Option<Timestamp>,
}

const VALUE: &str = "settings.value";

impl Store {
    /// Notes that a runner was seen, and what it said of itself. Limitations of `None` leave what is
    /// known; that it signed off before is forgotten.
    pub async fn touch_runner(&self, runner: &RunnerRow) -> Result<(), StoreError> {
        let mut session = self.db.write("note a runner").await?;
        let sql = "INSERT INTO runners (name, version, resource_classes, executors, architecture,
                limitations, last_seen_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (name) DO UPDATE SET version = excluded.version,
                resource_classes = excluded.resource_classes, executors = excluded.executors,
                architecture = excluded.architecture,
                limitations = COALESCE(excluded.limitations, runners.limitations),
                last_seen_at = excluded.last_seen_at, signed_off_at = NULL";
        let values = values![
            &runner.name,
            &runner.version,
            to_json(&runner.resource_classes)?,
            to_json(&runner.executors)?,
            runner.architecture.as_ref().map(ToString::to_string),
            runner.limitations.as_ref().map(to_json).transpose()?.as_deref(),
            runner.last_seen_at,
        ];
        session.run(sql, values).await?;
        session.commit().await
    }

    /// Notes that a runner ends, if it is known.
    pub async fn sign_off_runner(&self, name: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut session = self.db.write("note the end of a runner").await?;
        let sql = "UPDATE runners SET signed_off_at = $1 WHERE name = $2";
        session.run(sql, values![now, name]).await?;
        session.commit().await
    }

    /// Returns whether a runner said that it ends, and did not come back.
    pub async fn has_signed_off(&self, name: &str) -> Result<bool, StoreError> {
        has_signed_off(&mut self.db.read("find out whether a runner ended").await?, name).await
    }

    /// Lists the runners that were ever seen, by name.
    pub async fn runners(&self) -> Result<Vec<RunnerRow>, StoreError> {
        let mut session = self.db.read("list runners").await?;
        let sql = "SELECT name, version, resource_classes, executors, architecture, limitations,
                last_seen_at, signed_off_at
             FROM runners ORDER BY name";
        let rows = session.rows(sql, values![]).await?;
        rows.iter()
            .map(|row| {
                Ok(RunnerRow {
                    name: row.get("name")?,
                    version: row.get("version")?,
                    resource_classes: row.json("resource_classes")?,
                    executors: row.json("executors")?,
                    architecture: row.opt("architecture")?,
                    limitations: match row.opt::<String>("limitations")? {
                        Some(_) => Some(row.json("limitations")?),
                        None => None,
                    },
                    last_seen_at: row.get("last_seen_at")?,
                    signed_off_at: row.opt("signed_off_at")?,
                })
            })
            .collect()
    }

    /// Names the runners that run a task: while they do, they claim none and are not seen.
    pub async fn busy_runners(&self) -> Result<HashSet<String>, StoreError> {
        let mut session = self.db.read("list busy runners").await?;
        let sql =
            "SELECT DISTINCT runner FROM tasks WHERE state = 'running' AND runner IS NOT NULL";
        let rows = session.rows(sql, values![]).await?;
        rows.iter().map(|row| row.get("runner")).collect()
    }

    /// Reads a small setting of the instance (JSON text).
    pub async fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        let data_key = self.vault.unlock(&self.db, Scope::Instance).await?;
        let mut session = self.db.read("read a setting").await?;
        let sql = "SELECT sealed_value FROM settings WHERE key = $1";
        let Some(row) = session.row(sql, values![key]).await? else { return Ok(None) };
        let value = data_key.open(VALUE, key, &row.get::<Vec<u8>>("sealed_value")?)?;
        Ok(Some(value.expose().clone()))
    }

    /// Keeps a small setting of the instance (JSON text). It is sealed, for some hold passwords.
    pub async fn put_setting(&self, key: &str, value: &str) -> Result<(), StoreError> {
        let data_key = self.vault.unlock(&self.db, Scope::Instance).await?;
        let mut session = self.db.write("keep a setting").await?;
        write_setting(&mut session, &data_key, key, value).await?;
        session.commit().await
    }
}

/// Forgets runners that are gone: each start of a container may have a name of its own.
pub(crate) async fn forget(session: &mut Session, now: Timestamp) -> Result<(), StoreError> {
    let (unseen, ended) = (now.minus(limits::RUNNER_KEPT), now.minus(limits::ENDED_RUNNER_KEPT));
    let sql = "DELETE FROM runners WHERE last_seen_at <= $1
         OR (signed_off_at >= last_seen_at AND signed_off_at <= $2)";
    session.run(sql, values![unseen, ended]).await.map(drop)
}

/// Returns whether a runner said that it ends. In a transaction that writes, it cannot do so before that
/// ends.
pub(crate) async fn has_signed_off(session: &mut Session, name: &str) -> Result<bool, StoreError> {
    let lock = session.for_update();
    let sql = format!("SELECT signed_off_at FROM runners WHERE name = $1 {lock}");
    let Some(row) = session.row(sql, values![name]).await? else { return Ok(false) };
    Ok(row.opt::<Timestamp>("signed_off_at")?.is_some())
}

/// Keeps a setting, with the key of the instance's data.
pub(crate) async fn write_setting(
    session: &mut Session,
    data_key: &DataKey,
    key: &str,
    value: &str,
) -> Result<(), StoreError> {
    let sealed = data_key.seal(VALUE, key, &value.into())?;
    let sql = "INSERT INTO settings (key, sealed_value) VALUES ($1, $2)
         ON CONFLICT (key) DO UPDATE SET sealed_value = excluded.sealed_value";
    session.run(sql, values![key, sealed]).await.map(drop)
}
