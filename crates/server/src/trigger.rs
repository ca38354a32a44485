//! Starts one pipeline: read the configuration at the commit, create, compile, apply.
//!
//! Whatever starts a pipeline (a push, a setup, a person, a restart) comes through here, so that it
//! is done in one way. How the configuration is read is in [`read`], how it meets its orbs in
//! [`compile`], how it becomes jobs in [`plan`].
//!
//! A crash between creating and compiling leaves the pipeline `pending`: [`resume`] continues.

pub(crate) mod commit;
mod compile;
mod failing_files;
pub(crate) mod manual;
mod plan;
mod read;
mod values;

pub(crate) use failing_files::FailingFiles;
pub(crate) use read::CONFIG_PATH;

use std::sync::Arc;

use roundel_config::Support;
use roundel_engine::{Configuration, Event, IllegalEvent, NewWorkflow};
use roundel_forge::ForgeError;
use roundel_model::{
    id::{AccountId, DeliveryId, PipelineId},
    name::{CommitSha, GitRef},
    status::{PipelineErrorKind, PipelineStatus},
    time::Timestamp,
};
use roundel_store::{
    Store, StoreError,
    pipelines::{CommitInfo, CreatedPipeline, NewPipeline, TriggerKind},
    projects::Project,
    reading::PipelineRow,
};

use self::{
    compile::{CompileError, Source},
    read::Config,
};
use crate::{
    drive::{self, Drive, DriveError},
    forges::{CallError, Forges},
    orbs,
    retry::Attempt,
};

/// What starting a pipeline needs.
#[derive(Clone)]
pub(crate) struct PipelineStarter {
    pub(crate) store: Store,
    pub(crate) forges: Arc<Forges>,
    pub(crate) orbs: Arc<orbs::Sources>,
    pub(crate) drive: Drive,
    pub(crate) failing_files: Arc<FailingFiles>,
}

/// What is to be built, and why.
#[derive(Clone, Debug)]
pub(crate) struct Trigger {
    pub(crate) kind: TriggerKind,
    pub(crate) delivery: Option<DeliveryId>,
    pub(crate) git_ref: GitRef,
    pub(crate) sha: CommitSha,
    pub(crate) before: Option<CommitSha>,
    pub(crate) commit: CommitInfo,
    pub(crate) actor: Option<AccountId>,
    pub(crate) actor_login: Option<String>,
}

/// The result of a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Started {
    /// A pipeline was created for it (perhaps before a crash).
    Pipeline { id: PipelineId, number: u64 },
    /// The same event had started one already.
    Known { id: PipelineId, number: u64 },
    /// The commit has no configuration, so there is nothing to run.
    NoConfig,
}

/// Why a trigger could not be decided now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TriggerError {
    #[error("the configuration could not be read yet: {0}")]
    Later(ForgeError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Drive(#[from] DriveError),
}

impl From<CallError> for TriggerError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Store(error) => Self::Store(error),
            CallError::Forge(error) => Self::Later(error),
        }
    }
}

/// Starts the pipeline of a trigger, or finds the one that it had started.
///
/// # Errors
///
/// [`TriggerError::Later`] if the forge is unavailable: nothing was decided, try again. In the last attempt
/// that becomes an errored pipeline instead. An error of the last attempt means that no pipeline was created:
/// one that was is continued by [`resume`].
pub(crate) async fn start(
    starter: &PipelineStarter,
    project: &Project,
    trigger: &Trigger,
    attempt: Attempt,
) -> Result<Started, TriggerError> {
    let PipelineStarter { forges, failing_files, .. } = starter;
    let found = read::read(forges, failing_files, project, &trigger.sha, attempt).await?;
    let config = match found {
        Config::Absent => return Ok(Started::NoConfig),
        config @ (Config::Text(_) | Config::Invalid(_) | Config::Unreadable(_)) => config,
    };
    let created = create(starter, project, trigger).await?;
    let CreatedPipeline { id, number, .. } = created;
    let launched = async {
        let Some(row) = starter.store.pipeline(id).await? else {
            return Err(StoreError::Missing("pipeline").into());
        };
        if row.status == PipelineStatus::Pending {
            launch(starter, project, &row, config).await?;
        }
        Ok(row.delivery)
    };
    let delivery = match launched.await {
        Ok(delivery) => delivery,
        Err(error) if attempt == Attempt::Last => {
            tracing::error!(pipeline.id = %id, %error, "a pipeline was created and is continued later");
            None
        }
        Err(error) => return Err(error),
    };
    let is_of_this_trigger = created.is_new || (delivery.is_some() && delivery == trigger.delivery);
    Ok(if is_of_this_trigger {
        Started::Pipeline { id, number }
    } else {
        Started::Known { id, number }
    })
}

/// Creates the pipeline of a trigger, or finds the one that there is.
async fn create(
    starter: &PipelineStarter,
    project: &Project,
    trigger: &Trigger,
) -> Result<CreatedPipeline, StoreError> {
    let id = PipelineId::fresh();
    let created = starter
        .store
        .create_pipeline(&NewPipeline {
            id,
            project: project.id,
            trigger: trigger.kind,
            delivery: trigger.delivery,
            git_ref: trigger.git_ref.clone(),
            sha: trigger.sha.clone(),
            before: trigger.before.clone(),
            commit: trigger.commit.clone(),
            actor: trigger.actor,
            actor_login: trigger.actor_login.clone(),
            created_at: Timestamp::now(),
        })
        .await;
    match created {
        Ok(created) => Ok(created),
        // The answer to a commit can be lost where the commit was not.
        Err(error) => match starter.store.pipeline(id).await {
            Ok(Some(row)) => Ok(CreatedPipeline { id, number: row.number, is_new: true }),
            Ok(None) | Err(_) => Err(error),
        },
    }
}

/// Continues with a pipeline that a crash left `pending`.
///
/// # Errors
///
/// As [`start`].
pub(crate) async fn resume(
    starter: &PipelineStarter,
    id: PipelineId,
    attempt: Attempt,
) -> Result<(), TriggerError> {
    let Some(row) = starter.store.pipeline(id).await? else { return Ok(()) };
    if row.status != PipelineStatus::Pending {
        return Ok(());
    }
    let Some(project) = starter.store.project(row.project).await? else { return Ok(()) };
    let PipelineStarter { forges, failing_files, .. } = starter;
    let config = read::read(forges, failing_files, &project, &row.sha, attempt).await?;
    launch(starter, &project, &row, config).await
}

/// Compiles and lets the pipeline begin, or end with its errors.
async fn launch(
    starter: &PipelineStarter,
    project: &Project,
    row: &PipelineRow,
    config: Config,
) -> Result<(), TriggerError> {
    let text = match config {
        Config::Text(text) => text,
        Config::Absent => {
            let sentence = format!("`{CONFIG_PATH}` is gone from {}", row.sha);
            return fail(starter, row.id, errored(PipelineErrorKind::Config, sentence)).await;
        }
        Config::Invalid(reason) => {
            return fail(starter, row.id, errored(PipelineErrorKind::Config, reason)).await;
        }
        Config::Unreadable(reason) => {
            return fail(starter, row.id, errored(PipelineErrorKind::ConfigFetch, reason)).await;
        }
    };
    let source = Source {
        pipeline: row.id,
        organization: project.organization,
        text: &text,
        inputs: values::inputs(project, row),
    };
    let compiled = match compile::compile(&starter.store, &starter.orbs, source).await {
        Ok(compiled) => compiled,
        Err(error) => {
            let errored = match error {
                CompileError::Store(error) => return Err(error.into()),
                CompileError::OrbsTooDeep => {
                    let depth = compile::ROUNDS;
                    let sentence = format!("orbs import each other more than {depth} levels deep");
                    errored(PipelineErrorKind::Config, sentence)
                }
                CompileError::Panicked => {
                    errored(PipelineErrorKind::Other, COMPILER_BUG.to_owned())
                }
            };
            let configuration = Configuration { text: Some(text), ..Configuration::default() };
            return fail(starter, row.id, Errored { configuration, ..errored }).await;
        }
    };
    let diagnostics = plan::diagnostics_json(&compiled);
    let nothing_runs = compiled.nothing_runs(Some(&row.git_ref)).map(|why| why.to_string());
    let configuration = Configuration { text: Some(text), diagnostics, nothing_runs };
    let error_kind = match compiled.support() {
        Support::Runs => None,
        Support::Unsupported => Some(PipelineErrorKind::Unsupported),
        Support::Invalid => Some(PipelineErrorKind::Config),
    };
    let errors = match error_kind {
        Some(PipelineErrorKind::Unsupported) => plan::unsupported(&compiled),
        _ => plan::sentences(compiled.errors()),
    };
    let planned = match (compiled.plan, error_kind) {
        (Some(planned), None) => planned,
        (_, kind) => {
            let kind = kind.unwrap_or(PipelineErrorKind::Config);
            return fail(starter, row.id, Errored { kind, errors, configuration }).await;
        }
    };
    begin(starter, row.id, plan::to_engine(planned), configuration).await
}

/// What people read when the compiler panicked.
const COMPILER_BUG: &str = "internal error: the compiler crashed on this configuration; \
                            this is a bug in Roundel, not in your configuration";

/// What people read when the engine refused workflows for a reason that is not theirs.
const START_BUG: &str = "internal error: the workflows could not be started; \
                         this is a bug in Roundel, not in your configuration";

/// Lets the workflows begin, or ends the pipeline with the reason why they cannot.
async fn begin(
    starter: &PipelineStarter,
    id: PipelineId,
    workflows: Vec<NewWorkflow>,
    configuration: Configuration,
) -> Result<(), TriggerError> {
    let event = Event::Compiled { workflows, configuration: configuration.clone() };
    match drive::apply(&starter.drive, id, &event, Timestamp::now()).await {
        Ok(_) => Ok(()),
        Err(DriveError::Illegal(illegal)) => {
            fail(starter, id, Errored { configuration, ..refused(&illegal) }).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Says why the engine does not begin the workflows. Only a wrong graph is for the author to fix.
fn refused(illegal: &IllegalEvent) -> Errored {
    match illegal {
        IllegalEvent::Graph(_) => errored(PipelineErrorKind::Plan, illegal.to_string()),
        IllegalEvent::Protocol { .. } | IllegalEvent::Invariant { .. } => {
            errored(PipelineErrorKind::Other, START_BUG.to_owned())
        }
    }
}

/// Why there is nothing to run, in sentences for people.
struct Errored {
    kind: PipelineErrorKind,
    errors: Vec<String>,
    configuration: Configuration,
}

async fn fail(
    starter: &PipelineStarter,
    id: PipelineId,
    errored: Errored,
) -> Result<(), TriggerError> {
    let Errored { kind, errors, configuration } = errored;
    let event = Event::CompileFailed { kind, errors, configuration };
    drive::apply(&starter.drive, id, &event, Timestamp::now()).await?;
    Ok(())
}

fn errored(kind: PipelineErrorKind, sentence: String) -> Errored {
    Errored { kind, errors: vec![sentence], configuration: Configuration::default() }
}

#[cfg(test)]
mod tests {
    use roundel_engine::BadGraph;

    use super::*;

    #[test]
    fn only_a_wrong_graph_is_reported_to_its_author() {
        let graph = BadGraph::TooManyJobs { jobs: 2_000, limit: 1_000 };
        let errored = refused(&IllegalEvent::Graph(graph));
        assert_eq!(errored.kind, PipelineErrorKind::Plan);
        assert_eq!(
            errored.errors,
            ["the workflows cannot run: they have 2000 jobs; the limit is 1000"]
        );
        let broken = "W4: `main` waits, and nothing in it can move".to_owned();
        let errored = refused(&IllegalEvent::Invariant { event: "compiled", broken });
        assert_eq!(errored.kind, PipelineErrorKind::Other);
        assert!(errored.errors[0].contains("a bug in Roundel"), "{:?}", errored.errors);
        assert!(!errored.errors[0].contains("W4"), "{:?}", errored.errors);
    }
}
