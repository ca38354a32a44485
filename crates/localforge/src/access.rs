//! Who may fetch from and push to a repository, and the forge's message if not (`VCS` §6.4).

use roundel_model::{
    forge::{ForgeKind, Role},
    time::Timestamp,
};

use crate::{
    forge::Forge,
    model::{NewToken, Repository, Token},
};

/// What git wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// `git-upload-pack`: clone and fetch.
    Fetch,
    /// `git-receive-pack`: push.
    Push,
}

impl Service {
    /// Reads the name of a git program.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "git-upload-pack" => Some(Self::Fetch),
            "git-receive-pack" => Some(Self::Push),
            _ => None,
        }
    }

    /// Returns git's subcommand for it.
    pub(crate) const fn subcommand(self) -> &'static str {
        match self {
            Self::Fetch => "upload-pack",
            Self::Push => "receive-pack",
        }
    }
}

/// A key that a client offered, as text without comment.
#[derive(Clone, Debug)]
pub(crate) struct ShownKey(pub(crate) String);

/// Access was granted; with the user in whose name a push is reported.
pub(crate) struct AccessGranted {
    pub(crate) actor: String,
}

/// Decides whether a key gives access to a repository; the error is the forge's own message.
pub(crate) fn by_key(
    forge: &Forge,
    key: &ShownKey,
    repository: Option<&Repository>,
    service: Service,
) -> Result<AccessGranted, String> {
    let Some(repository) = repository else { return Err(not_found(forge.kind)) };
    let own = forge.read(|state| {
        let mut like = state.deploy_keys_like(&key.0).into_iter();
        like.find(|one| one.repository == repository.id).cloned()
    });
    if let Some(own) = own {
        if service == Service::Push && own.read_only {
            return Err(read_only(forge.kind));
        }
        let now = Timestamp::now();
        forge.write(|state| {
            if let Some(one) = state.deploy_keys.iter_mut().find(|one| one.id == own.id) {
                one.last_used = Some(now);
            }
        });
        return Ok(AccessGranted { actor: own.added_by });
    }
    let person = forge.read(|state| state.user_key(&key.0).map(|one| one.login.clone()));
    let Some(login) = person else { return Err(forbidden(forge.kind)) };
    let role = forge.read(|state| state.role(&login, repository));
    match role {
        None => Err(forbidden(forge.kind)),
        Some(_) if service == Service::Push && repository.archived => {
            Err("ERROR: This repository was archived so it is read-only.".to_owned())
        }
        Some(role) if service == Service::Push && role < Role::Write => {
            Err(denied(forge.kind, repository, &login))
        }
        Some(_) => {
            let now = Timestamp::now();
            forge.write(|state| {
                if let Some(one) = state.user_keys.iter_mut().find(|one| one.key == key.0) {
                    one.last_used = Some(now);
                }
            });
            Ok(AccessGranted { actor: login })
        }
    }
}

fn not_found(kind: ForgeKind) -> String {
    match kind {
        ForgeKind::GitHub => "ERROR: Repository not found.".to_owned(),
        ForgeKind::Bitbucket => GONE_ON_BITBUCKET.to_owned(),
    }
}

/// Bitbucket's message over HTTP, and over SSH for a repository that does not exist.
pub(crate) const GONE_ON_BITBUCKET: &str = "The requested repository either does not exist or you do not have access. If you believe \
     this repository exists and you have access, make sure you're authenticated.";

fn forbidden(kind: ForgeKind) -> String {
    match kind {
        ForgeKind::GitHub => "ERROR: Repository not found.".to_owned(),
        ForgeKind::Bitbucket => "Forbidden".to_owned(),
    }
}

fn read_only(kind: ForgeKind) -> String {
    match kind {
        ForgeKind::GitHub => {
            "ERROR: The key you are authenticating with has been marked as read only.".to_owned()
        }
        ForgeKind::Bitbucket => "conq: repository access denied. access via a deployment key is \
                                 read-only."
            .to_owned(),
    }
}

fn denied(kind: ForgeKind, repository: &Repository, login: &str) -> String {
    match kind {
        ForgeKind::GitHub => {
            format!("ERROR: Permission to {}.git denied to {login}.", repository.full_name())
        }
        ForgeKind::Bitbucket => "conq: repository access denied.".to_owned(),
    }
}

/// Returns the token that a user pushes with; it is made once.
pub(crate) fn push_token(forge: &Forge, login: &str) -> String {
    let scopes: &[&str] = match forge.kind {
        ForgeKind::GitHub => &["repo"],
        ForgeKind::Bitbucket => &["repository", "repository:write"],
    };
    let scopes: Vec<String> = scopes.iter().map(|&scope| scope.to_owned()).collect();
    forge.write(|state| {
        let ours =
            |one: &&Token| one.client_id.is_none() && one.login == login && one.scopes == scopes;
        if let Some(known) = state.tokens.iter().find(ours) {
            return known.value.clone();
        }
        let wanted = NewToken { login, scopes: scopes.clone(), client_id: None, lifetime: None };
        state.issue(forge.kind, wanted, Timestamp::now()).value
    })
}
