//! Adding a project: the sequence of `VCS` §8.1, idempotent and resumable.

use std::sync::Arc;
use roundel_model::{forge::ForgeKind, id::{AccountId, PipelineId, ProjectId}};
use crate::app::App;

/// Why a set-up could not even begin: a sentence for the person who asked.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SetupRefused(pub String);

/// Starts (or joins) the set-up of a repository and returns its project at once; the sequence goes
/// on by itself, its record is in the store, its news on [`crate::live`].
pub async fn begin(app: &Arc<App>, actor: AccountId, forge: ForgeKind, owner: &str, name: &str) -> Result<ProjectId, SetupRefused> { let _ = (app, actor, forge, owner, name); todo!() }

/// Goes on with what a crash interrupted. Called once at start.
pub async fn resume_all(app: &Arc<App>) { let _ = app; todo!() }

/// Starts a pipeline by hand on the head of a branch.
pub async fn trigger(app: &Arc<App>, actor: AccountId, project: ProjectId, branch: &str) -> Result<PipelineId, SetupRefused> { let _ = (app, actor, project, branch); todo!() }
