//! GitHub's webhooks (`VCS` §3.2–§3.4).

use roundel_model::{
    forge::{ForgeUserId, RepositoryId},
    name::{CommitSha, GitRef},
};
use serde::Deserialize;

use super::{
    change::{ForgeEvent, HeadCommit, PullRequest, Push},
    fields::{commit, ignored, json, need},
};
use crate::lenient::{AnyId, maybe};

/// The fields of all events that we read. `commits` is not among them: it may hold thousands, and
/// says nothing that the API does not say better.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Payload {
    #[serde(deserialize_with = "maybe")]
    action: Option<String>,
    #[serde(deserialize_with = "maybe")]
    repository: Option<Repository>,
    #[serde(deserialize_with = "maybe")]
    sender: Option<Account>,
    #[serde(deserialize_with = "maybe")]
    hook_id: Option<AnyId>,
    #[serde(deserialize_with = "maybe")]
    key: Option<Key>,
    // push
    #[serde(rename = "ref", deserialize_with = "maybe")]
    git_ref: Option<String>,
    #[serde(deserialize_with = "maybe")]
    before: Option<String>,
    #[serde(deserialize_with = "maybe")]
    after: Option<String>,
    #[serde(deserialize_with = "maybe")]
    deleted: Option<bool>,
    #[serde(deserialize_with = "maybe")]
    head_commit: Option<Head>,
    // pull_request
    #[serde(deserialize_with = "maybe")]
    number: Option<u64>,
    #[serde(deserialize_with = "maybe")]
    pull_request: Option<Pull>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Repository {
    #[serde(deserialize_with = "maybe")]
    id: Option<AnyId>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Account {
    #[serde(deserialize_with = "maybe")]
    id: Option<AnyId>,
    #[serde(deserialize_with = "maybe")]
    login: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Key {
    #[serde(deserialize_with = "maybe")]
    id: Option<AnyId>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Head {
    #[serde(deserialize_with = "maybe")]
    id: Option<String>,
    #[serde(deserialize_with = "maybe")]
    message: Option<String>,
    #[serde(deserialize_with = "maybe")]
    url: Option<String>,
    #[serde(deserialize_with = "maybe")]
    author: Option<Author>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Author {
    #[serde(deserialize_with = "maybe")]
    name: Option<String>,
    #[serde(deserialize_with = "maybe")]
    email: Option<String>,
    #[serde(deserialize_with = "maybe")]
    username: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Pull {
    #[serde(deserialize_with = "maybe")]
    number: Option<u64>,
    #[serde(deserialize_with = "maybe")]
    head: Option<Side>,
    #[serde(deserialize_with = "maybe")]
    base: Option<Side>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Side {
    /// Null if the fork is gone.
    #[serde(deserialize_with = "maybe")]
    repo: Option<Repository>,
}

impl Payload {
    fn repository_id(&self) -> Result<RepositoryId, String> {
        let id = self.repository.as_ref().and_then(|repository| repository.id.clone());
        need(id, "repository.id").map(|id| RepositoryId(id.0))
    }
}

/// Reads a delivery. An error is the reason why it is ignored.
pub(super) fn read(event: &str, body: &[u8]) -> Result<ForgeEvent, String> {
    let payload: Payload = json(body)?;
    let action = payload.action.clone().unwrap_or_default();
    match (event, action.as_str()) {
        ("ping", _) => Ok(ForgeEvent::Ping { hook_id: payload.hook_id.map(|id| id.0) }),
        ("push", _) => push(payload),
        ("pull_request", _) => pull_request(payload).map(ForgeEvent::PullRequest),
        ("repository", "created") => Ok(ignored("a repository was created: add it to build it")),
        ("repository", _) => changed(&payload, need(payload.action.clone(), "action")?),
        ("public", _) => changed(&payload, "publicized".to_owned()),
        ("member", _) => changed(&payload, format!("member {action}")),
        ("deploy_key", "deleted") => {
            let id = payload.key.and_then(|key| key.id);
            removed("deploy key", &need(id, "key.id")?)
        }
        ("meta", "deleted") => removed("webhook", &need(payload.hook_id, "hook_id")?),
        (event, "") => Ok(ignored(format!("events `{event}` are not handled"))),
        (event, action) => {
            Ok(ignored(format!("events `{event}` with the action `{action}` are not handled")))
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "used in a match of results")]
fn removed(what: &str, id: &AnyId) -> Result<ForgeEvent, String> {
    Ok(ForgeEvent::HookOrKeyRemoved { what: format!("{what} {}", id.0) })
}

fn changed(payload: &Payload, what: String) -> Result<ForgeEvent, String> {
    Ok(ForgeEvent::RepositoryChanged { repository: payload.repository_id()?, what })
}

fn push(payload: Payload) -> Result<ForgeEvent, String> {
    let repository = payload.repository_id()?;
    let name = need(payload.git_ref, "ref")?;
    let git_ref = GitRef::from_full(&name)
        .ok_or_else(|| format!("`{}` is neither a branch nor a tag", name.escape_debug()))?;
    let after = commit(payload.after, "after");
    // The flag and the zeros say the same; either may be missing on older servers.
    let is_zero = after.as_ref().is_ok_and(CommitSha::is_zero);
    if payload.deleted == Some(true) || is_zero {
        return Ok(ForgeEvent::Deleted { repository, git_ref });
    }
    let sender = payload.sender.unwrap_or_default();
    Ok(ForgeEvent::Push(Push {
        repository,
        git_ref,
        before: commit(payload.before, "before").ok().filter(|before| !before.is_zero()),
        after: after?,
        head: payload.head_commit.and_then(head),
        sender_id: sender.id.map(|id| ForgeUserId(id.0)),
        sender_login: sender.login,
    }))
}

fn head(head: Head) -> Option<HeadCommit> {
    let author = head.author.unwrap_or_default();
    Some(HeadCommit {
        sha: commit(head.id, "head_commit.id").ok()?,
        message: head.message.unwrap_or_default(),
        author_name: author.name,
        author_email: author.email,
        author_login: author.username,
        url: head.url,
    })
}

fn pull_request(payload: Payload) -> Result<PullRequest, String> {
    let repository = payload.repository_id()?;
    let pull = need(payload.pull_request, "pull_request")?;
    let head = need(pull.head, "pull_request.head")?;
    let id_of = |side: Option<Repository>| side.and_then(|repository| repository.id);
    let base_id = id_of(pull.base.unwrap_or_default().repo).map_or(repository.0.clone(), |id| id.0);
    // Ids, not names: names can be taken over. Unknown counts as a fork.
    let from_fork = id_of(head.repo).is_none_or(|id| id.0 != base_id);
    Ok(PullRequest {
        repository,
        number: need(payload.number.or(pull.number), "number")?,
        action: need(payload.action, "action")?,
        from_fork,
    })
}
