//! Files and directories at a revision (`VCS` §2.12).

use axum::{
    extract::{Path, Query},
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answers::{not_found, refuse},
    rights::RequiredRight,
};
use crate::{
    answer::{ErrorResponse, Outcome, ok},
    call::Call,
    forge::Forge,
    git::{Entry, Git},
    model::Repository,
    shape::merge,
};

/// Bytes beyond which GitHub leaves the content out of the JSON.
const INLINE_BYTES: u64 = 1 << 20;
/// Base64 digits of one line.
const LINE: usize = 60;

/// Which revision; the default branch if none.
#[derive(Debug, Deserialize)]
pub(super) struct At {
    #[serde(rename = "ref")]
    revision: Option<String>,
}

/// `GET /repos/{owner}/{repo}/contents`
pub(super) async fn root(call: Call, Query(at): Query<At>, headers: HeaderMap) -> Outcome {
    contents(&call, "", &at, &headers).await
}

/// `GET /repos/{owner}/{repo}/contents/{path}`
pub(super) async fn show(
    call: Call,
    Path((.., path)): Path<(String, String, String)>,
    Query(at): Query<At>,
    headers: HeaderMap,
) -> Outcome {
    contents(&call, &path, &at, &headers).await
}

async fn contents(call: &Call, path: &str, at: &At, headers: &HeaderMap) -> Outcome {
    let found = call.repository(RequiredRight::Read)?;
    let git = call.forge.git(found.id);
    let revision = at.revision.as_deref().unwrap_or(&found.default_branch);
    let Some(sha) = git.resolve(revision).await else {
        if git.is_empty().await {
            return Err(refuse(StatusCode::NOT_FOUND, "This repository is empty."));
        }
        let message = format!("No commit found for the ref {revision}");
        return Err(refuse(StatusCode::NOT_FOUND, &message));
    };
    let mut entry = git.entry(&sha, path).await.ok_or_else(not_found)?;
    if let Some(file) = linked_file(&git, &sha, &entry).await? {
        entry = Entry { path: entry.path, ..file };
    }
    let place = Place { forge: &call.forge, repository: &found, revision };
    if entry.kind == "tree" {
        let inside = git.directory_entries(&sha, path).await?;
        let shown: Vec<_> = inside.iter().map(|one| place.shown(one)).collect();
        return ok(StatusCode::OK, Value::Array(shown));
    }
    if wants_raw(headers) && entry.kind == "blob" {
        let bytes = git.blob(&entry.sha).await?;
        let kind = "application/vnd.github.raw+json; charset=utf-8";
        return Ok(([(header::CONTENT_TYPE, kind)], bytes).into_response());
    }
    ok(StatusCode::OK, place.file(&git, &entry).await?)
}

/// Returns the file that a symbolic link leads to: GitHub answers with its content if it is an ordinary file
/// of the repository, and else with the link itself.
async fn linked_file(git: &Git, sha: &str, link: &Entry) -> Result<Option<Entry>, ErrorResponse> {
    if link.mode != "120000" {
        return Ok(None);
    }
    let target = git.blob(&link.sha).await?;
    let Ok(target) = std::str::from_utf8(&target) else { return Ok(None) };
    let mut path: Vec<&str> = link.path.split('/').collect();
    path.pop();
    for part in target.split('/') {
        match part {
            "." => {}
            ".." if path.pop().is_some() => {}
            // Out of the repository, or from the root of the machine.
            ".." | "" => return Ok(None),
            part => path.push(part),
        }
    }
    let file = git.entry(sha, &path.join("/")).await;
    Ok(file.filter(|file| file.kind == "blob" && file.mode != "120000"))
}

fn wants_raw(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| {
        accept.contains("application/vnd.github.raw")
            || accept.contains("application/vnd.github.v3.raw")
    })
}

struct Place<'a> {
    forge: &'a Forge,
    repository: &'a Repository,
    revision: &'a str,
}

impl Place<'_> {
    /// Returns an entry as a directory lists it.
    fn shown(&self, entry: &Entry) -> Value {
        let kind = match (entry.kind.as_str(), entry.mode.as_str()) {
            ("tree", _) => "dir",
            ("commit", _) => "submodule",
            (_, "120000") => "symlink",
            (_, _) => "file",
        };
        let full = self.repository.full_name();
        let name = entry.path.rsplit('/').next().unwrap_or(&entry.path);
        let path = url::form_urlencoded::byte_serialize(entry.path.as_bytes()).collect::<String>();
        let (path, revision) = (path.replace("%2F", "/").replace('+', "%20"), self.revision);
        let url = self.forge.api(&format!("repos/{full}/contents/{path}?ref={revision}"));
        let git = self.forge.api(&format!("repos/{full}/git/{}s/{}", entry.kind, entry.sha));
        let html = self.forge.page(&format!("{full}/blob/{revision}/{path}"));
        let raw = self.forge.page(&format!("{full}/raw/{revision}/{path}"));
        json!({
            "name": name, "path": entry.path, "sha": entry.sha, "size": entry.size,
            "url": url, "html_url": html, "git_url": git,
            "download_url": if kind == "file" { json!(raw) } else { Value::Null },
            "type": kind,
            "_links": { "self": url, "git": git, "html": html },
        })
    }

    /// Returns an entry as its own page has it, with the content.
    async fn file(&self, git: &Git, entry: &Entry) -> Result<Value, ErrorResponse> {
        let mut value = self.shown(entry);
        if entry.kind == "commit" {
            merge(&mut value, json!({ "submodule_git_url": null }));
            return Ok(value);
        }
        if entry.mode == "120000" {
            let target = git.blob(&entry.sha).await?;
            let target = String::from_utf8_lossy(&target).into_owned();
            merge(&mut value, json!({ "target": target }));
            return Ok(value);
        }
        let (content, encoding) = if entry.size > INLINE_BYTES {
            (String::new(), "none")
        } else {
            (lines(&STANDARD.encode(git.blob(&entry.sha).await?)), "base64")
        };
        merge(&mut value, json!({ "content": content, "encoding": encoding }));
        Ok(value)
    }
}

/// GitHub breaks base64 into lines.
fn lines(text: &str) -> String {
    let mut broken = String::with_capacity(text.len() + text.len() / LINE + 1);
    for (index, digit) in text.chars().enumerate() {
        if index > 0 && index % LINE == 0 {
            broken.push('\n');
        }
        broken.push(digit);
    }
    broken.push('\n');
    broken
}
