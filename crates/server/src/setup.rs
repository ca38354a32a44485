//! Adding a project: the sequence of `VCS` §8.1, idempotent and resumable.
//!
//! [`begin`] checks what can be checked at once and answers; the steps that change something at the
//! forge are in [`sequence`], which continues by itself: closing the page does not cancel it. What a
//! failed setup had made is taken back in [`undo`]. The proof that a key works is in [`prove`].

mod prove;
mod record;
mod sequence;
mod step;
pub(crate) mod under_way;
mod undo;

use std::sync::Arc;

use roundel_forge::{ErrorClass, ForgeError, Repository};
use roundel_model::{
    forge::{ForgeKind, ProjectSlug, Role},
    id::{AccountId, ProjectId},
    time::Timestamp,
};
use roundel_store::{
    StoreError,
    projects::{NewProject, Project},
};

use self::record::Record;
pub use self::step::Setups;
use crate::forges::CallError;

/// Why a setup could not even begin: a sentence for the person who asked.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SetupError(pub String);

/// Starts (or joins) the setup of a repository and returns its project at once; the sequence
/// continues by itself, its record is in the store, its updates on [`crate::live`].
///
/// # Errors
///
/// [`SetupError`] if the repository cannot be seen or the person may not set it up.
pub async fn begin(
    setups: &Arc<Setups>,
    actor: AccountId,
    forge: ForgeKind,
    owner: &str,
    name: &str,
) -> Result<ProjectId, SetupError> {
    let repository = resolve(setups, actor, forge, owner, name).await?;
    check_scopes(setups, actor, forge, repository.private).await?;
    let slug = ProjectSlug {
        forge,
        owner: repository.owner.login.clone(),
        repository: repository.name.clone(),
    };
    let new = NewProject {
        slug,
        repository: repository.id,
        organization_forge_id: repository.owner.id,
        default_branch: repository.default_branch.unwrap_or_else(|| "main".to_owned()),
        private: repository.private,
        ssh_url: repository.ssh_url,
        web_url: repository.web_url,
        integration: actor,
    };
    let project =
        setups.store.upsert_project(&new, Timestamp::now()).await.map_err(store_failed)?;
    if setups.under_way.enter(project.id) {
        let record = match Record::begin(setups, &project, actor).await {
            Ok(record) => record,
            Err(error) => {
                setups.under_way.leave(project.id);
                return Err(store_failed(error));
            }
        };
        run_in_background(setups, project.clone(), record);
    }
    Ok(project.id)
}

/// Continues with what a crash interrupted. Called once at start.
pub async fn resume_all(setups: &Arc<Setups>) {
    let unfinished = match setups.store.unfinished_setups().await {
        Ok(unfinished) => unfinished,
        Err(error) => return tracing::error!(%error, "could not look for unfinished setups"),
    };
    for setup in unfinished {
        match setups.store.project(setup.project).await {
            Ok(Some(project)) if setups.under_way.enter(project.id) => {
                tracing::info!(project = %project.slug, "resuming a setup");
                run_in_background(setups, project, Record::resume(setups, setup));
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "could not resume a setup"),
        }
    }
}

fn run_in_background(setups: &Arc<Setups>, project: Project, record: Record) {
    let owned = Arc::clone(setups);
    setups.tasks.spawn(async move {
        let id = project.id;
        let sequence = Box::pin(sequence::run(&owned, &project, record));
        owned.stopping.run_until_cancelled(sequence).await;
        owned.under_way.leave(id);
    });
}

/// Step 1: what is it, and what may this person do with it?
async fn resolve(
    setups: &Setups,
    actor: AccountId,
    kind: ForgeKind,
    owner: &str,
    name: &str,
) -> Result<Repository, SetupError> {
    let forge = setups.forges.client(kind).map_err(|error| SetupError(error.message))?;
    let token = setups.forges.token(actor, kind).await.map_err(call_failed)?.ok_or_else(|| {
        SetupError(format!(
            "Roundel has no working connection to {kind} for you. Sign in with {kind} and try again."
        ))
    })?;
    let repository = match forge.repository(&token, owner, name).await {
        Ok(repository) => repository,
        Err(error) => {
            if error.class == ErrorClass::Unauthorized {
                setups.store.mark_token_refused(actor, kind).await.map_err(store_failed)?;
            }
            return Err(SetupError(explain(kind, owner, name, &error)));
        }
    };
    if repository.archived {
        return Err(SetupError(format!(
            "{owner}/{name} is archived on {kind}: keys and webhooks cannot be added. Unarchive it first."
        )));
    }
    if repository.role != Some(Role::Admin) {
        return Err(SetupError(format!(
            "Setting up {owner}/{name} adds a read-only {} and a webhook, and {kind} lets only \
             administrators of the repository do that. Ask one of them to set it up here, or to make \
             you an administrator.",
            kind.key_name()
        )));
    }
    Ok(repository)
}

fn explain(kind: ForgeKind, owner: &str, name: &str, error: &ForgeError) -> String {
    match error.class {
        ErrorClass::Unauthorized => format!(
            "{kind} no longer accepts your connection. Sign in with {kind} again and come back."
        ),
        ErrorClass::NotFound => format!(
            "Your {kind} account sees no repository {owner}/{name}. It may be renamed, or its organization \
             may not have granted access to Roundel yet."
        ),
        ErrorClass::Forbidden
        | ErrorClass::Invalid
        | ErrorClass::RateLimited
        | ErrorClass::Unavailable
        | ErrorClass::Broken => {
            format!("{kind} returned an unexpected response: {error}. Try again.")
        }
    }
}

/// Step 2: people may have unticked something at consent. Says exactly what is missing.
async fn check_scopes(
    setups: &Setups,
    actor: AccountId,
    kind: ForgeKind,
    private: bool,
) -> Result<(), SetupError> {
    let identity = setups.store.identity(actor, kind).await.map_err(store_failed)?;
    let granted = identity.and_then(|identity| identity.token).map(|token| token.scopes);
    let granted = granted.unwrap_or_default();
    // A token whose scopes the forge does not report is tried as it is.
    if granted.is_empty() {
        return Ok(());
    }
    let has = |scope: &str| granted.iter().any(|granted| granted == scope);
    let missing: Vec<&str> = match kind {
        ForgeKind::GitHub if has("repo") => Vec::new(),
        ForgeKind::GitHub if private => vec!["repo"],
        ForgeKind::GitHub => {
            ["public_repo", "admin:repo_hook"].into_iter().filter(|scope| !has(scope)).collect()
        }
        ForgeKind::Bitbucket => ["repository", "repository:admin", "webhook"]
            .into_iter()
            .filter(|scope| !has(scope))
            .collect(),
    };
    if missing.is_empty() {
        return Ok(());
    }
    Err(SetupError(format!(
        "Your connection to {kind} lacks the permission `{}`, which {}s and webhooks need. \
         Sign in with {kind} again and leave it ticked.",
        missing.join("`, `"),
        kind.key_name()
    )))
}

#[expect(clippy::needless_pass_by_value, reason = "used in `map_err`")]
fn store_failed(error: StoreError) -> SetupError {
    tracing::error!(%error, "a setup could not be stored");
    SetupError(
        "Roundel's database does not answer at the moment. Try again in a minute.".to_owned(),
    )
}

fn call_failed(error: CallError) -> SetupError {
    match error {
        CallError::Store(error) => store_failed(error),
        CallError::Forge(error) => SetupError(error.message),
    }
}
