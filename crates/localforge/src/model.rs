//! What a forge knows: users, repositories, keys, webhooks, commit statuses, applications and tokens.
//!
//! Plain data that is kept as one JSON file, and questions about it that need no waiting. Commits
//! and branches are absent: git itself is asked for them. Rules of one forge's API are next to
//! its routes.

use std::collections::{BTreeMap, VecDeque};

use roundel_model::{forge::Role, time::Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::commit_state::CommitState;

mod access;
mod tokens;

pub(crate) use tokens::NewToken;

/// The whole state of one forge.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    /// The last number that was given to anything.
    pub(crate) last_id: u64,
    pub(crate) users: Vec<User>,
    pub(crate) organizations: Vec<Organization>,
    pub(crate) repositories: BTreeMap<u64, Repository>,
    pub(crate) deploy_keys: Vec<DeployKey>,
    pub(crate) user_keys: Vec<UserKey>,
    pub(crate) hooks: Vec<Hook>,
    /// Newest last; bounded by [`DELIVERIES`].
    pub(crate) deliveries: VecDeque<Delivery>,
    /// By `repository:sha`; oldest first.
    pub(crate) statuses: BTreeMap<String, Vec<Status>>,
    pub(crate) pulls: Vec<Pull>,
    pub(crate) applications: Vec<Application>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) codes: Vec<Code>,
    pub(crate) tokens: Vec<Token>,
    /// Who is signed in to the forge's own pages.
    pub(crate) sessions: BTreeMap<String, String>,
}

/// How many deliveries are kept: enough for a page and for redelivery, little enough to save often.
pub(crate) const DELIVERIES: usize = 300;

/// How many browsers may be signed in at once.
pub(crate) const SESSIONS: usize = 100;

/// How many statuses one context of one commit may get, as on GitHub (`VCS` §2.10).
pub(crate) const STATUSES_PER_CONTEXT: usize = 1_000;

/// A user with what their pages and the API show.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) uuid: Uuid,
    pub(crate) login: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) created_at: Timestamp,
}

/// An organization (GitHub) or a workspace (Bitbucket) that is not a user's own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Organization {
    pub(crate) id: u64,
    pub(crate) uuid: Uuid,
    pub(crate) login: String,
    /// Members by login; `true` for owners.
    pub(crate) members: BTreeMap<String, bool>,
    pub(crate) created_at: Timestamp,
}

/// The owner of a repository.
pub(crate) enum Owner<'a> {
    User(&'a User),
    /// An organization or workspace.
    Organization(&'a Organization),
}

impl Owner<'_> {
    pub(crate) fn uuid(&self) -> Uuid {
        match self {
            Self::User(user) => user.uuid,
            Self::Organization(organization) => organization.uuid,
        }
    }

    pub(crate) fn login(&self) -> &str {
        match self {
            Self::User(user) => &user.login,
            Self::Organization(organization) => &organization.login,
        }
    }
}

/// A repository; its contents are a bare repository on disk, named by the id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Repository {
    pub(crate) id: u64,
    pub(crate) uuid: Uuid,
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) private: bool,
    #[serde(default)]
    pub(crate) archived: bool,
    pub(crate) default_branch: String,
    pub(crate) roles: BTreeMap<String, Role>,
    /// `owner/name` under which it was known before.
    #[serde(default)]
    pub(crate) former_names: Vec<String>,
    #[serde(default = "yes")]
    pub(crate) deploy_keys_enabled: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) pushed_at: Option<Timestamp>,
}

fn yes() -> bool {
    true
}

impl Repository {
    /// Returns `owner/name`.
    pub(crate) fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }
}

/// An SSH key with access to one repository.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DeployKey {
    pub(crate) id: u64,
    pub(crate) repository: u64,
    pub(crate) title: String,
    /// Algorithm and base64, without comment.
    pub(crate) key: String,
    pub(crate) comment: String,
    pub(crate) read_only: bool,
    pub(crate) added_by: String,
    /// The application through which it was added; revoking its grant deletes the key
    /// (`VCS` §2.4).
    pub(crate) application: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used: Option<Timestamp>,
}

/// An SSH key of a user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct UserKey {
    pub(crate) id: u64,
    pub(crate) uuid: Uuid,
    pub(crate) login: String,
    pub(crate) title: String,
    pub(crate) key: String,
    pub(crate) comment: String,
    pub(crate) application: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used: Option<Timestamp>,
}

/// A webhook of a repository.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Hook {
    pub(crate) id: u64,
    pub(crate) uuid: Uuid,
    pub(crate) repository: u64,
    pub(crate) url: String,
    pub(crate) description: String,
    pub(crate) active: bool,
    pub(crate) events: Vec<String>,
    pub(crate) secret: Option<String>,
    /// `json` or `form`; Bitbucket knows only the first.
    pub(crate) content_type: String,
    pub(crate) insecure_ssl: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// One attempt to deliver one event to one hook.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) id: u64,
    pub(crate) hook: u64,
    pub(crate) repository: u64,
    /// The same for all attempts.
    pub(crate) guid: String,
    pub(crate) event: String,
    pub(crate) action: Option<String>,
    pub(crate) delivered_at: Timestamp,
    pub(crate) duration_ms: u64,
    pub(crate) redelivery: bool,
    /// 1 for the first.
    pub(crate) attempt: u32,
    /// 0 when there was no answer.
    pub(crate) status_code: u16,
    pub(crate) status: String,
    pub(crate) request_headers: Vec<(String, String)>,
    pub(crate) payload: String,
    pub(crate) response_headers: Vec<(String, String)>,
    pub(crate) response_body: String,
}

impl Delivery {
    /// Returns whether the receiver accepted it.
    pub(crate) fn is_good(&self) -> bool {
        (200..300).contains(&self.status_code)
    }
}

/// A commit status, in the forge's own words.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Status {
    pub(crate) id: u64,
    pub(crate) uuid: Uuid,
    /// Context on GitHub, key on Bitbucket.
    pub(crate) context: String,
    /// What is shown: the context on GitHub, `name` on Bitbucket.
    pub(crate) name: String,
    pub(crate) state: CommitState,
    pub(crate) description: String,
    pub(crate) target_url: String,
    pub(crate) refname: Option<String>,
    pub(crate) creator: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// A pull request between two branches of one repository.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Pull {
    pub(crate) id: u64,
    pub(crate) repository: u64,
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) head: String,
    pub(crate) base: String,
    pub(crate) head_sha: String,
    pub(crate) base_sha: String,
    pub(crate) draft: bool,
    pub(crate) open: bool,
    pub(crate) author: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// An OAuth application (GitHub) or consumer (Bitbucket).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Application {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) name: String,
    pub(crate) redirect_uri: String,
    /// Scopes of a Bitbucket consumer; a GitHub application asks each time.
    pub(crate) scopes: Vec<String>,
    pub(crate) created_at: Timestamp,
}

/// What a user allowed an application to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) client_id: String,
    pub(crate) login: String,
    pub(crate) scopes: Vec<String>,
}

/// An authorization code that was not exchanged yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Code {
    #[serde(alias = "word")]
    pub(crate) value: String,
    pub(crate) client_id: String,
    pub(crate) login: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) redirect_uri: String,
    /// The PKCE challenge (S256).
    pub(crate) challenge: Option<String>,
    pub(crate) expires_at: Timestamp,
}

/// A token with which its owner or an application calls the API.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) id: u64,
    #[serde(alias = "word")]
    pub(crate) value: String,
    pub(crate) login: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) refresh: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
}

impl State {
    /// Returns an id that is not in use.
    pub(crate) fn fresh_id(&mut self) -> u64 {
        self.last_id = self.last_id.max(1_000) + 1;
        self.last_id
    }

    pub(crate) fn user(&self, login: &str) -> Option<&User> {
        self.users.iter().find(|user| user.login.eq_ignore_ascii_case(login))
    }

    pub(crate) fn organization(&self, login: &str) -> Option<&Organization> {
        self.organizations.iter().find(|one| one.login.eq_ignore_ascii_case(login))
    }

    pub(crate) fn owner(&self, login: &str) -> Option<Owner<'_>> {
        let organization = self.organization(login).map(Owner::Organization);
        organization.or_else(|| self.user(login).map(Owner::User))
    }

    /// Finds a repository by name, in any case, as both forges do.
    pub(crate) fn repository(&self, owner: &str, name: &str) -> Option<&Repository> {
        self.repositories.values().find(|one| {
            one.owner.eq_ignore_ascii_case(owner) && one.name.eq_ignore_ascii_case(name)
        })
    }

    pub(crate) fn application(&self, client_id: &str) -> Option<&Application> {
        self.applications.iter().find(|one| one.client_id == client_id)
    }

    pub(crate) fn hooks_of(&self, repository: u64) -> impl Iterator<Item = &Hook> {
        self.hooks.iter().filter(move |hook| hook.repository == repository)
    }

    pub(crate) fn deploy_keys_of(&self, repository: u64) -> impl Iterator<Item = &DeployKey> {
        self.deploy_keys.iter().filter(move |key| key.repository == repository)
    }

    /// Returns every status of a commit, oldest first.
    pub(crate) fn statuses_of(&self, repository: u64, sha: &str) -> &[Status] {
        self.statuses.get(&format!("{repository}:{sha}")).map_or(&[], Vec::as_slice)
    }

    /// Returns the newest status of each context, in the order in which contexts appeared.
    pub(crate) fn newest_statuses(&self, repository: u64, sha: &str) -> Vec<Status> {
        let mut newest: Vec<Status> = Vec::new();
        for status in self.statuses_of(repository, sha) {
            let same = |one: &&mut Status| one.context.eq_ignore_ascii_case(&status.context);
            match newest.iter_mut().find(same) {
                Some(older) => *older = status.clone(),
                None => newest.push(status.clone()),
            }
        }
        newest
    }

    /// Stores a delivery and drops the oldest ones.
    pub(crate) fn log_delivery(&mut self, delivery: Delivery) {
        self.deliveries.push_back(delivery);
        while self.deliveries.len() > DELIVERIES {
            self.deliveries.pop_front();
        }
    }
}
