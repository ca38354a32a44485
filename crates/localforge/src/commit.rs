//! Commits that the forge itself makes. Webhooks fire as after a push.

use std::{io, sync::Arc};

use crate::{
    forge::Forge,
    git::{NewFiles, Signature},
    model::Repository,
    push,
};

/// A commit to make.
#[derive(Clone, Debug)]
pub struct NewCommit<'a> {
    /// The branch, without `refs/heads/`. One that is not there starts at the default branch.
    pub branch: &'a str,
    /// Paths and contents. A file that starts with `#!` is executable.
    pub files: &'a [(&'a str, &'a str)],
    pub message: &'a str,
    /// Login of the user who commits and pushes.
    pub author: &'a str,
}

/// A repository, as an address names it.
#[derive(Clone, Copy, Debug)]
pub struct RepositoryName<'a> {
    pub owner: &'a str,
    pub name: &'a str,
}

/// A commit, as an address names it.
#[derive(Clone, Copy, Debug)]
pub struct CommitName<'a> {
    pub owner: &'a str,
    /// Name of its repository.
    pub repository: &'a str,
    pub sha: &'a str,
}

/// A tag to make.
#[derive(Clone, Debug)]
pub struct NewTag<'a> {
    /// Its name, without `refs/tags/`.
    pub tag: &'a str,
    /// SHA of the tagged commit.
    pub target: &'a str,
    /// Makes it an annotated tag.
    pub message: Option<&'a str>,
    /// Login of the user who pushes it.
    pub author: &'a str,
}

/// Commits files and fires webhooks as a push would.
pub(crate) async fn commit_and_notify(
    forge: &Arc<Forge>,
    repository: &Repository,
    commit: &NewCommit<'_>,
) -> io::Result<String> {
    let git = forge.git(repository.id);
    let author = forge.person(commit.author);
    let base = format!("refs/heads/{}", repository.default_branch);
    // Only a branch that is another one can start there.
    let other = commit.branch != repository.default_branch;
    let from = if other { git.resolve(&base).await.map(|_| base.as_str()) } else { None };
    let new = NewFiles {
        branch: commit.branch,
        from,
        files: commit.files,
        message: commit.message,
        by: Signature { name: &author.name, email: &author.email },
    };
    let sha = git.commit_files(&new).await?;
    push::notice(forge, repository.id, commit.author).await?;
    Ok(sha)
}
