//! Webhooks: from headers and bytes to events. Never rejects what it does not understand: it says so.
//!
//! A payload is a hint to look, not the truth (`VCS` §0 rule 4): only what names the change is read
//! from it, every other field may be missing or odd, and addresses in it are never called
//! (`VCS` §3.5). Whoever calls [`parse`] has verified the signature.
//!
//! Deliberately absent: whether to build, skip markers, forks' trust.

mod bitbucket;
mod github;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use roundel_model::{
    forge::{ForgeKind, ForgeUserId, RepositoryId},
    name::{CommitSha, GitRef},
};

/// What a delivery tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForgeEvent {
    /// The hook works.
    Ping {
        /// The forge's id of the hook.
        hook_id: Option<String>,
    },
    /// A branch or tag was created or moved.
    Push(Push),
    /// A branch or tag is gone.
    Deleted {
        /// Where.
        repository: RepositoryId,
        /// What is gone.
        git_ref: GitRef,
    },
    /// A pull request from the same repository or a fork.
    PullRequest(PullRequest),
    /// Names or visibility changed; the API has the truth.
    RepositoryChanged {
        /// Which one.
        repository: RepositoryId,
        /// In the forge's words: `renamed`, `privatized`, `member added`, `repo:transfer` …
        what: String,
    },
    /// A webhook or deploy key was removed at the forge. It may be one of ours: look.
    OursRemoved {
        /// `webhook 123` or `deploy key 123`.
        what: String,
    },
    /// Understood, and nothing to do.
    Ignored {
        /// For the receipt that people read.
        because: String,
    },
}

/// A branch or tag points at a commit now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// Where.
    pub repository: RepositoryId,
    /// What moved.
    pub git_ref: GitRef,
    /// None if the ref was created.
    pub before: Option<CommitSha>,
    /// May be a tag object's id on GitHub: resolve before building.
    pub after: CommitSha,
    /// Whether history was rewritten, as far as the payload tells.
    pub forced: bool,
    /// The head commit, as far as the payload tells it.
    pub head: Option<HeadCommit>,
    /// Who pushed. Absent for some robots.
    pub sender_id: Option<ForgeUserId>,
    /// Display data.
    pub sender_login: Option<String>,
    /// GitHub tells it with each push, Bitbucket does not.
    pub default_branch: Option<String>,
}

/// The newest commit of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadCommit {
    /// Its id: of the commit, also if a tag object was pushed.
    pub sha: CommitSha,
    /// The whole message.
    pub message: String,
    /// The name in the commit. Anybody can write anything there.
    pub author_name: Option<String>,
    /// The address in the commit. Anybody can write anything there.
    pub author_email: Option<String>,
    /// The account that the forge found for the address.
    pub author_login: Option<String>,
    /// The commit's page.
    pub url: Option<String>,
}

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// The repository that it asks to change.
    pub repository: RepositoryId,
    /// Its number there.
    pub number: u64,
    /// In the forge's words: `opened`, `synchronize`, `created`, `fulfilled` …
    pub action: String,
    /// Its page.
    pub url: Option<String>,
    /// Its newest commit. Bitbucket sends twelve digits: resolve before use (`VCS` §4.9).
    pub head_sha: CommitSha,
    /// The branch that it comes from; in a fork, the fork's.
    pub head_branch: String,
    /// Decided by comparing ids; an unknown head repository counts as a fork.
    pub from_fork: bool,
}

/// The headers of a delivery that matter, of either forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryHeaders {
    /// `X-GitHub-Event` or `X-Event-Key`.
    pub event: String,
    /// `X-GitHub-Delivery` or `X-Request-UUID`.
    pub guid: String,
    /// The `sha256=…` signature.
    pub signature: Option<String>,
}

/// Reads a delivery. One push may change several refs, so there may be several events.
/// Never fails: what cannot be read becomes [`ForgeEvent::Ignored`] with the reason.
pub fn parse(kind: ForgeKind, event: &str, body: &[u8]) -> Vec<ForgeEvent> {
    let body = unwrap_form(body);
    let read = match kind {
        ForgeKind::GitHub => github::read(event, &body).map(|event| vec![event]),
        ForgeKind::Bitbucket => bitbucket::read(event, &body),
    };
    match read {
        Ok(events) if events.is_empty() => vec![ignored("the payload tells of no change")],
        Ok(events) => events,
        Err(because) => vec![ignored(because)],
    }
}

/// Hooks that people edit by hand may send a form with the payload in a field (`VCS` §2.9).
fn unwrap_form(body: &[u8]) -> Cow<'_, [u8]> {
    if !body.starts_with(b"payload=") {
        return Cow::Borrowed(body);
    }
    match url::form_urlencoded::parse(body).next() {
        Some((_, payload)) => Cow::Owned(payload.into_owned().into_bytes()),
        None => Cow::Borrowed(body),
    }
}

fn ignored(because: impl Into<String>) -> ForgeEvent {
    ForgeEvent::Ignored { because: because.into() }
}

/// Reads a body as JSON.
fn json<'a, T: serde::Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(body)
        .map_err(|error| format!("the payload is not what it should be: {error}"))
}

/// Takes a field that is needed.
fn need<T>(field: Option<T>, name: &str) -> Result<T, String> {
    field.ok_or_else(|| format!("`{name}` is missing"))
}

/// Takes a commit id, if it is one.
fn commit(sha: Option<String>, name: &str) -> Result<CommitSha, String> {
    let sha = CommitSha::from(need(sha, name)?);
    if sha.is_well_formed() { Ok(sha) } else { Err(format!("`{name}` is no commit id")) }
}

/// Longest header that we keep. The forges' own have 36 characters.
const HEADER_CHARS: usize = 128;

/// Picks the headers of a delivery; `header` looks one up by lower-case name.
///
/// # Errors
/// A sentence, if the event's name or the delivery's id is missing or absurd. A missing signature
/// is no error here: whoever verifies it decides.
pub fn headers<'a>(
    kind: ForgeKind,
    header: impl Fn(&str) -> Option<&'a str>,
) -> Result<DeliveryHeaders, String> {
    let [event, guid, signature] = match kind {
        ForgeKind::GitHub => ["x-github-event", "x-github-delivery", "x-hub-signature-256"],
        // The name that GitHub uses for SHA-1; here it is SHA-256.
        ForgeKind::Bitbucket => ["x-event-key", "x-request-uuid", "x-hub-signature"],
    };
    let take = |name: &str| match header(name).map(str::trim) {
        None | Some("") => Err(format!("the header `{name}` is missing")),
        Some(value) if value.len() > HEADER_CHARS => {
            Err(format!("the header `{name}` is too long"))
        }
        Some(value) => Ok(value.to_owned()),
    };
    Ok(DeliveryHeaders { event: take(event)?, guid: take(guid)?, signature: take(signature).ok() })
}
