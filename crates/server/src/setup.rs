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

/// Why a setup could not even begin.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The person may not set it up as it is: a sentence for them.
    #[error("{0}")]
    Refused(String),
    /// The forge could not be asked, and it is not the person's fault: a sentence for the person.
    #[error("{0}")]
    ForgeFailed(String),
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

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
    check_scopes(setups, actor, forge, &repository).await?;
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
    let project = setups.store.upsert_project(&new, Timestamp::now()).await?;
    if setups.under_way.enter(project.id) {
        let record = match Record::begin(setups, &project, actor).await {
            Ok(record) => record,
            Err(error) => {
                setups.under_way.leave(project.id);
                return Err(error.into());
            }
        };
        run_in_background(setups, project.clone(), record);
    }
    Ok(project.id)
}

/// Continues with what a crash interrupted. Called once at start.
pub async fn resume_all(setups: &Arc<Setups>) {
    prove::remove_left_over();
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
    let forge = &setups.forges.client(kind).map_err(|error| forge_failed(&error))?;
    let read = |token| async move { forge.repository(&token, owner, name).await };
    let repository = match setups.forges.call_as(actor, kind, read).await {
        Ok(Some(repository)) => repository,
        Ok(None) => {
            return Err(SetupError::Refused(format!(
                "Roundel has no working connection to {kind} for you. Sign in with {kind} and try again."
            )));
        }
        Err(CallError::Store(error)) => return Err(error.into()),
        Err(CallError::Forge(error)) => return Err(explain(kind, owner, name, &error)),
    };
    if repository.archived {
        return Err(SetupError::Refused(format!(
            "{owner}/{name} is archived on {kind}: keys and webhooks cannot be added. Unarchive it first."
        )));
    }
    if repository.role != Some(Role::Admin) {
        return Err(SetupError::Refused(format!(
            "Setting up {owner}/{name} adds a read-only {} and a webhook, and {kind} lets only \
             administrators of the repository do that. Ask one of them to set it up here, or to make \
             you an administrator.",
            kind.key_name()
        )));
    }
    Ok(repository)
}

fn explain(kind: ForgeKind, owner: &str, name: &str, error: &ForgeError) -> SetupError {
    match error.class {
        ErrorClass::NotFound => SetupError::Refused(format!(
            "Your {kind} account sees no repository {owner}/{name}. It may be renamed, or its organization \
             may not have granted access to Roundel yet."
        )),
        ErrorClass::Unauthorized
        | ErrorClass::Forbidden
        | ErrorClass::Invalid
        | ErrorClass::RateLimited
        | ErrorClass::Unavailable
        | ErrorClass::Broken => forge_failed(error),
    }
}

/// Step 2: people may have unticked something at consent. Says exactly what is missing.
async fn check_scopes(
    setups: &Setups,
    actor: AccountId,
    kind: ForgeKind,
    repository: &Repository,
) -> Result<(), SetupError> {
    let identity = setups.store.identity(actor, kind).await?;
    let granted = identity.and_then(|identity| identity.token).map(|token| token.scopes);
    let granted = granted.unwrap_or_default();
    // A token whose scopes the forge does not report is tried as it is.
    if granted.is_empty() {
        return Ok(());
    }
    let has = |scope: &str| granted.iter().any(|granted| granted == scope);
    let missing: Vec<&str> = match kind {
        ForgeKind::GitHub if has("repo") => Vec::new(),
        ForgeKind::GitHub if repository.private => vec!["repo"],
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
    Err(SetupError::Refused(format!(
        "Your connection to {kind} lacks the permission `{}`, which {}s and webhooks need. \
         Sign in with {kind} again and leave it ticked.",
        missing.join("`, `"),
        kind.key_name()
    )))
}

/// Sorts what a forge answered by whose fault it is.
fn forge_failed(error: &ForgeError) -> SetupError {
    match error.class {
        ErrorClass::RateLimited | ErrorClass::Unavailable | ErrorClass::Broken => {
            SetupError::ForgeFailed(format!("{error}. Nothing was changed; try again later."))
        }
        ErrorClass::Unauthorized
        | ErrorClass::Forbidden
        | ErrorClass::NotFound
        | ErrorClass::Invalid => SetupError::Refused(error.to_string()),
    }
}
