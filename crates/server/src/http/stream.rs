//! Updates for open pages: `GET /events?topic=…`, as server-sent events.
//!
//! A stream carries no content, only that something changed; the page then fetches its part again, by
//! the same route and rights as before. So nothing is lost by a break: after every (re)connection
//! the first event says `hello`, and the page looks. Topics: `mine`, `project:ID`, `pipeline:ID`,
//! `job:ID`; each is checked when the stream opens, and a stream ends after a while so that rights
//! are checked again.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    future::ready,
    sync::Arc,
    time::Duration,
};

use axum::{
    extract::{FromRequestParts, State},
    http::{StatusCode, request::Parts},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{Stream, StreamExt, stream};
use roundel_model::id::{JobId, PipelineId, ProjectId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};

use super::{
    rights::{self, Job, Pipeline},
    routes::{Right, Routes},
    visit::{PageError, Visit},
};
use crate::{app::App, live::Update};

/// Topics of one stream: a page has a handful.
const TOPICS: usize = 8;
/// Streams at once: each costs a buffer and a connection.
const STREAMS: usize = 2_000;
/// How long a stream lasts; browsers come back by themselves.
const LIFE: Duration = Duration::from_mins(15);
/// How often a quiet stream says `ping`. Proxies then keep it open, and a page notices when one has
/// stopped passing it on: comments, which the protocol has for this, do not reach scripts.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Updates that are put into one event.
const TOGETHER: usize = 512;

/// Route of the stream.
pub(crate) fn routes() -> Routes {
    let streams = Arc::new(Semaphore::new(STREAMS));
    Routes::new().get("/events", move |topics: Topics, State(app): State<Arc<App>>| {
        ready(events(topics, &app, Arc::clone(&streams)))
    })
}

fn events(topics: Topics, app: &App, streams: Arc<Semaphore>) -> Response {
    let Ok(permit) = streams.try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "5")]).into_response();
    };
    let stopping = app.stopping.clone();
    let stream = listen(topics, app.live.subscribe(), permit).take_until(async move {
        tokio::select! {
            () = stopping.cancelled() => {}
            () = tokio::time::sleep(LIFE) => {}
        }
    });
    let mut response = Sse::new(stream).keep_alive(keep_alive(HEARTBEAT)).into_response();
    // A proxy that collects an answer before it passes it on would make the page late.
    response.headers_mut().insert("x-accel-buffering", axum::http::HeaderValue::from_static("no"));
    response
}

fn keep_alive(every: Duration) -> KeepAlive {
    // Browsers drop an event without data.
    KeepAlive::new().interval(every).event(Event::default().event("ping").data("quiet"))
}

/// What one stream reports. Each set was checked against the visitor's rights.
#[derive(Debug, Default)]
struct Topics {
    mine: BTreeSet<ProjectId>,
    projects: BTreeSet<ProjectId>,
    pipelines: BTreeSet<PipelineId>,
    jobs: BTreeMap<JobId, PipelineId>,
}

impl Right for Topics {
    fn name() -> String {
        "Reader of each topic".to_owned()
    }
}

impl FromRequestParts<Arc<App>> for Topics {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, app).await?;
        Self::open(&visit).await.map_err(PageError::into_response)
    }
}

impl Topics {
    async fn open(visit: &Visit) -> Result<Self, PageError> {
        let mut topics = Self::default();
        let query = visit.query.as_deref().unwrap_or_default();
        let asked = url::form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| name == "topic")
            .map(|(_, value)| value.into_owned());
        for topic in asked.take(TOPICS) {
            topics.add(visit, &topic).await?;
        }
        Ok(topics)
    }

    async fn add(&mut self, visit: &Visit, topic: &str) -> Result<(), PageError> {
        match topic.split_once(':') {
            Some(("project", id)) => {
                let id = id.parse().map_err(|_| visit.not_found())?;
                let project = visit.app.store.project(id).await?;
                let project = rights::readable(visit, project).await?;
                self.projects.insert(project.id);
            }
            Some(("pipeline", id)) => {
                let id = id.parse().map_err(|_| visit.not_found())?;
                let pipeline =
                    rights::readable(visit, Pipeline::by_id(&visit.app, id).await?).await?;
                self.pipelines.insert(pipeline.row.id);
            }
            Some(("job", id)) => {
                let id = id.parse().map_err(|_| visit.not_found())?;
                let job = rights::readable(visit, Job::by_id(&visit.app, id).await?).await?;
                self.jobs.insert(job.row.id, job.pipeline.id);
            }
            None if topic == "mine" => {
                let account = visit.account.as_ref().ok_or_else(|| visit.not_found())?;
                for project in visit.app.store.followed_projects(account.id).await? {
                    if visit.may_see(&project).await {
                        self.mine.insert(project.id);
                    }
                }
            }
            _ => return Err(visit.not_found()),
        }
        Ok(())
    }

    /// Adds the topics that an update belongs to.
    fn note(&self, update: Update, changed: &mut Changed) {
        match update {
            Update::Pipeline { project, pipeline } => {
                self.note_project(project, changed);
                if self.pipelines.contains(&pipeline) {
                    changed.topics.insert(format!("pipeline:{pipeline}"));
                }
                for (job, _) in self.jobs.iter().filter(|(_, other)| **other == pipeline) {
                    changed.topics.insert(format!("job:{job}"));
                }
            }
            Update::Step { job } => {
                if self.jobs.contains_key(&job) {
                    changed.topics.insert(format!("job:{job}"));
                }
            }
            Update::Log { job, task, step, total } => {
                if self.jobs.contains_key(&job) {
                    changed.logs.insert(format!("{job}/{task}/{step}"), total);
                }
            }
            Update::Delivery { project } | Update::Setup { project } => {
                if self.projects.contains(&project) {
                    changed.topics.insert(format!("project:{project}"));
                }
            }
        }
    }

    fn note_project(&self, project: ProjectId, changed: &mut Changed) {
        if self.mine.contains(&project) {
            changed.topics.insert("mine".to_owned());
        }
        if self.projects.contains(&project) {
            changed.topics.insert(format!("project:{project}"));
        }
    }
}

/// What changed since the last event.
#[derive(Debug, Default, serde::Serialize)]
struct Changed {
    topics: BTreeSet<String>,
    /// `job/task/step` → bytes.
    logs: BTreeMap<String, u64>,
}

impl Changed {
    fn is_empty(&self) -> bool {
        self.topics.is_empty() && self.logs.is_empty()
    }

    fn event(&self) -> Event {
        Event::default().event("update").data(serde_json::to_string(self).unwrap_or_default())
    }
}

struct Listener {
    topics: Topics,
    receiver: broadcast::Receiver<Update>,
    /// Held as long as the stream lives.
    _permit: OwnedSemaphorePermit,
}

fn listen(
    topics: Topics,
    receiver: broadcast::Receiver<Update>,
    permit: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let hello = Event::default().event("hello").retry(Duration::from_secs(1)).data("look");
    let listener = Listener { topics, receiver, _permit: permit };
    let updates = stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    });
    stream::iter([Ok(hello)]).chain(updates)
}

impl Listener {
    /// Waits for updates that matter here, and takes what came with them.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let mut changed = Changed::default();
            match self.receiver.recv().await {
                Ok(update) => self.topics.note(update, &mut changed),
                // Some were lost: the page must look at everything.
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    return Some(Event::default().event("hello").data("look"));
                }
                Err(broadcast::error::RecvError::Closed) => return None,
            }
            for _ in 0..TOGETHER {
                let Ok(update) = self.receiver.try_recv() else { break };
                self.topics.note(update, &mut changed);
            }
            if !changed.is_empty() {
                return Some(changed.event());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics() -> Topics {
        Topics {
            mine: [ProjectId::from_u128(1)].into(),
            projects: [ProjectId::from_u128(2)].into(),
            pipelines: [PipelineId::from_u128(3)].into(),
            jobs: [(JobId::from_u128(4), PipelineId::from_u128(3))].into(),
        }
    }

    fn changed(update: Update) -> Changed {
        let mut changed = Changed::default();
        topics().note(update, &mut changed);
        changed
    }

    #[test]
    fn updates_of_another_project_are_not_heard() {
        let another = ProjectId::from_u128(99);
        let other = JobId::from_u128(98);
        for update in [
            Update::Pipeline { project: another, pipeline: PipelineId::from_u128(97) },
            Update::Step { job: other },
            Update::Log { job: other, task: 0, step: 101, total: 5 },
            Update::Delivery { project: another },
            Update::Setup { project: another },
        ] {
            assert!(changed(update).is_empty(), "{update:?}");
        }
    }

    #[test]
    fn a_change_of_a_pipeline_is_heard_by_its_jobs_page() {
        let update = Update::Pipeline {
            project: ProjectId::from_u128(1),
            pipeline: PipelineId::from_u128(3),
        };
        assert_eq!(changed(update).topics.len(), 3);
    }

    /// A proxy that stops passing a stream on does not close it: only missing events show it.
    #[tokio::test]
    async fn a_quiet_stream_sends_events_that_scripts_see() {
        let quiet = stream::pending::<Result<Event, Infallible>>();
        let response =
            Sse::new(quiet).keep_alive(keep_alive(Duration::from_millis(1))).into_response();
        let mut body = response.into_body().into_data_stream();
        let first = body.next().await.unwrap().unwrap();
        assert_eq!(std::str::from_utf8(&first).unwrap(), "event: ping\ndata: quiet\n\n");
    }

    #[test]
    fn many_growths_of_a_log_are_one() {
        let mut all = Changed::default();
        for total in 1..100 {
            let update = Update::Log { job: JobId::from_u128(4), task: 0, step: 101, total };
            topics().note(update, &mut all);
        }
        assert_eq!(all.logs.values().copied().collect::<Vec<_>>(), [99]);
    }
}
