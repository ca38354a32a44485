//! Logs for pages: lines by number, search, and the raw bytes.
//!
//! ```text
//! GET /job/ID/log/TASK/STEP?from=LINE&count=N   lines as HTML, with how many there are
//! GET /job/ID/log/TASK/STEP/search?q=TEXT       numbers of the lines that contain it
//! GET /job/ID/log/TASK/STEP/raw                 what the step wrote, byte for byte
//! ```
//!
//! The first two work on a portion of a large log at a time and say what is left (`left`, `next`), so
//! that an answer comes at once, a page can show how far it is, and closing it ends the work.
//!
//! Live and finished logs are read in the same way, so a reader who joins late sees everything. Lines are
//! made on the server ([`ansi`]), found by an index ([`index`]); the page draws the ones in view.

mod ansi;
mod index;

use std::sync::Arc;

use axum::{
    Extension, Json,
    body::Body,
    extract::Path,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use roundel_model::time::Timestamp;
use roundel_store::{
    StoreError,
    logs::{LogKey, StepRow},
};

pub(crate) use index::{LogIndexes, ShownLine};

use index::Search;

use crate::{
    app::App,
    http::{
        rights::{Job, Reader},
        routes::Routes,
        visit::{Answer, PageError, Visit},
    },
};

/// Lines of one answer.
const LINES: usize = 1_000;
/// Lines that a page contains of the step that is open.
const PREVIEW: u64 = 400;
/// Lines that a search names.
const HITS: usize = 2_000;
/// Bytes of the raw log that are read at a time.
const RAW_BYTES: usize = 256 * 1024;

/// Routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/job/{job}/log/{task}/{step}", lines)
        .get("/job/{job}/log/{task}/{step}/search", search)
        .get("/job/{job}/log/{task}/{step}/raw", raw)
}

/// The last lines of a log, as a page contains them.
pub(crate) struct Preview {
    /// How many lines are before them; not known for a log that is too large to be read at once.
    pub(crate) before: Option<u64>,
    /// Their HTML.
    pub(crate) lines: Vec<ShownLine>,
}

impl Preview {
    /// Digits of the longest line number, as the style sheet makes room for them: five and more.
    pub(crate) fn digits(&self) -> usize {
        self.numbered().last().map_or(0, |(number, _)| number.to_string().len()).max(5)
    }

    /// Lines with their numbers, from 1.
    pub(crate) fn numbered(&self) -> impl DoubleEndedIterator<Item = (u64, &ShownLine)> {
        let first = self.before.unwrap_or(0) + 1;
        self.lines
            .iter()
            .enumerate()
            .map(move |(index, line)| (first + u64::try_from(index).unwrap_or(0), line))
    }
}

/// Reads the last lines of a log of so many bytes.
///
/// # Errors
///
/// If the store fails.
pub(crate) async fn preview(
    app: &App,
    indexes: &LogIndexes,
    key: LogKey,
    bytes: u64,
) -> Result<Preview, StoreError> {
    let count = usize::try_from(PREVIEW).unwrap_or(LINES);
    if bytes.saturating_sub(indexes.known_bytes(key)) <= index::PORTION_BYTES {
        let (index, left) = indexes.extended(&app.store, key).await?;
        if left == 0 {
            let from = index.lines().saturating_sub(PREVIEW);
            let lines = index.read(&app.store, from, count).await?;
            return Ok(Preview { before: Some(from), lines });
        }
    }
    Ok(Preview { before: None, lines: index::tail(&app.store, key, count).await? })
}

/// An answer with lines.
#[derive(serde::Serialize)]
struct Piece {
    /// Lines that are known so far.
    total: u64,
    /// Bytes that they have.
    bytes: u64,
    /// Bytes of the log that are not read yet: ask again.
    left: u64,
    from: u64,
    /// HTML and microseconds since the epoch.
    lines: Vec<(String, Option<i64>)>,
}

/// Which log of a job is asked for.
#[derive(serde::Deserialize)]
struct StepAddress {
    task: u32,
    step: u32,
}

impl StepAddress {
    const fn of(&self, job: &Job) -> LogKey {
        LogKey { job: job.row.id, task: self.task, step: self.step }
    }

    /// Refuses the address of a step that the job does not have. A log with something in it has one:
    /// pages ask for its lines again and again, so this is asked only where there are none.
    async fn must_exist(&self, visit: &Visit, job: &Job) -> Result<(), PageError> {
        let steps = visit.app.store.steps(job.row.id).await?;
        let is_here = |step: &StepRow| (step.task, step.number) == (self.task, self.step);
        if steps.iter().any(is_here) { Ok(()) } else { Err(visit.not_found()) }
    }
}

async fn lines(
    Reader { visit, subject: job, .. }: Reader<Job>,
    Extension(indexes): Extension<Arc<LogIndexes>>,
    Path(step): Path<StepAddress>,
) -> Answer {
    let key = step.of(&job);
    let number = |name: &str| visit.parameter(name).and_then(|text| text.parse::<u64>().ok());
    let from = number("from").unwrap_or(0);
    let count = number("count").and_then(|count| usize::try_from(count).ok()).unwrap_or(LINES);
    let (index, left) = indexes.extended(&visit.app.store, key).await?;
    if index.bytes() + left == 0 {
        step.must_exist(&visit, &job).await?;
    }
    let shown = index.read(&visit.app.store, from, count.min(LINES)).await?;
    let micros = |at: Timestamp| at.as_micros();
    let answer = Piece {
        total: index.lines(),
        bytes: index.bytes(),
        left,
        from,
        lines: shown.into_iter().map(|line| (line.html, line.at.map(micros))).collect(),
    };
    Ok(plain(Json(answer).into_response()))
}

/// Numbers of lines, from 0, and how far the search is.
#[derive(serde::Serialize, Default)]
struct Hits {
    lines: Vec<u64>,
    total: u64,
    /// The line from which to continue; none at the end of the log.
    next: Option<u64>,
    /// Bytes of the log that were searched.
    searched: u64,
    /// Bytes of the log.
    bytes: u64,
}

async fn search(
    Reader { visit, subject: job, .. }: Reader<Job>,
    Extension(indexes): Extension<Arc<LogIndexes>>,
    Path(step): Path<StepAddress>,
) -> Answer {
    let key = step.of(&job);
    let Some(needle) = visit.parameter("q") else {
        return Ok(plain(Json(Hits::default()).into_response()));
    };
    let from = visit.parameter("from").and_then(|text| text.parse().ok()).unwrap_or(0);
    let (index, left) = indexes.extended(&visit.app.store, key).await?;
    if index.bytes() + left == 0 {
        step.must_exist(&visit, &job).await?;
    }
    let search = Search { words: &needle, from, limit: HITS, is_whole: left == 0 };
    let found = index.search(&visit.app.store, search).await?;
    let answer = Hits {
        lines: found.lines,
        total: found.total,
        next: found.next,
        searched: found.searched,
        bytes: index.bytes() + left,
    };
    Ok(plain(Json(answer).into_response()))
}

async fn raw(
    Reader { visit, subject: job, .. }: Reader<Job>,
    Path(step): Path<StepAddress>,
) -> Answer {
    step.must_exist(&visit, &job).await?;
    let name = format!("log-{}-{}.txt", step.task, step.step);
    let key = step.of(&job);
    let app = Arc::clone(&visit.app);
    let body = stream::try_unfold(0_u64, move |from| {
        let app = Arc::clone(&app);
        async move {
            let slice = app.store.read_log(key, from, RAW_BYTES).await?;
            let next = from + u64::try_from(slice.bytes.len()).unwrap_or(0);
            Ok::<_, StoreError>((next > from).then(|| (Bytes::from(slice.bytes), next)))
        }
    });
    let mut response = Body::from_stream(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    if let Ok(value) = HeaderValue::from_str(&format!("inline; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(plain(response))
}

/// What a job wrote must never be taken for a page.
fn plain(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox"),
    );
    response
}
