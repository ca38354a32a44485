//! Commits, branches and tags, made by the program that runs the forge. Webhooks fire as after a push.

use std::io;

use roundel_model::forge::ForgeKind;

use super::find;
use crate::{
    commit::{NewCommit, NewTag, RepositoryName, commit_and_notify},
    git::Signature,
    local_forge::LocalForge,
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
        let forge = self.forge(kind);
        commit_and_notify(forge, &find(forge, owner, name)?, commit).await
    }

    /// Deletes a branch and fires webhooks as a push would.
    ///
    /// # Errors
    ///
    /// When there is no such repository or git fails.
    pub async fn delete_branch(
        &self,
        kind: ForgeKind,
        RepositoryName { owner, name }: RepositoryName<'_>,
        branch: &str,
        actor: &str,
    ) -> io::Result<()> {
        let forge = self.forge(kind);
        let found = find(forge, owner, name)?;
        forge.git(found.id).update_ref(&format!("refs/heads/{branch}"), None).await?;
        push::notice(forge, found.id, actor).await?;
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
        RepositoryName { owner, name }: RepositoryName<'_>,
        new: &NewTag<'_>,
    ) -> io::Result<()> {
        let forge = self.forge(kind);
        let found = find(forge, owner, name)?;
        let person = forge.person(new.author);
        let by = Signature { name: &person.name, email: &person.email };
        forge.git(found.id).tag(new.tag, new.target, new.message, &by).await?;
        push::notice(forge, found.id, new.author).await?;
        Ok(())
    }

    /// Returns the id by which the forge knows a repository: a number, or `{uuid}`.
    pub fn repository_id(&self, kind: ForgeKind, owner: &str, name: &str) -> Option<String> {
        self.forge(kind).find(owner, name).map(|one| match kind {
            ForgeKind::GitHub => one.id.to_string(),
            ForgeKind::Bitbucket => braced(one.uuid),
        })
    }

    /// Returns how a repository is cloned over SSH.
    pub fn ssh_url(&self, kind: ForgeKind, owner: &str, name: &str) -> Option<String> {
        let forge = self.forge(kind);
        forge.find(owner, name).map(|one| forge.ssh_url(&one))
    }

    /// Returns the commit that a branch points at.
    pub async fn head_of(
        &self,
        kind: ForgeKind,
        owner: &str,
        name: &str,
        branch: &str,
    ) -> Option<String> {
        let forge = self.forge(kind);
        let found = forge.find(owner, name)?;
        forge.git(found.id).resolve(&format!("refs/heads/{branch}")).await
    }
}
