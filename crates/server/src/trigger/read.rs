//! Reads the configuration at the commit itself, never from a branch (VCS-012).

use roundel_forge::{ErrorClass, ForgeError};
use roundel_model::{
    forge::{ForgeKind, RepositoryId},
    limits,
    name::CommitSha,
    time::Timestamp,
};
use roundel_store::projects::Project;

use super::failing_files::{AfterFailure, FailingFile, FailingFiles};
use crate::{
    forges::{self, CallError, Forges},
    retry::Attempt,
};

/// Where the configuration is.
pub(crate) const CONFIG_PATH: &str = ".circleci/config.yml";

/// A configuration, or the sentence that says why there is none.
pub(super) enum Config {
    Text(String),
    Absent,
    /// The file is there, and cannot be a configuration: its author can fix it.
    Invalid(String),
    /// The forge did not return it.
    Unreadable(String),
}

/// Reads the configuration at a commit with any token of the project.
///
/// # Errors
///
/// If it is worth trying again: the forge is unavailable, or the store.
pub(super) async fn read(
    forges: &Forges,
    failing_files: &FailingFiles,
    project: &Project,
    sha: &CommitSha,
    attempt: Attempt,
) -> Result<Config, CallError> {
    let file = FailingFile { project: project.id, sha: sha.clone() };
    let fetched = fetch(forges, project, sha).await;
    if fetched.is_ok() {
        failing_files.forget(&file);
    }
    match fetched {
        Ok(Some(bytes)) if bytes.len() > limits::CONFIG_BYTES => Ok(Config::Invalid(format!(
            "`{CONFIG_PATH}` has {} bytes; the limit is {}",
            bytes.len(),
            limits::CONFIG_BYTES
        ))),
        Ok(Some(bytes)) => Ok(String::from_utf8(bytes).map_or_else(
            |_| Config::Invalid(format!("`{CONFIG_PATH}` is not UTF-8 text")),
            Config::Text,
        )),
        Ok(None) => Ok(Config::Absent),
        Err(CallError::Store(error)) => Err(error.into()),
        Err(CallError::Forge(error)) => {
            let forge = project.slug.forge;
            let sentence = if !attempt.postpones(&error) {
                refused_or_unavailable(forge, &error)
            } else if !fails_alone(forges, project, &error).await? {
                failing_files.forget(&file);
                return Err(error.into());
            } else if failing_files.note_failure(&file, Timestamp::now()) == AfterFailure::GiveUp {
                let reason = &error.reason;
                format!("{forge} did not return `{CONFIG_PATH}`: {reason}. {ONLY_THIS_FILE}")
            } else {
                return Err(error.into());
            };
            Ok(Config::Unreadable(sentence))
        }
    }
}

/// What to do about a file that a forge does not return, though it answers.
const ONLY_THIS_FILE: &str = "The Git provider answers other requests, so this is not retried any longer. \
                              See whether its website shows the file, then push again, or use Trigger \
                              pipeline on the project's page.";

/// Says which forge did what instead of returning the file, and what to do.
fn refused_or_unavailable(forge: ForgeKind, error: &ForgeError) -> String {
    let reason = &error.reason;
    let what_to_do = what_to_do(error);
    match error.class {
        // It was not even asked: no token is left.
        ErrorClass::Unauthorized => format!("{reason}. {what_to_do}"),
        ErrorClass::Forbidden => {
            format!("{forge} refused to return `{CONFIG_PATH}`: {reason}. {what_to_do}")
        }
        ErrorClass::RateLimited | ErrorClass::Unavailable => {
            format!("{forge} is unavailable: {reason}. {what_to_do}")
        }
        ErrorClass::NotFound | ErrorClass::Invalid | ErrorClass::Broken => {
            format!("{forge} did not return `{CONFIG_PATH}`: {reason}. {what_to_do}")
        }
    }
}

/// What to do about a configuration that the forge does not show.
const fn what_to_do(error: &ForgeError) -> &'static str {
    match error.class {
        ErrorClass::Unauthorized => {
            "After that, push again, or use Trigger pipeline on the project's page."
        }
        ErrorClass::Forbidden | ErrorClass::NotFound => {
            "A follower of this project must be allowed to read the repository: check their access \
             there, then push again, or use Trigger pipeline on the project's page."
        }
        // What is there was read, and is not a file.
        ErrorClass::Invalid if error.status.is_none() => {
            "Correct that, then push again, or use Trigger pipeline on the project's page."
        }
        ErrorClass::Invalid
        | ErrorClass::RateLimited
        | ErrorClass::Unavailable
        | ErrorClass::Broken => {
            "Push again, or use Trigger pipeline on the project's page, once the Git provider answers."
        }
    }
}

async fn fetch(
    forges: &Forges,
    project: &Project,
    sha: &CommitSha,
) -> Result<Option<Vec<u8>>, CallError> {
    let forge = &forges.client(project.slug.forge)?;
    let repository = &forges::repository_ref(project);
    let id: &RepositoryId = &project.repository;
    forges
        .call(project, |token| async move {
            let found = forge.file_at(&token, repository, sha, CONFIG_PATH).await?;
            if found.is_none() {
                // A forge also answers "not found" to a user who may not see the repository. The file is
                // known to be absent only if the token reads the repository.
                forge.repository_by_id(&token, id).await?;
            }
            Ok(found)
        })
        .await
}

/// Returns whether the forge fails with this file only: it shows the repository to the same users.
async fn fails_alone(
    forges: &Forges,
    project: &Project,
    error: &ForgeError,
) -> Result<bool, CallError> {
    if error.class != ErrorClass::Unavailable {
        return Ok(false);
    }
    let forge = &forges.client(project.slug.forge)?;
    let id = &project.repository;
    let seen =
        forges.call(project, |token| async move { forge.repository_by_id(&token, id).await }).await;
    match seen {
        Ok(_) => Ok(true),
        Err(CallError::Forge(_)) => Ok(false),
        Err(error @ CallError::Store(_)) => Err(error),
    }
}
