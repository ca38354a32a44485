//! The record of a setup: what was done at the forge, so that a crash resumes it and a failure can
//! take it back.
//!
//! Deliberately absent: the steps themselves (`server::setup`).

use roundel_model::{
    id::{AccountId, ProjectId},
    time::Timestamp,
};

use crate::{
    db::{Row, to_json, values, words},
    error::StoreError,
    store::Store,
};

/// The record of a setup (`VCS` §8.1): survives a crash, shown as a list of steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    pub project: ProjectId,
    /// The user who added the project.
    pub actor: AccountId,
    pub state: SetupState,
    /// Its steps, in order.
    pub steps: Vec<SetupStep>,
    pub started_at: Timestamp,
    /// When a step last changed.
    pub updated_at: Timestamp,
}

/// How far a setup is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetupState {
    /// It continues, also after a restart.
    Running,
    /// The key and the webhook work.
    Done,
    /// A step failed; everything that it created at the forge was removed.
    Failed,
    /// A step failed; everything that it created at the forge is being removed, also after a restart.
    Compensating,
    /// A step failed, and not everything that it created at the forge could be removed; its steps name
    /// what is left.
    Abandoned,
}

/// One step of a setup.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SetupStep {
    /// A stable name.
    pub key: String,
    /// Title on the setup page.
    pub title: String,
    pub status: SetupStepStatus,
    /// The result of the step, or the error.
    pub detail: Option<String>,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetupStepStatus {
    Waiting,
    Running,
    /// It ended well.
    Done,
    /// There was nothing to do here, for a reason that it says.
    Skipped,
    /// It ended, and left something over that a user should remove.
    Warning,
    /// It did not work.
    Failed,
    /// It was taken back.
    Undone,
    /// A word of a newer release.
    #[serde(other)]
    Unknown,
}

words!(SetupState {
    Running = "running",
    Done = "done",
    Failed = "failed",
    Compensating = "compensating",
    Abandoned = "abandoned",
});

impl Store {
    /// Reads the record of a setup.
    pub async fn setup(&self, project: ProjectId) -> Result<Option<Setup>, StoreError> {
        let mut session = self.db.read("read a setup").await?;
        let sql = "SELECT project, actor, state, steps, started_at, updated_at
             FROM setups WHERE project = $1";
        let row = session.row(sql, values![project]).await?;
        row.as_ref().map(setup_from).transpose()
    }

    /// Writes or replaces the record of a setup.
    pub async fn save_setup(&self, setup: &Setup) -> Result<(), StoreError> {
        let mut session = self.db.write("save a setup").await?;
        let sql = "INSERT INTO setups (project, actor, state, steps, started_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (project) DO UPDATE SET actor = excluded.actor, state = excluded.state,
                steps = excluded.steps, started_at = excluded.started_at,
                updated_at = excluded.updated_at";
        let values = values![
            setup.project,
            setup.actor,
            setup.state,
            to_json(&setup.steps)?,
            setup.started_at,
            setup.updated_at,
        ];
        session.run(sql, values).await?;
        session.commit().await
    }

    /// Setups that a crash may have interrupted, oldest first.
    pub async fn unfinished_setups(&self) -> Result<Vec<Setup>, StoreError> {
        let mut session = self.db.read("list setups").await?;
        let sql = "SELECT project, actor, state, steps, started_at, updated_at FROM setups
             WHERE state IN ($1, $2) ORDER BY started_at, project";
        let values = values![SetupState::Running, SetupState::Compensating];
        session.rows(sql, values).await?.iter().map(setup_from).collect()
    }
}

fn setup_from(row: &Row) -> Result<Setup, StoreError> {
    Ok(Setup {
        project: row.get("project")?,
        actor: row.get("actor")?,
        state: row.get("state")?,
        steps: row.json("steps")?,
        started_at: row.get("started_at")?,
        updated_at: row.get("updated_at")?,
    })
}
