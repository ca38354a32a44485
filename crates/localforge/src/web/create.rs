//! The page that creates a repository.

use std::{io, sync::Arc};

use askama::Template;
use axum::{
    Form,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    frame::{Frame, html},
    sign_in::sign_in_first,
};
use crate::{
    create::{NewRepository, check_name, create_with_sample, owners},
    forge::Forge,
    session,
};

/// Where the page is.
pub(super) const PATH: &str = "/new";

/// The fields of the form.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Entry {
    #[serde(default)]
    owner: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    visibility: Visibility,
}

/// Who sees a new repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Visibility {
    #[default]
    Private,
    Public,
}

impl Visibility {
    const fn is_private(self) -> bool {
        matches!(self, Self::Private)
    }
}

#[derive(Template)]
#[template(path = "new.html")]
struct Page {
    frame: Frame,
    path: &'static str,
    owners: Vec<String>,
    entry: Entry,
    /// What is wrong with the entry; empty at first.
    error: String,
}

impl Page {
    fn new(forge: &Forge, headers: &HeaderMap, login: &str, entry: Entry) -> Self {
        Self {
            frame: Frame::of(forge, headers, "New repository"),
            path: PATH,
            owners: forge.read(|state| owners(state, login)),
            entry,
            error: String::new(),
        }
    }
}

/// Shows the form. Repositories belong to users, so that a visitor signs in first.
pub(super) async fn form(State(forge): State<Arc<Forge>>, headers: HeaderMap) -> Response {
    match session::visitor(&forge, &headers) {
        Some(user) => html(&Page::new(&forge, &headers, &user.login, Entry::default())),
        None => sign_in_first(&forge, &headers, PATH),
    }
}

/// Creates the repository, or shows the form again with the error.
pub(super) async fn create(
    State(forge): State<Arc<Forge>>,
    headers: HeaderMap,
    Form(entry): Form<Entry>,
) -> Response {
    let Some(user) = session::visitor(&forge, &headers) else {
        return (StatusCode::UNAUTHORIZED, sign_in_first(&forge, &headers, PATH)).into_response();
    };
    let entry = Entry { name: entry.name.trim().to_owned(), ..entry };
    let error = match make(&forge, &user.login, &entry).await {
        Ok(full_name) => return Redirect::to(&format!("/{full_name}")).into_response(),
        Err(error) => error,
    };
    let page = Page { error, ..Page::new(&forge, &headers, &user.login, entry) };
    (StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response()
}

/// Returns `owner/name` of the new repository.
async fn make(forge: &Arc<Forge>, login: &str, entry: &Entry) -> Result<String, String> {
    let allowed = forge.read(|state| owners(state, login));
    if !allowed.contains(&entry.owner) {
        return Err(
            "You cannot create repositories for this owner. Choose one from the list.".into()
        );
    }
    check_name(forge.kind, &entry.name)?;
    let new = NewRepository {
        owner: &entry.owner,
        name: &entry.name,
        private: entry.visibility.is_private(),
        admin: login,
    };
    match create_with_sample(forge, &new).await {
        Ok(repository) => Ok(repository.full_name()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(format!("{}/{} already exists. Choose another name.", entry.owner, entry.name))
        }
        Err(error) => {
            tracing::warn!(%error, "a repository cannot be created");
            Err("The repository could not be created; the log has the reason. Try again.".into())
        }
    }
}
