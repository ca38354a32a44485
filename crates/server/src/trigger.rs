//! Starts one pipeline: read the configuration at the commit, create, compile, through the door.
//!
//! Whatever starts a pipeline (a push, a set-up, a person, a restart) comes through here, so that it
//! is done in one way. The configuration is read at the commit itself, never from a branch
//! (VCS-012); how it meets its orbs is in [`compile`], how it becomes jobs in [`plan`].
//!
//! A crash between creating and compiling leaves the pipeline `pending`: [`resume`] goes on.

mod compile;
mod plan;
mod values;

use roundel_config::Verdict;
use roundel_engine::{Configuration, Event, IllegalEvent, NewWorkflow};
use roundel_forge::{ErrorClass, ForgeError, RepositoryRef};
use roundel_model::{
    forge::RepositoryId,
    id::{AccountId, DeliveryId, PipelineId},
    limits,
    name::{CommitSha, GitRef},
    status::{PipelineErrorKind, PipelineStatus},
    time::Timestamp,
};
use roundel_store::{
    StoreError,
    pipelines::{CommitInfo, CreatedPipeline, NewPipeline, TriggerKind},
    projects::Project,
    reading::PipelineRow,
};

use self::compile::Failure;
use crate::{
    app::App,
    drive::{self, DriveError},
    tokens::{self, CallError},
};

/// Where the configuration is.
pub(crate) const CONFIG_PATH: &str = ".circleci/config.yml";

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

/// What became of a trigger.
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

/// A configuration, or the sentence that says why there is none.
enum Config {
    Text(String),
    Absent,
    Unreadable(String),
}

/// Starts the pipeline of a trigger, or finds the one that it had started.
///
/// # Errors
///
/// [`TriggerError::Later`] if the forge is unavailable: nothing was decided, try again. With `last_try`
/// that becomes an errored pipeline, which people can see.
pub(crate) async fn start(
    app: &App,
    project: &Project,
    trigger: &Trigger,
    last_try: bool,
) -> Result<Started, TriggerError> {
    let config = match read_config(app, project, &trigger.sha, last_try).await? {
        Config::Absent => return Ok(Started::NoConfig),
        config @ (Config::Text(_) | Config::Unreadable(_)) => config,
    };
    let id = PipelineId::fresh();
    let created = app
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
        .await?;
    let (id, number, known) = match created {
        CreatedPipeline::New { number } => (id, number, false),
        CreatedPipeline::Known { id, number } => (id, number, true),
    };
    let Some(row) = app.store.pipeline(id).await? else {
        return Err(StoreError::Missing("pipeline").into());
    };
    if row.status == PipelineStatus::Pending {
        settle(app, project, &row, config).await?;
    }
    let ours = !known || (row.delivery.is_some() && row.delivery == trigger.delivery);
    Ok(if ours { Started::Pipeline { id, number } } else { Started::Known { id, number } })
}

/// Goes on with a pipeline that a crash left `pending`.
///
/// # Errors
///
/// As [`start`].
pub(crate) async fn resume(app: &App, id: PipelineId, last_try: bool) -> Result<(), TriggerError> {
    let Some(row) = app.store.pipeline(id).await? else { return Ok(()) };
    if row.status != PipelineStatus::Pending {
        return Ok(());
    }
    let Some(project) = app.store.project(row.project).await? else { return Ok(()) };
    let config = read_config(app, &project, &row.sha, last_try).await?;
    settle(app, &project, &row, config).await
}

/// Compiles and lets the pipeline begin, or end with its errors.
async fn settle(
    app: &App,
    project: &Project,
    row: &PipelineRow,
    config: Config,
) -> Result<(), TriggerError> {
    let text = match config {
        Config::Text(text) => text,
        Config::Absent => {
            let sentence = format!("`{CONFIG_PATH}` is gone from {}", row.sha);
            return fail(app, row.id, errored(PipelineErrorKind::ConfigFetch, sentence)).await;
        }
        Config::Unreadable(reason) => {
            return fail(app, row.id, errored(PipelineErrorKind::ConfigFetch, reason)).await;
        }
    };
    let inputs = values::inputs(project, row);
    let compiled = match compile::compile(app, project, row.id, (&text, inputs)).await {
        Ok(compiled) => compiled,
        Err(Failure::Store(error)) => return Err(error.into()),
        Err(Failure::Broken) => {
            let ours =
                "Roundel's compiler broke on this configuration; this is our mistake, not yours";
            let errored = errored(PipelineErrorKind::Other, ours.to_owned());
            let configuration = Configuration { text: Some(text), diagnostics: None };
            return fail(app, row.id, Errored { configuration, ..errored }).await;
        }
    };
    let diagnostics = plan::diagnostics_json(&compiled);
    let configuration = Configuration { text: Some(text), diagnostics };
    let error_kind = match compiled.verdict() {
        Verdict::Runs => None,
        Verdict::Unsupported => Some(PipelineErrorKind::Unsupported),
        Verdict::Invalid => Some(PipelineErrorKind::Config),
    };
    let errors = plan::sentences(compiled.refusals());
    let planned = match (compiled.plan, error_kind) {
        (Some(planned), None) => planned,
        (_, kind) => {
            let kind = kind.unwrap_or(PipelineErrorKind::Config);
            return fail(app, row.id, Errored { kind, errors, configuration }).await;
        }
    };
    begin(app, row.id, plan::to_engine(planned), configuration).await
}

/// Lets the workflows begin, or ends the pipeline with the reason why they cannot.
async fn begin(
    app: &App,
    id: PipelineId,
    workflows: Vec<NewWorkflow>,
    configuration: Configuration,
) -> Result<(), TriggerError> {
    let event = Event::Compiled { workflows, configuration: configuration.clone() };
    match drive::apply(app, id, &event, Timestamp::now()).await {
        Ok(_) => Ok(()),
        Err(DriveError::Illegal(illegal)) => {
            fail(app, id, Errored { configuration, ..refused(&illegal) }).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Says why the engine does not begin the workflows. Only a wrong graph is for the author to fix.
fn refused(illegal: &IllegalEvent) -> Errored {
    match illegal {
        IllegalEvent::Graph(_) => errored(PipelineErrorKind::Plan, illegal.to_string()),
        IllegalEvent::Protocol { .. } | IllegalEvent::Invariant { .. } => {
            let ours = "Roundel could not start the workflows; this is our mistake, not yours";
            errored(PipelineErrorKind::Other, ours.to_owned())
        }
    }
}

/// Why there is nothing to run, in sentences for people.
struct Errored {
    kind: PipelineErrorKind,
    errors: Vec<String>,
    configuration: Configuration,
}

async fn fail(app: &App, id: PipelineId, errored: Errored) -> Result<(), TriggerError> {
    let Errored { kind, errors, configuration } = errored;
    let event = Event::CompileFailed { kind, errors, configuration };
    drive::apply(app, id, &event, Timestamp::now()).await?;
    Ok(())
}

fn errored(kind: PipelineErrorKind, sentence: String) -> Errored {
    Errored { kind, errors: vec![sentence], configuration: Configuration::default() }
}

/// Reads the configuration at a commit with any token of the project.
async fn read_config(
    app: &App,
    project: &Project,
    sha: &CommitSha,
    last_try: bool,
) -> Result<Config, TriggerError> {
    match fetch(app, project, sha).await {
        Ok(Some(bytes)) if bytes.len() > limits::CONFIG_BYTES => Ok(Config::Unreadable(format!(
            "`{CONFIG_PATH}` has {} bytes; the limit is {}",
            bytes.len(),
            limits::CONFIG_BYTES
        ))),
        Ok(Some(bytes)) => Ok(String::from_utf8(bytes).map_or_else(
            |_| Config::Unreadable(format!("`{CONFIG_PATH}` is not UTF-8 text")),
            Config::Text,
        )),
        Ok(None) => Ok(Config::Absent),
        Err(CallError::Store(error)) => Err(error.into()),
        Err(CallError::Forge(error)) => {
            if error.is_transient() && !last_try {
                return Err(TriggerError::Later(error));
            }
            let way_out = way_out(error.class);
            Ok(Config::Unreadable(format!("`{CONFIG_PATH}` could not be read: {error}. {way_out}")))
        }
    }
}

/// What somebody can do about a configuration that the forge does not show.
const fn way_out(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Unauthorized => {
            "After that, push again, or use Trigger pipeline on the project's page."
        }
        ErrorClass::Forbidden | ErrorClass::NotFound => {
            "Somebody who follows this project must be allowed to read the repository: check that \
             at the forge, then push again, or use Trigger pipeline on the project's page."
        }
        ErrorClass::Invalid
        | ErrorClass::RateLimited
        | ErrorClass::Unavailable
        | ErrorClass::Broken => {
            "Push again, or use Trigger pipeline on the project's page, once the forge answers."
        }
    }
}

async fn fetch(
    app: &App,
    project: &Project,
    sha: &CommitSha,
) -> Result<Option<Vec<u8>>, CallError> {
    let forge = &tokens::forge_of(app, project.slug.forge)?;
    let repository = &repository_ref(project);
    let id: &RepositoryId = &project.repository;
    tokens::call(app, project, |token| async move {
        let found = forge.file_at(&token, repository, sha, CONFIG_PATH).await?;
        if found.is_none() {
            // A forge also says "not found" to whoever may not see the repository. Only somebody
            // who sees it can tell that the file is not there.
            forge.repository_by_id(&token, id).await?;
        }
        Ok(found)
    })
    .await
}

/// Names a project's repository in calls.
pub(crate) fn repository_ref(project: &Project) -> RepositoryRef {
    RepositoryRef {
        id: project.repository.clone(),
        owner: project.slug.owner.clone(),
        name: project.slug.repository.clone(),
    }
}

/// Splits a commit message into what pages show: first line and the rest.
pub(crate) fn split_message(message: &str) -> (String, String) {
    let (subject, body) = message.split_once('\n').unwrap_or((message, ""));
    (subject.trim().to_owned(), body.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use roundel_engine::BadGraph;

    use super::*;

    #[test]
    fn the_author_is_told_only_about_a_graph_that_he_wrote() {
        let graph = BadGraph::TooManyJobs { jobs: 2_000, limit: 1_000 };
        let told = refused(&IllegalEvent::Graph(graph));
        assert_eq!(told.kind, PipelineErrorKind::Plan);
        assert_eq!(
            told.errors,
            ["the workflows cannot run: they have 2000 jobs; the limit is 1000"]
        );
        let broken = "W4: `main` waits, and nothing in it can move".to_owned();
        let told = refused(&IllegalEvent::Invariant { event: "compiled", broken });
        assert_eq!(told.kind, PipelineErrorKind::Other);
        assert!(told.errors[0].contains("our mistake"), "{:?}", told.errors);
        assert!(!told.errors[0].contains("W4"), "{:?}", told.errors);
    }
}
