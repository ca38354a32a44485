//! Which emails a user gets about the projects that they follow, and the signed link at the end of every
//! email that changes this without signing in (RFC 8058).
//!
//! There is a default for all projects, and each project may have its own choice. Only followers
//! get emails at all; who follows what is in the store.

use std::str::FromStr;

use hmac::{Hmac, Mac as _};
use roundel_model::{
    id::{AccountId, ProjectId},
    secret::Secret,
    time::Timestamp,
};
use roundel_store::{Store, StoreError, projects::FollowerChanges};
use sha2::Sha256;

use crate::signing;

/// Separates these signatures from everything else that the instance key signs.
const PURPOSE: &[u8] = b"roundel mail preferences v1\0";

/// Which results a user is sent emails about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum EmailPreference {
    /// Whenever a workflow finishes, a job needs approval, or a configuration cannot be run.
    #[default]
    EveryResult,
    /// All of these except a workflow that passed and had not failed the time before.
    ExceptPassed,
    /// No emails.
    Nothing,
}

impl EmailPreference {
    /// All of them, the most emails first.
    pub(crate) const ALL: [Self; 3] = [Self::EveryResult, Self::ExceptPassed, Self::Nothing];

    /// Returns the word that is stored and used in forms.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::EveryResult => "everything",
            Self::ExceptPassed => "failures",
            Self::Nothing => "nothing",
        }
    }

    /// Returns what pages call it.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::EveryResult => "Every result",
            Self::ExceptPassed => "Everything except passed",
            Self::Nothing => "Nothing",
        }
    }
}

impl FromStr for EmailPreference {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        // As earlier releases stored it.
        let text = if text == "trouble" { "failures" } else { text };
        Self::ALL.into_iter().find(|one| one.as_str() == text).ok_or(())
    }
}

/// Returns what applies to projects without their own choice; every result, until the user
/// chooses.
///
/// # Errors
///
/// If the store cannot be read.
pub(crate) async fn default_of(
    store: &Store,
    account: AccountId,
) -> Result<EmailPreference, StoreError> {
    Ok(read(store, &account_key(account)).await?.unwrap_or_default())
}

/// Returns the choice for one project, if there is one.
///
/// # Errors
///
/// If the store cannot be read.
pub(crate) async fn of_project(
    store: &Store,
    account: AccountId,
    project: ProjectId,
) -> Result<Option<EmailPreference>, StoreError> {
    read(store, &project_key(account, project)).await
}

/// Returns what applies to a project: its own choice, else the default.
///
/// # Errors
///
/// If the store cannot be read.
pub(crate) async fn effective(
    store: &Store,
    account: AccountId,
    project: ProjectId,
) -> Result<EmailPreference, StoreError> {
    match of_project(store, account, project).await? {
        Some(own) => Ok(own),
        None => default_of(store, account).await,
    }
}

/// A choice for one project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProjectChoice {
    /// What applies to all projects.
    UseDefault,
    /// The project's own.
    Own(EmailPreference),
}

impl ProjectChoice {
    /// The word of [`Self::UseDefault`], stored and used in forms.
    pub(crate) const DEFAULT: &str = "default";

    const fn as_str(self) -> &'static str {
        match self {
            Self::UseDefault => Self::DEFAULT,
            Self::Own(own) => own.as_str(),
        }
    }
}

/// What a form asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// What applies to projects without their own choice.
    pub(crate) default: Option<EmailPreference>,
    pub(crate) projects: Vec<(ProjectId, ProjectChoice)>,
    pub(crate) follow: Vec<ProjectId>,
    pub(crate) unfollow: Vec<ProjectId>,
}

/// Saves all of what a form asks for; after an error nothing of it is saved.
///
/// # Errors
///
/// If the store cannot be written.
pub(crate) async fn save(
    store: &Store,
    account: AccountId,
    changes: Changes,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Changes { default, projects, follow, unfollow } = changes;
    let default = default.map(|default| (account_key(account), default.as_str()));
    let projects = projects
        .into_iter()
        .map(|(project, choice)| (project_key(account, project), choice.as_str()));
    let settings =
        default.into_iter().chain(projects).map(|(key, word)| (key, format!("\"{word}\"")));
    let changes = FollowerChanges { settings: settings.collect(), follow, unfollow };
    store.change_follower(account, &changes, now).await
}

async fn read(store: &Store, key: &str) -> Result<Option<EmailPreference>, StoreError> {
    let stored = store.setting(key).await?;
    Ok(stored.and_then(|word| word.trim_matches('"').parse().ok()))
}

fn account_key(account: AccountId) -> String {
    format!("mail/{account}")
}

fn project_key(account: AccountId, project: ProjectId) -> String {
    format!("mail/{account}/{project}")
}

/// Signs the link that changes what one user is sent about one project.
pub(crate) fn signature(key: &Secret<Vec<u8>>, account: AccountId, project: ProjectId) -> String {
    hex::encode(mac(key, account, project).finalize().into_bytes())
}

/// Whether a link was signed by us, found out in constant time.
pub(crate) fn is_signature(
    key: &Secret<Vec<u8>>,
    account: AccountId,
    project: ProjectId,
    given: &str,
) -> bool {
    let Ok(given) = hex::decode(given) else { return false };
    mac(key, account, project).verify_slice(&given).is_ok()
}

fn mac(key: &Secret<Vec<u8>>, account: AccountId, project: ProjectId) -> Hmac<Sha256> {
    signing::mac(key, PURPOSE)
        .chain_update(account.as_uuid().as_bytes())
        .chain_update(project.as_uuid().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_that_earlier_releases_stored_is_still_read() {
        assert_eq!("trouble".parse(), Ok(EmailPreference::ExceptPassed));
        for one in EmailPreference::ALL {
            assert_eq!(one.as_str().parse(), Ok(one));
        }
    }
}
