//! What the program that runs the forge can do, besides the API.
//!
//! Here is what is set up before the first call; the rest has its own modules.

use std::{collections::BTreeMap, io, time::Duration};

use roundel_model::{
    forge::{ForgeKind, Role},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    access::push_token,
    commit::RepositoryName,
    create::{NewRepository, create, create_with_sample},
    forge::Forge,
    local_forge::LocalForge,
    model::{Application, NewToken, Organization, Repository, User},
    random,
    shape::braced,
};

mod commits;
mod faults;
mod observe;

/// Scopes of a Bitbucket consumer (`VCS` §4.3).
const CONSUMER_SCOPES: [&str; 6] =
    ["account", "email", "repository", "repository:admin", "webhook", "pullrequest"];

fn no_repository(owner: &str, name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("no repository `{owner}/{name}`"))
}

fn find(forge: &Forge, owner: &str, name: &str) -> io::Result<Repository> {
    forge.find(owner, name).ok_or_else(|| no_repository(owner, name))
}

/// What is set up before the first call. Doing it again changes nothing, so a restart may.
impl LocalForge {
    /// Registers an OAuth application: (client id, client secret). One that has the name already
    /// keeps both and gets the address.
    pub fn register_application(
        &self,
        kind: ForgeKind,
        name: &str,
        redirect_uri: &str,
    ) -> (String, String) {
        self.forge(kind).write(|state| {
            if let Some(known) = state.applications.iter_mut().find(|one| one.name == name) {
                redirect_uri.clone_into(&mut known.redirect_uri);
                return (known.client_id.clone(), known.client_secret.clone());
            }
            let prefix = if kind == ForgeKind::GitHub { "Ov23li" } else { "" };
            let application = Application {
                client_id: format!("{prefix}{}", random::text(14)),
                client_secret: random::text(40),
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

    /// Creates a user (login, name, email) and returns its id.
    pub fn add_user(&self, kind: ForgeKind, login: &str, name: &str, email: &str) -> String {
        self.forge(kind).write(|state| {
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

    /// Issues a token of a user, as if it had been granted (for tests and `demo --once`).
    pub fn grant_token(&self, kind: ForgeKind, login: &str, scopes: &[&str]) -> String {
        let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        let wanted = NewToken { login, scopes, client_id: None, lifetime: None };
        self.forge(kind).write(|state| state.issue(kind, wanted, Timestamp::now()).value)
    }

    /// Issues a token of a user that an application can renew: (access token, refresh token).
    pub fn grant_renewable_token(
        &self,
        kind: ForgeKind,
        login: &str,
        scopes: &[&str],
        client_id: &str,
    ) -> (String, String) {
        let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        let client_id = Some(client_id.to_owned());
        let lifetime = Some(Duration::from_hours(2));
        let wanted = NewToken { login, scopes, client_id, lifetime };
        let token = self.forge(kind).write(|state| state.issue(kind, wanted, Timestamp::now()));
        (token.value, token.refresh.unwrap_or_default())
    }

    /// Creates an organization or workspace that a user owns.
    pub fn add_organization(&self, kind: ForgeKind, login: &str, owner: &str) {
        self.forge(kind).write(|state| {
            if state.organization(login).is_none() {
                let id = state.fresh_id();
                state.organizations.push(Organization {
                    id,
                    uuid: Uuid::new_v4(),
                    login: login.to_owned(),
                    members: BTreeMap::new(),
                    created_at: Timestamp::now(),
                });
            }
            for one in &mut state.organizations {
                if one.login.eq_ignore_ascii_case(login) {
                    one.members.insert(owner.to_owned(), true);
                }
            }
        });
    }

    /// Creates an empty repository; the user becomes its administrator.
    ///
    /// # Errors
    ///
    /// An error of git.
    pub async fn add_repository(&self, kind: ForgeKind, new: NewRepository<'_>) -> io::Result<()> {
        let forge = self.forge(kind);
        if let Some(known) = forge.find(new.owner, new.name) {
            // Its directory may have been lost while the state was kept.
            return Ok(forge.git(known.id).init(&known.default_branch).await?);
        }
        create(forge, &new).await.map(drop)
    }

    /// Creates a repository with a first commit that has a pipeline, as the button on the forge's
    /// pages does. One that is there already stays as it is.
    ///
    /// # Errors
    ///
    /// An error of git.
    pub async fn add_sample_repository(
        &self,
        kind: ForgeKind,
        new: NewRepository<'_>,
    ) -> io::Result<()> {
        let forge = self.forge(kind);
        if forge.find(new.owner, new.name).is_some() {
            return Ok(());
        }
        create_with_sample(forge, &new).await.map(drop)
    }

    /// Gives a user a role in a repository, or takes it away.
    ///
    /// # Errors
    ///
    /// When there is no such repository.
    pub fn set_role(
        &self,
        kind: ForgeKind,
        RepositoryName { owner, name }: RepositoryName<'_>,
        login: &str,
        role: Option<Role>,
    ) -> io::Result<()> {
        let forge = self.forge(kind);
        let id = find(forge, owner, name)?.id;
        forge.write(|state| {
            if let Some(one) = state.repositories.get_mut(&id) {
                match role {
                    Some(role) => one.roles.insert(login.to_owned(), role),
                    None => one.roles.remove(login),
                };
            }
        });
        Ok(())
    }

    /// A clone URL with a user's credentials, for pushes over HTTP. They fire webhooks.
    pub fn push_url(&self, kind: ForgeKind, owner: &str, name: &str, login: &str) -> String {
        let forge = self.forge(kind);
        let token = push_token(forge, login);
        let mut url = forge.web.clone();
        url.set_path(&format!("{owner}/{name}.git"));
        let user = match kind {
            ForgeKind::GitHub => login,
            ForgeKind::Bitbucket => "x-token-auth",
        };
        // An http address takes both.
        if url.set_username(user).is_err() || url.set_password(Some(&token)).is_err() {
            return forge.page(&format!("{owner}/{name}.git"));
        }
        url.to_string()
    }
}
