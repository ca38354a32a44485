//! Commits, branches and tags, made by the program that runs the forge. Webhooks fire as after a push.

use std::io;

use roundel_model::forge::ForgeKind;

use super::find;
use crate::{
    commit::{NewCommit, commit_and_notify},
    forge::LocalForge,
    git::Signature,
    push,
    shape::braced,
};

/// What happens in repositories.
impl LocalForge {
    /// Commits files on a branch, without a working tree, and fires webhooks as a push would.
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
        commit_and_notify(side, &find(side, owner, name)?, commit).await
    }

    /// Deletes a branch and fires webhooks as a push would.
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

    /// Makes a tag on a commit (annotated, if there is a message) and fires webhooks as a push would.
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
