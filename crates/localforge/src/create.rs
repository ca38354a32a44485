//! Creating repositories: the rules for their names, and the files of a new one.

use std::{io, sync::Arc};

use roundel_model::{
    forge::{ForgeKind, Role},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    commit::{NewCommit, commit_and_notify},
    forge::Forge,
    model::{Repository, State},
};

/// A repository to create.
#[derive(Clone, Copy, Debug)]
pub struct NewRepository<'a> {
    /// Login of the user, organization or workspace that owns it.
    pub owner: &'a str,
    /// Its name in URLs.
    pub name: &'a str,
    /// Whether only users with a role see it.
    pub private: bool,
    /// Login of its administrator.
    pub admin: &'a str,
}

/// A first commit, so that the repository can be added at once.
struct Sample {
    message: &'static str,
    files: &'static [(&'static str, &'static str)],
}

macro_rules! files {
    ($root:literal: $($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../samples/", $root, "/", $path)))),*]
    };
}

/// Returns the first commit of a new repository. Each forge has another, so that a visitor who adds
/// one of each sees two pipelines.
fn sample(kind: ForgeKind) -> Sample {
    match kind {
        ForgeKind::GitHub => Sample {
            message: "Begin with a sunrise",
            files: files!("github": ".circleci/config.yml", "README.md", "bin/sunrise"),
        },
        ForgeKind::Bitbucket => Sample {
            message: "Begin with dice",
            files: files!("bitbucket": ".circleci/config.yml", "README.md", "bin/dice",
                "test/range.sh"),
        },
    }
}

/// Checks a name as the forge does.
///
/// # Errors
///
/// A sentence for the page.
pub(crate) fn check_name(kind: ForgeKind, name: &str) -> Result<(), String> {
    let most = match kind {
        ForgeKind::GitHub => 100,
        ForgeKind::Bitbucket => 62,
    };
    let allowed = |char: char| {
        let letter = match kind {
            ForgeKind::GitHub => char.is_ascii_alphanumeric(),
            ForgeKind::Bitbucket => char.is_ascii_lowercase() || char.is_ascii_digit(),
        };
        letter || matches!(char, '-' | '_' | '.')
    };
    if name.is_empty() {
        return Err("Enter a name for the repository.".to_owned());
    }
    if name.len() > most {
        return Err(format!("The name is too long: {most} characters at most."));
    }
    if !name.chars().all(allowed) {
        let letters = match kind {
            ForgeKind::GitHub => "ASCII letters",
            ForgeKind::Bitbucket => "lower-case ASCII letters",
        };
        return Err(format!("The name may only have {letters}, digits, and the characters . - _"));
    }
    if matches!(name, "." | "..") || name.to_ascii_lowercase().ends_with(".git") {
        return Err(format!("`{name}` is a reserved name. Choose another one."));
    }
    Ok(())
}

/// Returns the owners for whom a user may create repositories: the user first.
pub(crate) fn owners(state: &State, login: &str) -> Vec<String> {
    let own = state.user(login).map(|user| user.login.clone());
    let organizations = state
        .organizations
        .iter()
        .filter(|one| one.members.get(login).is_some_and(|is_owner| *is_owner))
        .map(|one| one.login.clone());
    own.into_iter().chain(organizations).collect()
}

/// Creates an empty repository.
///
/// # Errors
///
/// [`io::ErrorKind::AlreadyExists`] if its owner has one of that name, or an error of git.
pub(crate) async fn create(forge: &Arc<Forge>, new: &NewRepository<'_>) -> io::Result<Repository> {
    let repository = Repository {
        id: forge.write(State::fresh_id),
        uuid: Uuid::new_v4(),
        owner: new.owner.to_owned(),
        name: new.name.to_owned(),
        private: new.private,
        archived: false,
        default_branch: "main".to_owned(),
        roles: [(new.admin.to_owned(), Role::Admin)].into(),
        former_names: Vec::new(),
        deploy_keys_enabled: true,
        created_at: Timestamp::now(),
        pushed_at: None,
    };
    forge.git(repository.id).init(&repository.default_branch).await?;
    let is_new = forge.write(|state| {
        let is_new = state.repository(new.owner, new.name).is_none();
        if is_new {
            state.repositories.insert(repository.id, repository.clone());
        }
        is_new
    });
    if !is_new {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    // At once: an id whose directory exists must never be used again.
    let saved = Arc::clone(forge);
    tokio::task::spawn_blocking(move || saved.save()).await.map_err(io::Error::other)??;
    Ok(repository)
}

/// Creates a repository with a first commit that has a pipeline.
///
/// # Errors
///
/// As [`create`].
pub(crate) async fn create_with_sample(
    forge: &Arc<Forge>,
    new: &NewRepository<'_>,
) -> io::Result<Repository> {
    let repository = create(forge, new).await?;
    let sample = sample(forge.kind);
    let commit = NewCommit {
        branch: &repository.default_branch,
        files: sample.files,
        message: sample.message,
        author: new.admin,
    };
    commit_and_notify(forge, &repository, &commit).await?;
    Ok(repository)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules_of_each_forge() {
        for good in ["web", "a", "web-2.0_x", ".github"] {
            assert_eq!(check_name(ForgeKind::GitHub, good), Ok(()), "{good}");
            assert_eq!(check_name(ForgeKind::Bitbucket, good), Ok(()), "{good}");
        }
        assert_eq!(check_name(ForgeKind::GitHub, "Web"), Ok(()));
        let refused = |kind, name: &str, part: &str| {
            let error = check_name(kind, name).unwrap_err();
            assert!(error.contains(part), "{kind}: {name}: {error}");
        };
        // Addresses there are lower-case.
        refused(ForgeKind::Bitbucket, "Web", "only have lower-case ASCII letters");
        refused(ForgeKind::Bitbucket, &"a".repeat(63), "too long: 62");
        for (bad, part) in [
            ("", "Enter a name"),
            (".", "reserved"),
            ("..", "reserved"),
            ("a b", "may only have"),
            ("a/b", "may only have"),
            ("größe", "may only have"),
            ("web.git", "reserved"),
            (&"a".repeat(101), "too long"),
        ] {
            for kind in ForgeKind::ALL {
                refused(kind, bad, part);
            }
        }
    }
}
