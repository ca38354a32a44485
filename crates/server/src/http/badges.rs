//! Status badges (`VCS` §9): a small picture for a README that shows the status of a branch.
//!
//! Every address answers 200 with a picture. A project that does not exist, or that the asker must
//! not see, gives the same bytes as any other: a badge must not show what exists.
//!
//! While a pipeline runs, the result of the one before it stands. One that waits for approval says so, in the
//! word of CircleCI's badge, *on hold*: nothing runs, it may wait for days, and an older result would be about
//! another commit. Deliberately absent: the page that generates the Markdown (`pages::settings`).

use std::{fmt::Write as _, sync::Arc};

use axum::{
    extract::{FromRequestParts, Path},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::Mac as _;
use roundel_model::{
    forge::{ForgeKind, ProjectSlug},
    id::ProjectId,
    status::{JobStatus, WorkflowStatus},
};
use roundel_store::{
    StoreError,
    accounts::Account,
    projects::Project,
    reading::{PipelineFilter, WorkflowRow},
};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use super::{
    address::encode,
    frame::page_not_found,
    routes::{Anyone, Routes},
};
use crate::{
    access::{Visitor, role},
    app::App,
    markup::escape,
    signing,
};

/// Pipelines that are searched for one that counts.
const LOOK_BACK: u32 = 30;
/// Characters of a `label`.
const LABEL_CHARS: usize = 40;

/// Routes of badges, except `/gh/:org/:repo.svg`: a path cannot be split within a segment, so the
/// project's page hands those to [`BadgeRequest::of_project`].
pub(crate) fn routes() -> Routes {
    let mut routes = Routes::new().get("/project/badge/{project}/{*branch}", by_id);
    for kind in ForgeKind::ALL {
        for prefix in [kind.slug(), kind.long_slug()] {
            let path = format!("/{prefix}/{{owner}}/{{repository}}/tree/{{*branch}}");
            let badge_or_page = move |_: Anyone, request: BadgeRequest, names: Path<Names>| {
                tree(kind, request, names.0)
            };
            routes = routes.get(&path, badge_or_page);
        }
    }
    routes
}

/// Returns whether what looks like the name of a repository asks for a badge.
pub(crate) fn is_picture(name: &str) -> bool {
    [".svg", ".png"].iter().any(|ending| name.ends_with(ending))
}

/// Owner, repository and what follows `/tree/`.
type Names = (String, String, String);

/// Who asks for a badge, and how. Whether they may see the project is found out for each picture,
/// for the answer is one in any case.
pub(crate) struct BadgeRequest {
    app: Arc<App>,
    account: Option<Account>,
    query: Option<String>,
    headers: HeaderMap,
}

impl FromRequestParts<Arc<App>> for BadgeRequest {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let visitor = Visitor::from_request_parts(parts, app).await;
        let Visitor(account) = visitor.map_err(IntoResponse::into_response)?;
        let query = parts.uri.query().map(str::to_owned);
        Ok(Self { app: Arc::clone(app), account, query, headers: parts.headers.clone() })
    }
}

impl BadgeRequest {
    /// Draws the badge of a project, or of one of its branches.
    async fn draw(
        &self,
        project: Result<Option<Project>, StoreError>,
        branch: Option<&str>,
    ) -> Response {
        let asked = BadgeQuery::read(self.query.as_deref().unwrap_or_default());
        let state = state_for(&self.app, self.account.as_ref(), project, branch, &asked).await;
        picture(state, &asked, &self.headers)
    }

    /// Answers `/gh/:org/:repo.svg` and `.png`; `None` if the name ends otherwise.
    pub(crate) async fn of_project(&self, slug: &ProjectSlug) -> Option<Response> {
        if let Some(name) = slug.repository.strip_suffix(".png") {
            let slug = ProjectSlug { repository: name.to_owned(), ..slug.clone() };
            return Some(redirect(&format!("/{slug}.svg"), self.query.as_deref()));
        }
        let name = slug.repository.strip_suffix(".svg")?;
        let slug = ProjectSlug { repository: name.to_owned(), ..slug.clone() };
        let project = self.app.store.project_by_slug(&slug).await;
        Some(self.draw(project, None).await)
    }
}

/// `/gh/:org/:repo/tree/…`: a badge when it ends in `.svg`, the project's page for a branch otherwise.
async fn tree(forge: ForgeKind, request: BadgeRequest, names: Names) -> Response {
    let (owner, repository, branch) = names;
    let Ok(slug) = ProjectSlug::new(forge, &owner, &repository) else {
        return if is_picture(&branch) {
            request.draw(Ok(None), None).await
        } else {
            page_not_found()
        };
    };
    if let Some(branch) = branch.strip_suffix(".svg") {
        let project = request.app.store.project_by_slug(&slug).await;
        return request.draw(project, Some(branch)).await;
    }
    let page = format!("/{slug}?branch={}", encode(&branch));
    match branch.strip_suffix(".png") {
        Some(branch) => {
            let branch = encode_path(branch);
            redirect(&format!("/{slug}/tree/{branch}.svg"), request.query.as_deref())
        }
        None => Redirect::to(&page).into_response(),
    }
}

fn encode_path(path: &str) -> String {
    path.split('/').map(encode).collect::<Vec<_>>().join("/")
}

fn redirect(path: &str, query: Option<&str>) -> Response {
    let target = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    (StatusCode::FOUND, [(header::LOCATION, target)]).into_response()
}

/// `/project/badge/:uuid/:branch.svg`: survives a rename.
async fn by_id(
    _: Anyone,
    request: BadgeRequest,
    Path((project, branch)): Path<(String, String)>,
) -> Response {
    let project = match project.parse() {
        Ok(id) => request.app.store.project(id).await,
        Err(_) => Ok(None),
    };
    let branch = branch.strip_suffix(".svg").unwrap_or(&branch);
    request.draw(project, Some(branch)).await
}

/// What the query asks for. Unknown values mean the default: a badge never fails.
#[derive(Debug, Default, PartialEq, Eq)]
struct BadgeQuery {
    shield: bool,
    shows: Shows,
    token: Option<String>,
    workflow: Option<String>,
    job: Option<String>,
    label: Option<String>,
}

/// Which pipeline of a branch a badge shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shows {
    /// The newest that ended, so that a push does not change a green badge.
    #[default]
    LastEnded,
    /// The newest, even while it runs.
    Newest,
}

impl BadgeQuery {
    fn read(query: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "style" => asked.shield = value == "shield",
                "live" => {
                    asked.shows = if value == "1" { Shows::Newest } else { Shows::LastEnded };
                }
                "circle-token" | "token" => asked.token = Some(value.into_owned()),
                "workflow" => asked.workflow = Some(value.into_owned()),
                "job" => asked.job = Some(value.into_owned()),
                "label" => asked.label = Some(value.chars().take(LABEL_CHARS).collect()),
                _ => {}
            }
        }
        asked
    }
}

/// What a badge says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BadgeState {
    Passing,
    Failing,
    Running,
    /// It waits for approval.
    OnHold,
    Canceled,
    NoBuilds,
    Unknown,
}

impl BadgeState {
    /// (button, shield, color)
    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Passing => ("PASSED", "passing", "#1a7f45"),
            Self::Failing => ("FAILED", "failing", "#c02b2b"),
            Self::Running => ("RUNNING", "running", "#1f62c9"),
            Self::OnHold => ("ON HOLD", "on hold", "#7336ad"),
            Self::Canceled => ("CANCELED", "canceled", "#6b6f76"),
            Self::NoBuilds => ("NO BUILDS", "no builds", "#6b6f76"),
            Self::Unknown => ("UNKNOWN", "unknown", "#6b6f76"),
        }
    }
}

async fn state_for(
    app: &App,
    account: Option<&Account>,
    project: Result<Option<Project>, StoreError>,
    branch: Option<&str>,
    asked: &BadgeQuery,
) -> BadgeState {
    let project = match project {
        Ok(Some(project)) => project,
        Ok(None) => return BadgeState::Unknown,
        Err(error) => {
            tracing::error!(%error, "the project of a badge could not be read");
            return BadgeState::Unknown;
        }
    };
    let may_see = match &asked.token {
        Some(token) => token_opens(app, project.id, token).await,
        None => role(app, account, &project).await.is_some(),
    };
    if !may_see {
        return BadgeState::Unknown;
    }
    let branch = branch.unwrap_or(&project.default_branch);
    state_of(app, project.id, branch, asked).await.unwrap_or(BadgeState::Unknown)
}

/// The state of a branch: over all workflows of its newest pipeline that has a job; while that
/// runs, of the newest one before it that ended.
async fn state_of(
    app: &App,
    project: ProjectId,
    branch: &str,
    asked: &BadgeQuery,
) -> Result<BadgeState, StoreError> {
    let filter = PipelineFilter {
        projects: Some(vec![project]),
        branch: Some(branch.to_owned()),
        before: None,
    };
    let pipelines = app.store.pipelines(&filter, LOOK_BACK).await?;
    let states = pipelines.iter().filter_map(|(_, workflows)| state_in(workflows, asked));
    Ok(newest(states, asked.shows))
}

fn newest(states: impl Iterator<Item = BadgeState>, shows: Shows) -> BadgeState {
    let mut first = None;
    for state in states {
        if state != BadgeState::Running || shows == Shows::Newest {
            return state;
        }
        first = first.or(Some(state));
    }
    first.unwrap_or(BadgeState::NoBuilds)
}

/// The worst status first.
const ORDER: [BadgeState; 5] = [
    BadgeState::Failing,
    BadgeState::Running,
    BadgeState::OnHold,
    BadgeState::Canceled,
    BadgeState::Passing,
];

/// The state of one pipeline, as narrow as was asked for; `None` if it had nothing of it.
fn state_in(workflows: &[WorkflowRow], asked: &BadgeQuery) -> Option<BadgeState> {
    let named = |workflow: &&WorkflowRow| {
        !workflow.jobs.is_empty()
            && asked.workflow.as_deref().is_none_or(|name| workflow.name.as_str() == name)
    };
    let states: Vec<BadgeState> = match &asked.job {
        Some(name) => workflows
            .iter()
            .filter(named)
            .flat_map(|workflow| &workflow.jobs)
            .filter(|job| job.name.as_str() == name)
            .map(|job| of_job(job.status))
            .collect(),
        None => {
            workflows.iter().filter(named).map(|workflow| of_workflow(workflow.status)).collect()
        }
    };
    ORDER.into_iter().find(|state| states.contains(state))
}

const fn of_workflow(status: WorkflowStatus) -> BadgeState {
    match status {
        WorkflowStatus::Running => BadgeState::Running,
        WorkflowStatus::OnHold => BadgeState::OnHold,
        WorkflowStatus::Success => BadgeState::Passing,
        WorkflowStatus::Failing | WorkflowStatus::Failed | WorkflowStatus::Unauthorized => {
            BadgeState::Failing
        }
        WorkflowStatus::Canceled | WorkflowStatus::NotRun => BadgeState::Canceled,
    }
}

const fn of_job(status: JobStatus) -> BadgeState {
    match status {
        JobStatus::Blocked | JobStatus::NotRunning | JobStatus::Running => BadgeState::Running,
        JobStatus::OnHold => BadgeState::OnHold,
        JobStatus::Success => BadgeState::Passing,
        JobStatus::Failed
        | JobStatus::Timedout
        | JobStatus::InfrastructureFail
        | JobStatus::Unauthorized => BadgeState::Failing,
        JobStatus::Canceled | JobStatus::NotRun => BadgeState::Canceled,
    }
}

fn picture(state: BadgeState, asked: &BadgeQuery, headers: &HeaderMap) -> Response {
    let svg = draw(state, asked);
    let etag = format!("\"{}\"", hex::encode(&Sha256::digest(svg.as_bytes())[..16]));
    let fresh = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(',').any(|tag| tag.trim() == etag || tag.trim() == "*"));
    let mut response = if fresh {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, "image/svg+xml; charset=utf-8")], svg).into_response()
    };
    // GitHub's image proxy caches pictures for long unless every header forbids it.
    let caching = if asked.token.is_some() {
        "private, no-cache, max-age=0, must-revalidate"
    } else {
        "no-cache, max-age=0, must-revalidate"
    };
    let all = response.headers_mut();
    all.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    all.insert(header::EXPIRES, HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"));
    all.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    all.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'"),
    );
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        all.insert(header::ETAG, etag);
    }
    response
}

fn draw(state: BadgeState, asked: &BadgeQuery) -> String {
    if state == BadgeState::Unknown {
        // Whatever was asked for, so that nothing can be learned from it.
        return if asked.shield { shield("roundel", state) } else { button(state) };
    }
    match (asked.shield, asked.label.as_deref()) {
        (true, label) => {
            shield(label.filter(|label| !label.is_empty()).unwrap_or("roundel"), state)
        }
        (false, _) => button(state),
    }
}

/// The width of a string in tenths of a pixel at 11 px, wide enough for the fonts that readers have.
/// `textLength` makes it exact whatever the font.
fn text_width(text: &str) -> u32 {
    text.chars()
        .map(|c| match c {
            'i' | 'j' | 'l' | '.' | ',' | ':' | '\'' | '|' | '!' => 32,
            'f' | 't' | 'r' | ' ' | '-' | '(' | ')' => 42,
            'm' | 'w' | 'M' | 'W' => 98,
            'A'..='Z' => 76,
            _ if c.is_ascii() => 66,
            _ => 110,
        })
        .sum()
}

const FONT: &str =
    "font-family=\"Verdana,Geneva,DejaVu Sans,sans-serif\" text-rendering=\"geometricPrecision\"";

fn shield(label: &str, state: BadgeState) -> String {
    let (_, word, color) = state.words();
    let (left, right) = (text_width(label) / 10, text_width(word) / 10);
    let (split, total) = (left + 12, left + right + 24);
    let label = escape(label);
    let mut out = String::with_capacity(900);
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{total}\" height=\"20\" role=\"img\" \
         aria-label=\"{label}: {word}\"><title>{label}: {word}</title>\
         <clipPath id=\"r\"><rect width=\"{total}\" height=\"20\" rx=\"4\"/></clipPath>\
         <g clip-path=\"url(#r)\"><rect width=\"{split}\" height=\"20\" fill=\"#24282d\"/>\
         <rect x=\"{split}\" width=\"{rest}\" height=\"20\" fill=\"{color}\"/></g>\
         <g fill=\"#fff\" font-size=\"11\" {FONT}>\
         <text x=\"6\" y=\"14\" textLength=\"{left}\" lengthAdjust=\"spacingAndGlyphs\">{label}</text>\
         <text x=\"{x}\" y=\"14\" textLength=\"{right}\" lengthAdjust=\"spacingAndGlyphs\">{word}</text></g></svg>",
        rest = total - split,
        x = split + 6,
    );
    out
}

fn button(state: BadgeState) -> String {
    let (word, _, color) = state.words();
    let brand = text_width("Roundel") * 12 / 110;
    let text = text_width(word) * 10 / 110 + 4;
    let split = 24 + brand + 8;
    let total = split + text + 18;
    let mut out = String::with_capacity(1_000);
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{total}\" height=\"24\" role=\"img\" \
         aria-label=\"Roundel: {word}\"><title>Roundel: {word}</title>\
         <rect width=\"{total}\" height=\"24\" rx=\"5\" fill=\"#24282d\"/>\
         <path d=\"M{split} 0h{square}a5 5 0 0 1 5 5v14a5 5 0 0 1-5 5H{split}z\" fill=\"{color}\"/>\
         <circle cx=\"13\" cy=\"12\" r=\"6.4\" fill=\"none\" stroke=\"#fff\" stroke-width=\"2\"/>\
         <circle cx=\"13\" cy=\"12\" r=\"2.6\" fill=\"#fff\"/>\
         <g fill=\"#fff\" {FONT}>\
         <text x=\"24\" y=\"16\" font-size=\"12\" textLength=\"{brand}\" lengthAdjust=\"spacingAndGlyphs\">Roundel</text>\
         <text x=\"{x}\" y=\"16\" font-size=\"10\" font-weight=\"bold\" textLength=\"{text}\" \
         lengthAdjust=\"spacingAndGlyphs\">{word}</text></g></svg>",
        square = total - split - 5,
        x = split + 9,
    );
    out
}

/// Returns the token that opens the badges of a project, and nothing else. It is derived from the
/// instance key and a number that grows when the token is replaced, so that none is stored.
///
/// # Errors
///
/// If the store fails.
pub(crate) async fn token(app: &App, project: ProjectId) -> Result<Option<String>, StoreError> {
    let generation = app.store.setting(&token_setting(project)).await?;
    Ok(generation.map(|generation| derive(app, project, &generation)))
}

/// Makes the first token of a project, or one that replaces it. Returns whether it replaced one.
///
/// # Errors
///
/// If the store fails.
pub(crate) async fn renew_token(app: &App, project: ProjectId) -> Result<bool, StoreError> {
    let key = token_setting(project);
    let stored = app.store.setting(&key).await?;
    let last = stored.as_deref().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    app.store.put_setting(&key, &(last + 1).to_string()).await?;
    Ok(stored.is_some())
}

fn token_setting(project: ProjectId) -> String {
    format!("badge-token:{project}")
}

fn derive(app: &App, project: ProjectId, generation: &str) -> String {
    let mac = signing::mac(&app.settings.instance_key, b"badge:");
    let mac = mac.chain_update(format!("{project}:{generation}"));
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

async fn token_opens(app: &App, project: ProjectId, given: &str) -> bool {
    match token(app, project).await {
        Ok(Some(right)) => bool::from(right.as_bytes().ct_eq(given.as_bytes())),
        Ok(None) => false,
        Err(error) => {
            tracing::error!(%error, "the token of a badge could not be read");
            false
        }
    }
}

#[cfg(test)]
mod tests;
