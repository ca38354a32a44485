//! Files and directories at a revision (`VCS` §4.11).

use axum::{
    extract::{Path, Query},
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answers::{no_commit, refuse},
    rights::RequiredRight,
};
use crate::{
    answer::{Outcome, ok},
    call::Call,
    forge::Forge,
    git::Entry,
    model::Repository,
    page::Listing,
    shape::{bitbucket as shape, merge},
};

/// Whether the file itself is wanted, or what is known of it.
#[derive(Debug, Deserialize)]
pub(super) struct Form {
    format: Option<String>,
}

/// `GET …/src`: the top of the default branch.
pub(super) async fn root(call: Call, Query(form): Query<Form>, listing: Listing) -> Outcome {
    let found = call.repository(RequiredRight::READ)?;
    let what = FileRequest { path: "", revision: &found.default_branch, known: None };
    answer(&call.forge, &found, &what, form, listing).await
}

/// `GET …/src/{revision}/`: the top.
pub(super) async fn top(
    call: Call,
    Path((.., revision)): Path<(String, String, String)>,
    Query(form): Query<Form>,
    listing: Listing,
) -> Outcome {
    let found = call.repository(RequiredRight::READ)?;
    let what = FileRequest { path: "", revision: &revision, known: None };
    answer(&call.forge, &found, &what, form, listing).await
}

/// `GET …/src/{revision}/{path}`: raw bytes of a file, a list of a directory.
pub(super) async fn show(
    call: Call,
    Path((.., revision, path)): Path<(String, String, String, String)>,
    Query(form): Query<Form>,
    listing: Listing,
    headers: HeaderMap,
) -> Outcome {
    let found = call.repository(RequiredRight::READ)?;
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let what = FileRequest { path: path.trim_end_matches('/'), revision: &revision, known };
    answer(&call.forge, &found, &what, form, listing).await
}

struct FileRequest<'a> {
    path: &'a str,
    revision: &'a str,
    /// The `ETag` that the caller has.
    known: Option<&'a str>,
}

async fn answer(
    forge: &Forge,
    found: &Repository,
    what: &FileRequest<'_>,
    form: Form,
    listing: Listing,
) -> Outcome {
    let git = forge.git(found.id);
    let Some(sha) = git.resolve(what.revision).await else {
        return Err(no_commit(what.revision));
    };
    let Some(entry) = git.entry(&sha, what.path).await else {
        let message = format!("No such file or directory: {}", what.path);
        return Err(refuse(StatusCode::NOT_FOUND, &message));
    };
    if form.format.as_deref() == Some("meta") {
        return ok(StatusCode::OK, shown(forge, found, &sha, &entry));
    }
    if entry.kind == "tree" {
        let inside = git.directory_entries(&sha, what.path).await?;
        let all = inside.iter().map(|one| shown(forge, found, &sha, one)).collect();
        return Ok(listing.paginated(forge, all));
    }
    let etag = format!("\"{}\"", entry.sha);
    if what.known == Some(etag.as_str()) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    let bytes = git.blob(&entry.sha).await?;
    let kind =
        if std::str::from_utf8(&bytes).is_ok() { "text/plain" } else { "application/octet-stream" };
    let headers = [(header::CONTENT_TYPE, kind.to_owned()), (header::ETAG, etag)];
    Ok((headers, bytes).into_response())
}

fn shown(forge: &Forge, repository: &Repository, sha: &str, entry: &Entry) -> Value {
    let base = forge.api(&format!("repositories/{}", repository.full_name()));
    let link = format!("{base}/src/{sha}/{}", shape::encoded(&entry.path));
    let commit = json!({
        "type": "commit", "hash": sha,
        "links": { "self": { "href": format!("{base}/commit/{sha}") } },
    });
    let kind = if entry.kind == "tree" { "commit_directory" } else { "commit_file" };
    let mut value = json!({
        "type": kind, "path": entry.path, "commit": commit,
        "links": { "self": { "href": link }, "meta": { "href": format!("{link}?format=meta") } },
    });
    if entry.kind != "tree" {
        let attributes: &[&str] = match entry.mode.as_str() {
            "100755" => &["executable"],
            "120000" => &["link"],
            "160000" => &["subrepository"],
            _ => &[],
        };
        let more = json!({ "size": entry.size, "attributes": attributes, "mimetype": null });
        merge(&mut value, more);
    }
    value
}
