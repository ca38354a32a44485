//! What a program that runs the forge can do with it, past its API.

use std::{io, sync::Arc, time::Duration};

use roundel_model::{forge::Role, time::Timestamp};
use uuid::Uuid;

use crate::{
    DeliveryFault, DeliveryMark, Failure, ForgeKind, HookMark, KeyMark, LocalForge, StatusMark,
    bitbucket::shape::braced,
    git::{NewFiles, Signature},
    keys,
    model::{Application, NewToken, Organization, Repository, Token, User},
    push, random,
    side::Side,
};

/// Scopes of a Bitbucket consumer (`VCS` §4.3).
const CONSUMER_SCOPES: [&str; 6] =
    ["account", "email", "repository", "repository:admin", "webhook", "pullrequest"];

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

fn no_repository(owner: &str, name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("no repository `{owner}/{name}`"))
}

fn find(side: &Side, owner: &str, name: &str) -> io::Result<Repository> {
    side.find(owner, name).ok_or_else(|| no_repository(owner, name))
}

/// Everything that is set up before anybody calls. Doing it again changes nothing, so a restart may.
impl LocalForge {
    /// Registers an OAuth application: (client id, client secret). One that has the name already
    /// keeps both and gets the address.
    pub fn register_application(
        &self,
        kind: ForgeKind,
        name: &str,
        redirect_uri: &str,
    ) -> (String, String) {
        self.side(kind).write(|state| {
            if let Some(known) = state.applications.iter_mut().find(|one| one.name == name) {
                redirect_uri.clone_into(&mut known.redirect_uri);
                return (known.client_id.clone(), known.client_secret.clone());
            }
            let prefix = if kind == ForgeKind::GitHub { "Ov23li" } else { "" };
            let application = Application {
                client_id: format!("{prefix}{}", random::word(14)),
                client_secret: random::word(40),
                name: name.to_owned(),
                redirect_uri: redirect_uri.to_owned(),
                scopes: CONSUMER_SCOPES.map(str::to_owned).to_vec(),
                created_at: Timestamp::now(),
            };
            let pair = (application.client_id.clone(), application.client_secret.clone());
            state.applications.push(application);
            pair
        })
    }

    /// Makes a user (login, name, e-mail) and returns its id.
    pub fn add_user(&self, kind: ForgeKind, login: &str, name: &str, email: &str) -> String {
        self.side(kind).write(|state| {
            if state.user(login).is_none() {
                let user = User {
                    id: state.fresh_id(),
                    uuid: Uuid::new_v4(),
                    login: login.to_owned(),
                    name: name.to_owned(),
                    email: email.to_owned(),
                    created_at: Timestamp::now(),
                };
                state.users.push(user);
            }
            state.user(login).map_or_else(String::new, |user| match kind {
                ForgeKind::GitHub => user.id.to_string(),
                ForgeKind::Bitbucket => braced(user.uuid),
            })
        })
    }

    /// Makes a token of a user, as if it had been granted (for tests and `demo --once`).
    pub fn grant_token(&self, kind: ForgeKind, login: &str, scopes: &[&str]) -> String {
        let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        let wanted = NewToken { login, scopes, client_id: None, life: None };
        self.side(kind).write(|state| state.issue(kind, wanted, Timestamp::now()).token)
    }

    /// Makes an organization or workspace owned by a user.
    pub fn add_organization(&self, kind: ForgeKind, login: &str, owner: &str) {
        self.add_member(kind, login, owner, true);
    }

    /// Makes somebody a member of an organization or workspace, or an owner. It is made if need be.
    pub fn add_member(&self, kind: ForgeKind, organization: &str, login: &str, owner: bool) {
        self.side(kind).write(|state| {
            if state.organization(organization).is_none() {
                let id = state.fresh_id();
                state.organizations.push(Organization {
                    id,
                    uuid: Uuid::new_v4(),
                    login: organization.to_owned(),
                    members: std::collections::BTreeMap::new(),
                    created_at: Timestamp::now(),
                });
            }
            for one in &mut state.organizations {
                if one.login.eq_ignore_ascii_case(organization) {
                    one.members.insert(login.to_owned(), owner);
                }
            }
        });
    }

    /// Makes an empty bare repository; the user named gets admin.
    ///
    /// # Errors
    ///
    /// When git cannot make it.
    pub async fn add_repository(
        &self,
        kind: ForgeKind,
        owner: &str,
        name: &str,
        private: bool,
        admin: &str,
    ) -> io::Result<()> {
        let side = self.side(kind);
        if side.find(owner, name).is_some() {
            return Ok(());
        }
        let id = side.write(crate::model::State::fresh_id);
        let repository = Repository {
            id,
            uuid: Uuid::new_v4(),
            owner: owner.to_owned(),
            name: name.to_owned(),
            private,
            archived: false,
            default_branch: "main".to_owned(),
            roles: [(admin.to_owned(), Role::Admin)].into(),
            former_names: Vec::new(),
            deploy_keys_enabled: true,
            created_at: Timestamp::now(),
            pushed_at: None,
        };
        side.git(id).init(&repository.default_branch).await?;
        side.write(|state| state.repositories.insert(id, repository));
        Ok(())
    }

    /// Gives somebody a role in a repository, or takes it away.
    ///
    /// # Errors
    ///
    /// When there is no such repository.
    pub fn set_role(
        &self,
        kind: ForgeKind,
        (owner, name): (&str, &str),
        login: &str,
        role: Option<Role>,
    ) -> io::Result<()> {
        let side = self.side(kind);
        let id = find(side, owner, name)?.id;
        side.write(|state| {
            if let Some(one) = state.repositories.get_mut(&id) {
                match role {
                    Some(role) => one.roles.insert(login.to_owned(), role),
                    None => one.roles.remove(login),
                };
            }
        });
        Ok(())
    }

    /// A clone URL with a user's credentials, for pushes over HTTP: hooks fire.
    pub fn push_url(&self, kind: ForgeKind, owner: &str, name: &str, login: &str) -> String {
        let side = self.side(kind);
        let token = push_token(side, login);
        let mut url = side.web.clone();
        url.set_path(&format!("{owner}/{name}.git"));
        let user = match kind {
            ForgeKind::GitHub => login,
            ForgeKind::Bitbucket => "x-token-auth",
        };
        // An http address takes both.
        if url.set_username(user).is_err() || url.set_password(Some(&token)).is_err() {
            return side.page(&format!("{owner}/{name}.git"));
        }
        url.to_string()
    }
}

/// Returns the token that a user pushes with; it is made once.
pub(crate) fn push_token(side: &Side, login: &str) -> String {
    let scopes: &[&str] = match side.kind {
        ForgeKind::GitHub => &["repo"],
        ForgeKind::Bitbucket => &["repository", "repository:write"],
    };
    let scopes: Vec<String> = scopes.iter().map(|&scope| scope.to_owned()).collect();
    side.write(|state| {
        let ours =
            |one: &&Token| one.client_id.is_none() && one.login == login && one.scopes == scopes;
        if let Some(known) = state.tokens.iter().find(ours) {
            return known.token.clone();
        }
        let wanted = NewToken { login, scopes: scopes.clone(), client_id: None, life: None };
        state.issue(side.kind, wanted, Timestamp::now()).token
    })
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

/// What the other side did.
impl LocalForge {
    /// The marks on a commit: newest per context.
    pub fn statuses(&self, kind: ForgeKind, owner: &str, name: &str, sha: &str) -> Vec<StatusMark> {
        let side = self.side(kind);
        let Some(found) = side.find(owner, name) else { return Vec::new() };
        side.read(|state| state.newest_statuses(found.id, sha))
            .into_iter()
            .map(|one| StatusMark {
                context: one.name,
                state: one.state,
                description: one.description,
                target_url: one.target_url,
                creator: one.creator,
                created_at: one.updated_at,
            })
            .collect()
    }

    /// Waits until a condition on the marks of a commit holds, or time is up.
    #[expect(clippy::too_many_arguments, reason = "the agreed surface; callers name a commit")]
    pub async fn wait_for_statuses(
        &self,
        kind: ForgeKind,
        owner: &str,
        name: &str,
        sha: &str,
        patience: Duration,
        done: impl Fn(&[StatusMark]) -> bool + Send,
    ) -> Vec<StatusMark> {
        let mut changes = self.side(kind).changes();
        let wait = async {
            loop {
                changes.mark_unchanged();
                if done(&self.statuses(kind, owner, name, sha)) {
                    return;
                }
                if changes.changed().await.is_err() {
                    return;
                }
            }
        };
        // Out of time is an answer too: the caller sees the marks as they are.
        drop(tokio::time::timeout(patience, wait).await);
        self.statuses(kind, owner, name, sha)
    }

    /// Returns the webhooks of a repository and what they delivered.
    pub fn hooks_of(&self, kind: ForgeKind, owner: &str, name: &str) -> Vec<HookMark> {
        let side = self.side(kind);
        let Some(found) = side.find(owner, name) else { return Vec::new() };
        side.read(|state| {
            let hooks = state.hooks_of(found.id).map(|hook| HookMark {
                id: match kind {
                    ForgeKind::GitHub => hook.id.to_string(),
                    ForgeKind::Bitbucket => braced(hook.uuid),
                },
                url: hook.url.clone(),
                active: hook.active,
                events: hook.events.clone(),
                secret: hook.secret.clone(),
                deliveries: state
                    .deliveries
                    .iter()
                    .filter(|one| one.hook == hook.id)
                    .map(|one| DeliveryMark {
                        guid: one.guid.clone(),
                        event: one.event.clone(),
                        status_code: one.status_code,
                        attempt: one.attempt,
                        redelivery: one.redelivery,
                        headers: one.request_headers.clone(),
                        payload: one.payload.clone(),
                    })
                    .collect(),
            });
            hooks.collect()
        })
    }

    /// Waits until a condition on the webhooks of a repository holds, or time is up.
    pub async fn wait_for_hooks(
        &self,
        kind: ForgeKind,
        (owner, name): (&str, &str),
        patience: Duration,
        done: impl Fn(&[HookMark]) -> bool + Send,
    ) -> Vec<HookMark> {
        let mut changes = self.side(kind).changes();
        let wait = async {
            loop {
                changes.mark_unchanged();
                if done(&self.hooks_of(kind, owner, name)) || changes.changed().await.is_err() {
                    return;
                }
            }
        };
        drop(tokio::time::timeout(patience, wait).await);
        self.hooks_of(kind, owner, name)
    }

    /// Returns the deploy keys of a repository.
    pub fn keys_of(&self, kind: ForgeKind, owner: &str, name: &str) -> Vec<KeyMark> {
        let side = self.side(kind);
        let Some(found) = side.find(owner, name) else { return Vec::new() };
        let all: Vec<_> = side.read(|state| state.deploy_keys_of(found.id).cloned().collect());
        all.into_iter()
            .map(|key| KeyMark {
                id: key.id.to_string(),
                title: key.title,
                fingerprint: keys::fingerprint(&key.key),
                public: key.key,
                read_only: key.read_only,
                used: key.last_used.is_some(),
            })
            .collect()
    }
}

/// Trouble.
impl LocalForge {
    /// Fails calls on purpose.
    pub fn inject(&self, failure: Failure) {
        self.side(failure.kind).faults.inject(failure);
    }

    /// Disturbs the next webhook deliveries on purpose.
    pub fn disturb(&self, kind: ForgeKind, fault: DeliveryFault, times: u32) {
        self.side(kind).faults.disturb(fault, times);
    }

    /// Forgets all injected failures.
    pub fn heal(&self) {
        self.github.faults.heal();
        self.bitbucket.faults.heal();
    }

    /// Ends one token, as if its owner had revoked it.
    pub fn revoke_token(&self, kind: ForgeKind, token: &str) {
        self.side(kind).write(|state| state.tokens.retain(|one| one.token != token));
    }

    /// Ends an application's authorisation by a user: its tokens and the keys that it made go.
    pub fn revoke_grant(&self, kind: ForgeKind, client_id: &str, login: &str) {
        self.side(kind).write(|state| state.revoke_grant(client_id, login));
    }

    /// Lets every token of a user that can be refreshed expire now.
    pub fn expire_tokens(&self, kind: ForgeKind, login: &str) {
        let now = Timestamp::now();
        self.side(kind).write(|state| {
            let refreshable = |one: &&mut Token| one.login == login && one.refresh.is_some();
            for token in state.tokens.iter_mut().filter(refreshable) {
                token.expires_at = Some(now);
            }
        });
    }

    /// Takes a repository away, with its keys and hooks.
    ///
    /// # Errors
    ///
    /// When there is no such repository.
    pub fn delete_repository(&self, kind: ForgeKind, owner: &str, name: &str) -> io::Result<()> {
        let side = self.side(kind);
        let id = find(side, owner, name)?.id;
        side.write(|state| {
            state.repositories.remove(&id);
            state.deploy_keys.retain(|key| key.repository != id);
            state.hooks.retain(|hook| hook.repository != id);
        });
        Ok(())
    }
}
