//! Bitbucket's webhooks (`VCS` §4.8, §4.9).

use roundel_model::{
    forge::{ForgeUserId, RepositoryId},
    name::{CommitSha, GitRef},
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    change::{ForgeEvent, HeadCommit, PullRequest, Push},
    fields::{commit, ignored, json, need},
};
use crate::lenient::{maybe, name_and_email};

#[derive(Deserialize, Default)]
#[serde(default)]
struct Payload {
    #[serde(deserialize_with = "maybe")]
    repository: Option<Repository>,
    #[serde(deserialize_with = "maybe")]
    actor: Option<Account>,
    #[serde(deserialize_with = "maybe")]
    push: Option<PushPart>,
    #[serde(deserialize_with = "maybe")]
    pullrequest: Option<Pull>,
    #[serde(deserialize_with = "maybe")]
    changes: Option<serde_json::Map<String, Value>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Repository {
    #[serde(deserialize_with = "maybe")]
    uuid: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Account {
    #[serde(deserialize_with = "maybe")]
    uuid: Option<String>,
    #[serde(deserialize_with = "maybe")]
    nickname: Option<String>,
    #[serde(deserialize_with = "maybe")]
    display_name: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PushPart {
    #[serde(deserialize_with = "maybe")]
    changes: Option<Vec<Value>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Change {
    #[serde(deserialize_with = "maybe")]
    new: Option<Tip>,
    #[serde(deserialize_with = "maybe")]
    old: Option<Tip>,
}

/// Where a ref points.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Tip {
    #[serde(rename = "type", deserialize_with = "maybe")]
    kind: Option<String>,
    #[serde(deserialize_with = "maybe")]
    name: Option<String>,
    #[serde(deserialize_with = "maybe")]
    target: Option<Target>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Target {
    #[serde(deserialize_with = "maybe")]
    hash: Option<String>,
    #[serde(deserialize_with = "maybe")]
    message: Option<String>,
    #[serde(deserialize_with = "maybe")]
    author: Option<Author>,
    #[serde(deserialize_with = "maybe")]
    links: Option<Links>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Author {
    #[serde(deserialize_with = "maybe")]
    raw: Option<String>,
    #[serde(deserialize_with = "maybe")]
    user: Option<Account>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Links {
    #[serde(deserialize_with = "maybe")]
    html: Option<Link>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Link {
    #[serde(deserialize_with = "maybe")]
    href: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Pull {
    #[serde(deserialize_with = "maybe")]
    id: Option<u64>,
    #[serde(deserialize_with = "maybe")]
    source: Option<Side>,
    #[serde(deserialize_with = "maybe")]
    destination: Option<Side>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Side {
    /// Null if it is gone or must not be seen.
    #[serde(deserialize_with = "maybe")]
    repository: Option<Repository>,
}

/// What all changes of one push have in common.
struct Context {
    repository: RepositoryId,
    sender_id: Option<ForgeUserId>,
    sender_login: Option<String>,
}

/// Reads a delivery: one event for each changed ref. An error is the reason why it is ignored.
pub(super) fn read(event: &str, body: &[u8]) -> Result<Vec<ForgeEvent>, String> {
    let payload: Payload = json(body)?;
    let id = payload.repository.as_ref().and_then(|repository| repository.uuid.clone());
    let repository = need(id, "repository.uuid").map(RepositoryId);
    match event {
        "repo:push" => pushes(payload, repository?),
        "repo:updated" => {
            let changes = payload.changes.unwrap_or_default();
            let names: Vec<&str> = changes.keys().map(String::as_str).collect();
            let what = format!("repo:updated {}", names.join(", ")).trim_end().to_owned();
            Ok(vec![ForgeEvent::RepositoryChanged { repository: repository?, what }])
        }
        "repo:transfer" | "repo:deleted" => {
            let what = event.to_owned();
            Ok(vec![ForgeEvent::RepositoryChanged { repository: repository?, what }])
        }
        // `diagnostics:ping` comes from Data Center's *Test connection*.
        "diagnostics:ping" => Ok(vec![ForgeEvent::Ping { hook_id: None }]),
        "pullrequest:created"
        | "pullrequest:updated"
        | "pullrequest:push"
        | "pullrequest:fulfilled"
        | "pullrequest:rejected" => {
            let action = event.trim_start_matches("pullrequest:");
            let pull = pull_request(payload.pullrequest, action, repository?)?;
            Ok(vec![ForgeEvent::PullRequest(pull)])
        }
        other => Err(format!("events `{other}` are not handled")),
    }
}

fn pushes(payload: Payload, repository: RepositoryId) -> Result<Vec<ForgeEvent>, String> {
    let actor = payload.actor.unwrap_or_default();
    let context = Context {
        repository,
        sender_id: actor.uuid.map(ForgeUserId),
        sender_login: actor.nickname.or(actor.display_name),
    };
    let changes = need(payload.push.and_then(|push| push.changes), "push.changes")?;
    // Each change stands for itself: one that cannot be read does not hide the others.
    let events = changes.into_iter().map(|change| {
        let change = serde_json::from_value(change).unwrap_or_default();
        one_change(change, &context).unwrap_or_else(ignored)
    });
    Ok(events.collect())
}

fn one_change(change: Change, context: &Context) -> Result<ForgeEvent, String> {
    let repository = context.repository.clone();
    let Some(new) = change.new else {
        let old = need(change.old, "old` and `new")?;
        return Ok(ForgeEvent::Deleted { repository, git_ref: git_ref(&old)? });
    };
    let git_ref = git_ref(&new)?;
    let target = need(new.target, "new.target")?;
    let after = commit(target.hash.clone(), "new.target.hash")?;
    let before = change.old.and_then(|old| old.target).and_then(|target| target.hash);
    Ok(ForgeEvent::Push(Push {
        repository,
        git_ref,
        before: commit(before, "old.target.hash").ok(),
        head: Some(head(after.clone(), target)),
        after,
        sender_id: context.sender_id.clone(),
        sender_login: context.sender_login.clone(),
    }))
}

fn git_ref(tip: &Tip) -> Result<GitRef, String> {
    let name = need(tip.name.clone().filter(|name| !name.is_empty()), "name")?;
    match need(tip.kind.as_deref(), "type")? {
        "branch" => Ok(GitRef::Branch(name.into())),
        "tag" | "annotated_tag" => Ok(GitRef::Tag(name.into())),
        other => Err(format!("a `{}` is neither a branch nor a tag", other.escape_debug())),
    }
}

fn head(sha: CommitSha, target: Target) -> HeadCommit {
    let author = target.author.unwrap_or_default();
    let (author_name, author_email) = name_and_email(&author.raw.unwrap_or_default());
    let account = author.user.unwrap_or_default();
    HeadCommit {
        sha,
        message: target.message.unwrap_or_default(),
        author_name,
        author_email,
        author_login: account.nickname.or(account.display_name),
        url: target.links.and_then(|links| links.html).and_then(|html| html.href),
    }
}

fn pull_request(
    pull: Option<Pull>,
    action: &str,
    repository: RepositoryId,
) -> Result<PullRequest, String> {
    let pull = need(pull, "pullrequest")?;
    let source = need(pull.source, "pullrequest.source")?;
    let destination = pull.destination.unwrap_or_default().repository;
    let base = destination.and_then(|base| base.uuid).unwrap_or_else(|| repository.0.clone());
    // Ids, not names: names can be taken over. Unknown counts as a fork.
    let head = source.repository.and_then(|head| head.uuid);
    let from_fork = head.is_none_or(|head| head != base);
    Ok(PullRequest {
        repository,
        number: need(pull.id, "pullrequest.id")?,
        action: action.to_owned(),
        from_fork,
    })
}
