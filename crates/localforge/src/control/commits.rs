//! Commits, branches and tags, made by the program that runs the forge. Hooks fire as after a push.

use std::{io, sync::Arc};

use super::find;
use crate::{
    ForgeKind, LocalForge,
    bitbucket::shape::braced,
    git::{NewFiles, Signature},
    model::Repository,
    push,
    side::Side,
};

/// A commit to make.
#[derive(Clone, Debug)]
pub struct NewCommit<'a> {
    /// The branch, without `refs/heads/`. One that is not there starts at the default branch.
    pub branch: &'a str,
    /// Paths and contents. A file that starts with `#!` is executable.
    pub files: &'a [(&'a str, &'a str)],
    /// The message.
    pub message: &'a str,
    /// Login of whoever commits and pushes.
    pub author: &'a str,
}

/// Commits a file set and fires hooks as a push would.
pub(crate) async fn commit_and_tell(
    side: &Arc<Side>,
    repository: &Repository,
    commit: &NewCommit<'_>,
) -> io::Result<String> {
    let git = side.git(repository.id);
    let author = side.person(commit.author);
    let files: Vec<_> = commit
        .files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), Some(text.as_bytes().to_vec())))
        .collect();
    let base = format!("refs/heads/{}", repository.default_branch);
    let new = NewFiles {
        branch: commit.branch,
        from: git.resolve(&base).await.as_deref().map(|_| base.as_str()),
        files: &files,
        message: commit.message,
        by: Signature { name: &author.name, email: &author.email },
    };
    let sha = git.commit_files(&new).await?;
    push::notice(side, repository.id, commit.author).await?;
    Ok(sha)
}

/// What happens in repositories.
impl LocalForge {
    /// Commits files on a branch, without a working tree, and fires hooks as a push would.
    ///
    /// # Errors
    ///
    /// When there is no such repository or git fails.
    pub async fn commit_files(
        &self,
        kind: ForgeKind,
        owner: &str,
        name: &str,
        commit: &NewCommit<'_>,
    ) -> io::Result<String> {
        let side = self.side(kind);
        commit_and_tell(side, &find(side, owner, name)?, commit).await
    }

    /// Deletes a branch and fires hooks as a push would.
    ///
    /// # Errors
    ///
    /// When there is no such repository or git fails.
    pub async fn delete_branch(
        &self,
        kind: ForgeKind,
        (owner, name): (&str, &str),
        branch: &str,
        actor: &str,
    ) -> io::Result<()> {
        let side = self.side(kind);
        let found = find(side, owner, name)?;
        side.git(found.id).update_ref(&format!("refs/heads/{branch}"), None).await?;
        push::notice(side, found.id, actor).await?;
        Ok(())
    }

    /// Makes a tag on a commit (annotated, if there is a message) and fires hooks as a push would.
    ///
    /// # Errors
    ///
    /// When there is no such repository or commit, or the tag is there already.
    pub async fn push_tag(
        &self,
        kind: ForgeKind,
        (owner, name): (&str, &str),
        (tag, target, message): (&str, &str, Option<&str>),
        actor: &str,
    ) -> io::Result<()> {
        let side = self.side(kind);
        let found = find(side, owner, name)?;
        let person = side.person(actor);
        let by = Signature { name: &person.name, email: &person.email };
        side.git(found.id).tag(tag, target, message, &by).await?;
        push::notice(side, found.id, actor).await?;
        Ok(())
    }

    /// Returns the id by which the forge knows a repository: a number, or `{uuid}`.
    pub fn repository_id(&self, kind: ForgeKind, owner: &str, name: &str) -> Option<String> {
        self.side(kind).find(owner, name).map(|one| match kind {
            ForgeKind::GitHub => one.id.to_string(),
            ForgeKind::Bitbucket => braced(one.uuid),
        })
    }

    /// Returns how a repository is cloned over SSH.
    pub fn ssh_url(&self, kind: ForgeKind, owner: &str, name: &str) -> Option<String> {
        let side = self.side(kind);
        side.find(owner, name).map(|one| side.ssh_url(&one))
    }

    /// Returns the commit that a branch points at.
    pub async fn head_of(
        &self,
        kind: ForgeKind,
        owner: &str,
        name: &str,
        branch: &str,
    ) -> Option<String> {
        let side = self.side(kind);
        let found = side.find(owner, name)?;
        side.git(found.id).resolve(&format!("refs/heads/{branch}")).await
    }
}
