//! The pages of a forge, for visitors of the demo.
//!
//! They work without JavaScript; a small script keeps the live parts fresh. Pages of one repository
//! are in [`repository`].

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use roundel_model::{forge::ForgeKind, text::counted, time::Timestamp};

use crate::{
    forge::Forge,
    model::{Repository, User},
    session,
};

mod actions;
mod create;
pub(crate) mod frame;
mod look;
mod repository;
pub(crate) mod sign_in;

use self::{
    frame::{Frame, html, not_found},
    look::{StateView, ago, visibility},
    sign_in::sign_in_first,
};

/// Routes of the pages for people.
pub(crate) fn router(kind: ForgeKind) -> Router<Arc<Forge>> {
    let commit = match kind {
        ForgeKind::GitHub => "/{owner}/{repo}/commit/{revision}",
        ForgeKind::Bitbucket => "/{owner}/{repo}/commits/{revision}",
    };
    let pull = match kind {
        ForgeKind::GitHub => "/{owner}/{repo}/pull/{number}",
        ForgeKind::Bitbucket => "/{owner}/{repo}/pull-requests/{number}",
    };
    let (keys, hooks) = match kind {
        ForgeKind::GitHub => ("/{owner}/{repo}/settings/keys", "/{owner}/{repo}/settings/hooks"),
        ForgeKind::Bitbucket => {
            ("/{owner}/{repo}/admin/access-keys/", "/{owner}/{repo}/admin/webhooks")
        }
    };
    let delivery = "/{owner}/{repo}/hooks/{id}/deliveries/{delivery}/attempts";
    Router::new()
        .route("/", get(home))
        .route("/signin", get(sign_in))
        .route(create::PATH, get(create::form).post(create::create))
        .route("/assets/forge.css", get(style))
        .route("/assets/forge.js", get(script))
        .route("/avatars/{name}", get(avatar))
        .route("/{owner}", get(of_owner))
        .route("/{owner}/{repo}", get(repository::show))
        .route("/{owner}/{repo}/tree/{*revision}", get(repository::show_branch))
        .route("/{owner}/{repo}/branch/{*revision}", get(repository::show_branch))
        .route("/{owner}/{repo}/compare/{*range}", get(repository::compare))
        .route("/{owner}/{repo}/raw/{sha}/{*path}", get(repository::raw))
        .route("/{owner}/{repo}/blob/{sha}/{*path}", get(repository::raw))
        .route(commit, get(repository::commit))
        .route(pull, get(repository::pull))
        .route(keys, get(repository::keys))
        .route(hooks, get(repository::hooks))
        .route("/{owner}/{repo}/hooks/{id}", get(repository::hook))
        .route("/{owner}/{repo}/commit-something", post(actions::commit_something))
        .route(delivery, post(actions::send_again))
        .merge(session::router())
        .layer(axum::middleware::from_fn(session::same_site))
}

struct Row {
    full_name: String,
    visibility: &'static str,
    summary: String,
    look: StateView,
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    heading: String,
    repositories: Vec<Row>,
    people: Vec<User>,
    /// Name, callback URL, how many users authorized it.
    applications: Vec<(String, String, String)>,
}

async fn home(State(forge): State<Arc<Forge>>, headers: HeaderMap) -> Response {
    let heading = format!("{} on this machine", forge.kind);
    overview(&forge, &headers, heading, None).await
}

async fn of_owner(
    State(forge): State<Arc<Forge>>,
    Path(owner): Path<String>,
    headers: HeaderMap,
) -> Response {
    let known = forge.read(|state| state.owner(&owner).map(|one| one.login().to_owned()));
    match known {
        Some(owner) => overview(&forge, &headers, owner.clone(), Some(&owner)).await,
        None => not_found(&forge, &headers),
    }
}

async fn overview(
    forge: &Forge,
    headers: &HeaderMap,
    heading: String,
    owner: Option<&str>,
) -> Response {
    let (repositories, people, applications) = forge.read(|state| {
        let shown = |one: &&Repository| owner.is_none_or(|owner| one.owner == owner);
        let mut repositories: Vec<Repository> =
            state.repositories.values().filter(shown).cloned().collect();
        repositories.sort_by_key(|one| one.full_name().to_lowercase());
        let applications = state.applications.iter().map(|one| {
            let count = state.grants.iter().filter(|two| two.client_id == one.client_id).count();
            (one.name.clone(), one.redirect_uri.clone(), counted(count, "user"))
        });
        (repositories, state.users.clone(), applications.collect())
    });
    let mut rows = Vec::new();
    for repository in &repositories {
        rows.push(row(forge, repository).await);
    }
    let frame = Frame::of(forge, headers, &heading).live();
    html(&Home { frame, heading, repositories: rows, people, applications })
}

async fn row(forge: &Forge, repository: &Repository) -> Row {
    let git = forge.git(repository.id);
    let head = git.resolve(&format!("refs/heads/{}", repository.default_branch)).await;
    let commit = match &head {
        Some(sha) => git.commit(sha).await.ok(),
        None => None,
    };
    let (summary, look) = match (commit, repository.pushed_at) {
        (Some(commit), Some(pushed)) => {
            let statuses = forge.read(|state| state.newest_statuses(repository.id, &commit.sha));
            let when = ago(pushed, Timestamp::now());
            (format!("{} · pushed {when}", commit.title()), StateView::worst(&statuses))
        }
        (_, _) => ("nothing was pushed yet".to_owned(), StateView::NONE),
    };
    Row { full_name: repository.full_name(), visibility: visibility(repository), summary, look }
}

async fn sign_in(State(forge): State<Arc<Forge>>, headers: HeaderMap) -> Response {
    sign_in_first(&forge, &headers, "/")
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../assets/forge.css"))
}

async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("../assets/forge.js"))
}

/// Draws a disc with the first letter of a name, in its own color.
async fn avatar(Path(name): Path<String>) -> impl IntoResponse {
    let hue = name.bytes().fold(7_u32, |hue, byte| (hue * 31 + u32::from(byte)) % 360);
    let letter = name.chars().next().filter(|one| one.is_alphanumeric()).unwrap_or('?');
    let letter = letter.to_uppercase();
    let drawing = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 40 40\"><circle cx=\"20\" \
         cy=\"20\" r=\"20\" fill=\"hsl({hue} 45% 40%)\"/><text x=\"20\" y=\"27\" \
         font-family=\"sans-serif\" font-size=\"20\" fill=\"#fff\" text-anchor=\"middle\">\
         {letter}</text></svg>"
    );
    ([(header::CONTENT_TYPE, "image/svg+xml")], drawing)
}
