//! Pages of one repository: its commits with their statuses, one commit, one webhook.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
};
use roundel_model::{forge::ForgeKind, time::Timestamp};
use serde::Deserialize;

use super::{
    frame::{Frame, html, not_found},
    look::{Color, StateView, ago, visibility},
};
use crate::{
    access::push_token,
    forge::Forge,
    git::{CommitInfo, Refs},
    keys,
    model::{Delivery, Hook, Repository, Status},
    session,
    shape::github::role_name,
};

/// Commits on the page.
const COMMITS: usize = 30;

struct Shown {
    context: String,
    description: String,
    link: String,
    class: &'static str,
    glyph: &'static str,
    label: &'static str,
}

fn shown_status(one: &Status) -> Shown {
    let look = StateView::of(one.state);
    Shown {
        context: one.name.clone(),
        description: one.description.clone(),
        link: one.target_url.clone(),
        class: look.color.class(),
        glyph: look.glyph,
        label: look.label,
    }
}

struct CommitRow {
    title: String,
    link: String,
    short: String,
    author: String,
    when: String,
    statuses: Vec<Shown>,
}

struct HookRow {
    id: u64,
    url: String,
    events: String,
    look: StateView,
}

struct KeyRow {
    title: String,
    fingerprint: String,
    added_by: String,
    used: String,
    rights: &'static str,
}

#[derive(Template)]
#[template(path = "repository.html")]
struct Page {
    frame: Frame,
    owner: String,
    name: String,
    visibility: &'static str,
    branch: String,
    branches: Vec<(String, String)>,
    commits: Vec<CommitRow>,
    pulls: Vec<(u64, String, &'static str)>,
    hooks: Vec<HookRow>,
    keys_title: &'static str,
    keys: Vec<KeyRow>,
    people: Vec<(String, &'static str)>,
    actor: String,
    clone: String,
    suggestion: String,
}

/// `/{owner}/{repo}`
pub(super) async fn show(
    State(forge): State<Arc<Forge>>,
    Path((owner, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    match forge.find(&owner, name.strip_suffix(".git").unwrap_or(&name)) {
        Some(found) => {
            let branch = found.default_branch.clone();
            page(&forge, &headers, &found, branch).await
        }
        None => not_found(&forge, &headers),
    }
}

/// `/{owner}/{repo}/tree/{branch}`
pub(super) async fn show_branch(
    State(forge): State<Arc<Forge>>,
    Path((owner, name, branch)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    match forge.find(&owner, &name) {
        Some(found) => page(&forge, &headers, &found, branch).await,
        None => not_found(&forge, &headers),
    }
}

/// The user who acts on this page: the visitor, or an administrator.
pub(super) fn actor(forge: &Forge, headers: &HeaderMap, repository: &Repository) -> String {
    let visitor = session::visitor(forge, headers).map(|user| user.login).filter(|login| {
        let role = forge.read(|state| state.role(login, repository));
        role >= Some(roundel_model::forge::Role::Write)
    });
    visitor.or_else(|| forge.read(|state| state.admin_of(repository))).unwrap_or_default()
}

async fn page(forge: &Forge, headers: &HeaderMap, found: &Repository, branch: String) -> Response {
    let git = forge.git(found.id);
    let commits = match git.resolve(&branch).await {
        Some(sha) => git.log(&[&sha], COMMITS).await.unwrap_or_default(),
        None => Vec::new(),
    };
    let refs = git.refs().await.unwrap_or_default();
    let actor = actor(forge, headers, found);
    let mut clone = forge.web.clone();
    clone.set_path(&format!("{}.git", found.full_name()));
    let user = if forge.kind == ForgeKind::GitHub { actor.as_str() } else { "x-token-auth" };
    let token = push_token(forge, &actor);
    // An http address takes both; without them git would ask.
    if clone.set_username(user).is_err() || clone.set_password(Some(&token)).is_err() {
        tracing::debug!("a clone address without credentials is shown");
    }
    let page = Page {
        frame: Frame::of(forge, headers, &found.full_name()).live(),
        owner: found.owner.clone(),
        name: found.name.clone(),
        visibility: visibility(found),
        branches: ref_links(found, &refs),
        commits: commits.iter().map(|one| commit_row(forge, found, one)).collect(),
        pulls: pulls(forge, found),
        hooks: hook_rows(forge, found),
        keys_title: if forge.kind == ForgeKind::GitHub { "Deploy keys" } else { "Access keys" },
        keys: key_rows(forge, found),
        people: forge.read(|state| {
            let people = state.people_of(found).into_iter();
            people.map(|(login, role)| (login, role_name(role))).collect()
        }),
        suggestion: format!("Visit number {}", commits.len() + 1),
        clone: format!("git clone {clone}"),
        actor,
        branch,
    };
    html(&page)
}

fn ref_links(repository: &Repository, refs: &Refs) -> Vec<(String, String)> {
    let link = |name: &String| {
        let short = name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("refs/tags/"))?;
        Some((short.to_owned(), format!("/{}/tree/{short}", repository.full_name())))
    };
    refs.keys().filter_map(link).collect()
}

/// Returns the page of a commit, as the forge names it.
fn commit_link(forge: &Forge, repository: &Repository, sha: &str) -> String {
    let word = if forge.kind == ForgeKind::GitHub { "commit" } else { "commits" };
    format!("/{}/{word}/{sha}", repository.full_name())
}

fn commit_row(forge: &Forge, repository: &Repository, commit: &CommitInfo) -> CommitRow {
    let statuses = forge.read(|state| state.newest_statuses(repository.id, &commit.sha));
    CommitRow {
        title: commit.title().to_owned(),
        link: commit_link(forge, repository, &commit.sha),
        short: commit.sha.get(..7).unwrap_or(&commit.sha).to_owned(),
        author: commit.author_name.clone(),
        when: commit.committer_date.clone(),
        statuses: statuses.iter().map(shown_status).collect(),
    }
}

fn pulls(forge: &Forge, repository: &Repository) -> Vec<(u64, String, &'static str)> {
    forge.read(|state| {
        let ours = state.pulls.iter().rev().filter(|one| one.repository == repository.id);
        ours.map(|one| (one.number, one.title.clone(), if one.open { "open" } else { "closed" }))
            .collect()
    })
}

fn hook_look(hook: &Hook, last: Option<&Delivery>) -> StateView {
    match last {
        _ if !hook.active => StateView { color: Color::Odd, glyph: "■", label: "switched off" },
        None => StateView { color: Color::Odd, glyph: "○", label: "not used yet" },
        Some(one) if one.is_good() => {
            StateView { color: Color::Good, glyph: "✓", label: "delivered" }
        }
        Some(_) => StateView { color: Color::Bad, glyph: "✗", label: "failed" },
    }
}

fn hook_rows(forge: &Forge, repository: &Repository) -> Vec<HookRow> {
    forge.read(|state| {
        let rows = state.hooks_of(repository.id).map(|hook| HookRow {
            id: hook.id,
            url: hook.url.clone(),
            events: hook.events.join(", "),
            look: hook_look(hook, state.deliveries.iter().rev().find(|one| one.hook == hook.id)),
        });
        rows.collect()
    })
}

fn key_rows(forge: &Forge, repository: &Repository) -> Vec<KeyRow> {
    let now = Timestamp::now();
    let all: Vec<_> = forge.read(|state| state.deploy_keys_of(repository.id).cloned().collect());
    all.into_iter()
        .map(|key| KeyRow {
            fingerprint: keys::fingerprint(&key.key),
            title: key.title,
            added_by: key.added_by,
            used: key
                .last_used
                .map_or_else(|| "never used".to_owned(), |time| format!("used {}", ago(time, now))),
            rights: if key.read_only { "read-only" } else { "read and write" },
        })
        .collect()
}

struct FileRow {
    path: String,
    what: &'static str,
    added: u64,
    removed: u64,
}

#[derive(Template)]
#[template(path = "commit.html")]
struct CommitPage {
    frame: Frame,
    full_name: String,
    sha: String,
    title: String,
    body: String,
    author: String,
    when: String,
    statuses: Vec<Shown>,
    files: Vec<FileRow>,
}

/// `/{owner}/{repo}/commit/{revision}`
pub(super) async fn commit(
    State(forge): State<Arc<Forge>>,
    Path((owner, name, revision)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(found) = forge.find(&owner, &name) else { return not_found(&forge, &headers) };
    let git = forge.git(found.id);
    let Some(sha) = git.resolve(&revision).await else { return not_found(&forge, &headers) };
    let Ok(commit) = git.commit(&sha).await else { return not_found(&forge, &headers) };
    let changes = git.changes(&sha).await.unwrap_or_default();
    let statuses = forge.read(|state| state.newest_statuses(found.id, &sha));
    let files = changes.into_iter().map(|one| FileRow {
        what: match one.letter {
            'A' => "added",
            'D' => "removed",
            _ => "changed",
        },
        path: one.path,
        added: one.added,
        removed: one.removed,
    });
    let body = commit.message.split_once('\n').map_or("", |(_, body)| body.trim());
    let page = CommitPage {
        frame: Frame::of(&forge, &headers, commit.title()).live(),
        full_name: found.full_name(),
        title: commit.title().to_owned(),
        body: body.to_owned(),
        author: format!("{} <{}>", commit.author_name, commit.author_email),
        when: commit.author_date.clone(),
        statuses: statuses.iter().map(shown_status).collect(),
        files: files.collect(),
        sha,
    };
    html(&page)
}

/// `/{owner}/{repo}/pull/{number}`: its newest commit.
pub(super) async fn pull(
    State(forge): State<Arc<Forge>>,
    Path((owner, name, number)): Path<(String, String, u64)>,
    headers: HeaderMap,
) -> Response {
    let Some(found) = forge.find(&owner, &name) else { return not_found(&forge, &headers) };
    let head = forge.read(|state| {
        let mut ours = state.pulls.iter().filter(|one| one.repository == found.id);
        ours.find(|one| one.number == number).map(|one| one.head_sha.clone())
    });
    match head {
        Some(head) => Redirect::to(&commit_link(&forge, &found, &head)).into_response(),
        None => not_found(&forge, &headers),
    }
}

/// Where the hosted provider lists a repository's keys: here, a part of its page.
pub(super) async fn keys(Path((owner, name)): Path<(String, String)>) -> Redirect {
    Redirect::to(&format!("/{owner}/{name}#keys"))
}

/// Where the hosted provider lists a repository's webhooks: here, a part of its page.
pub(super) async fn hooks(Path((owner, name)): Path<(String, String)>) -> Redirect {
    Redirect::to(&format!("/{owner}/{name}#hooks"))
}

/// `/{owner}/{repo}/compare/{base}...{head}`: the commit at its end.
pub(super) async fn compare(
    State(forge): State<Arc<Forge>>,
    Path((owner, name, range)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(found) = forge.find(&owner, &name) else { return not_found(&forge, &headers) };
    let head = range.rsplit("...").next().unwrap_or(&range);
    match forge.git(found.id).resolve(head).await {
        Some(sha) => Redirect::to(&commit_link(&forge, &found, &sha)).into_response(),
        None => not_found(&forge, &headers),
    }
}

/// `/{owner}/{repo}/raw/{sha}/{path}`: a file as text, whatever it is.
pub(super) async fn raw(
    State(forge): State<Arc<Forge>>,
    Path((owner, name, revision, path)): Path<(String, String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(found) = forge.find(&owner, &name) else { return not_found(&forge, &headers) };
    let git = forge.git(found.id);
    let Some(sha) = git.resolve(&revision).await else { return not_found(&forge, &headers) };
    let Some(entry) = git.entry(&sha, &path).await else { return not_found(&forge, &headers) };
    match git.blob(&entry.sha).await {
        Ok(bytes) => {
            let headers = [
                (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (headers, bytes).into_response()
        }
        Err(_) => not_found(&forge, &headers),
    }
}

struct DeliveryRow {
    id: u64,
    guid: String,
    event: String,
    when: String,
    duration_ms: u64,
    attempt: u32,
    redelivery: bool,
    look: StateView,
    headers: String,
    payload: String,
    answer: String,
}

#[derive(Template)]
#[template(path = "hook.html")]
struct HookPage {
    frame: Frame,
    full_name: String,
    id: u64,
    url: String,
    events: String,
    active: &'static str,
    signed: &'static str,
    deliveries: Vec<DeliveryRow>,
}

/// How many deliveries to show.
#[derive(Debug, Deserialize)]
pub(super) struct ListLimit {
    most: Option<usize>,
}

/// `/{owner}/{repo}/hooks/{id}`
pub(super) async fn hook(
    State(forge): State<Arc<Forge>>,
    Path((owner, name, id)): Path<(String, String, u64)>,
    Query(most): Query<ListLimit>,
    headers: HeaderMap,
) -> Response {
    let Some(found) = forge.find(&owner, &name) else { return not_found(&forge, &headers) };
    let hook = forge.read(|state| state.hooks_of(found.id).find(|one| one.id == id).cloned());
    let Some(hook) = hook else { return not_found(&forge, &headers) };
    let most = most.most.unwrap_or(20).min(100);
    let now = Timestamp::now();
    let deliveries = forge.read(|state| {
        let ours = state.deliveries.iter().rev().filter(|one| one.hook == id).take(most);
        ours.map(|one| delivery_row(one, now)).collect()
    });
    let page = HookPage {
        frame: Frame::of(&forge, &headers, "Webhook").live(),
        full_name: found.full_name(),
        id,
        url: hook.url,
        events: hook.events.join(", "),
        active: if hook.active { "yes" } else { "no" },
        signed: if hook.secret.is_some() { "with a secret" } else { "no" },
        deliveries,
    };
    html(&page)
}

fn delivery_row(one: &Delivery, now: Timestamp) -> DeliveryRow {
    let look = if one.is_good() {
        StateView { color: Color::Good, glyph: "✓", label: "delivered" }
    } else {
        StateView { color: Color::Bad, glyph: "✗", label: "failed" }
    };
    let lines = |list: &[(String, String)]| {
        list.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n")
    };
    let payload = serde_json::from_str::<serde_json::Value>(&one.payload)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| one.payload.clone());
    DeliveryRow {
        id: one.id,
        guid: one.guid.clone(),
        event: one.event.clone(),
        when: ago(one.delivered_at, now),
        duration_ms: one.duration_ms,
        attempt: one.attempt,
        redelivery: one.redelivery,
        look,
        headers: lines(&one.request_headers),
        payload,
        answer: format!(
            "{} {}\n{}\n\n{}",
            one.status_code,
            one.status,
            lines(&one.response_headers),
            one.response_body
        ),
    }
}
