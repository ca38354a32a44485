//! A server for runners: hands out scripted job specs, remembers what is reported, and fails on
//! demand.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{post, put},
};
use roundel_protocol::{
    ApiError, ClaimRequest, ErrorCode, FinishReport, JobSpec, LEASE_HEADER, LogAnswer, RenewAnswer,
    SignOffRequest, StepReport,
};
use tokio::sync::Notify;

/// One step, as the server knows it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Step {
    pub(crate) report: Option<StepReport>,
    pub(crate) log: Vec<u8>,
}

/// Everything that the server knows.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) offered: VecDeque<JobSpec>,
    pub(crate) claims: Vec<ClaimRequest>,
    /// Runners that said that they end.
    pub(crate) signed_off: Vec<String>,
    /// Does not know what a sign-off is.
    pub(crate) is_of_an_earlier_release: bool,
    pub(crate) steps: BTreeMap<u32, Step>,
    pub(crate) finish: Option<FinishReport>,
    /// Answers every task request with 410 and this code.
    pub(crate) gone: Option<ErrorCode>,
    /// How many requests get a 503 from now on.
    pub(crate) away: u32,
    /// Rejects the runner's token.
    pub(crate) rejects_runner: bool,
    token: String,
    lease: String,
}

#[derive(Clone, Default)]
pub(crate) struct Server {
    known: Arc<Mutex<Known>>,
    changed: Arc<Notify>,
}

impl Server {
    /// Starts it; returns its address.
    pub(crate) async fn start() -> (Self, url::Url) {
        let server = Self::default();
        let task = "/runner/v1/tasks/{job}/{index}";
        let router = Router::new()
            .route("/runner/v1/claim", post(claim))
            .route("/runner/v1/sign-off", post(sign_off))
            .route(&format!("{task}/renew"), post(renew))
            .route(&format!("{task}/steps/{{number}}"), put(put_step))
            .route(&format!("{task}/steps/{{number}}/log"), put(put_log))
            .route(&format!("{task}/finish"), post(finish))
            .layer(axum::extract::DefaultBodyLimit::max(2 << 20))
            .with_state(server.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        (server, format!("http://{address}/").parse().unwrap())
    }

    /// Changes something, and wakes those who wait.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        let result = change(&mut self.known.lock().unwrap());
        self.changed.notify_waiters();
        result
    }

    /// Offers a job.
    pub(crate) fn offer(&self, spec: JobSpec) {
        self.change(|known| {
            known.token.clone_from(spec.token.expose());
            known.lease = spec.lease.to_string();
            known.steps.clear();
            known.finish = None;
            known.gone = None;
            known.offered.push_back(spec);
        });
    }

    /// Waits until something holds.
    pub(crate) async fn until<T>(
        &self,
        what: &str,
        mut look: impl FnMut(&Known) -> Option<T>,
    ) -> T {
        let wait = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if let Some(found) = look(&self.known.lock().unwrap()) {
                    return found;
                }
                changed.await;
            }
        };
        if let Ok(found) = tokio::time::timeout(Duration::from_mins(1), wait).await {
            return found;
        }
        let known = self.known.lock().unwrap();
        let steps: Vec<_> = known
            .steps
            .iter()
            .map(|(number, step)| (number, String::from_utf8_lossy(&step.log).into_owned()))
            .collect();
        panic!("waited in vain until {what}: {:?} {steps:#?}", known.finish)
    }

    fn admit(
        &self,
        headers: &HeaderMap,
    ) -> Result<std::sync::MutexGuard<'_, Known>, Box<Response>> {
        let mut known = self.known.lock().unwrap();
        if known.away > 0 {
            known.away -= 1;
            return Err(Box::new(StatusCode::SERVICE_UNAVAILABLE.into_response()));
        }
        if let Some(code) = known.gone {
            let error = ApiError { code: code.into(), message: "gone".to_owned() };
            return Err(Box::new((StatusCode::GONE, Json(error)).into_response()));
        }
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        assert_eq!(text("authorization"), Some(format!("Bearer {}", known.token).as_str()));
        assert_eq!(text(LEASE_HEADER), Some(known.lease.as_str()));
        Ok(known)
    }
}

async fn claim(
    State(server): State<Server>,
    headers: HeaderMap,
    Json(request): Json<ClaimRequest>,
) -> Response {
    assert_eq!(headers["authorization"], "Bearer runner-token");
    let wait = request.wait;
    let rejected = server.change(|known| {
        known.claims.push(request);
        known.rejects_runner
    });
    if rejected {
        let message = "the runner's token is wrong".to_owned();
        let error = ApiError { code: ErrorCode::Unauthorized.into(), message };
        return (StatusCode::UNAUTHORIZED, Json(error)).into_response();
    }
    let take = async {
        loop {
            let changed = server.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(spec) = server.known.lock().unwrap().offered.pop_front() {
                return spec;
            }
            changed.await;
        }
    };
    match tokio::time::timeout(wait, take).await {
        Ok(spec) => Json(spec).into_response(),
        Err(_) => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn sign_off(
    State(server): State<Server>,
    headers: HeaderMap,
    Json(request): Json<SignOffRequest>,
) -> StatusCode {
    assert_eq!(headers["authorization"], "Bearer runner-token");
    server.change(|known| {
        known.signed_off.push(request.runner);
        if known.is_of_an_earlier_release { StatusCode::NOT_FOUND } else { StatusCode::NO_CONTENT }
    })
}

async fn renew(State(server): State<Server>, headers: HeaderMap) -> Response {
    match server.admit(&headers) {
        Ok(_) => Json(RenewAnswer { lease_duration: Duration::from_secs(3) }).into_response(),
        Err(error) => *error,
    }
}

async fn put_step(
    State(server): State<Server>,
    Path((_, _, number)): Path<(String, u32, u32)>,
    headers: HeaderMap,
    Json(report): Json<StepReport>,
) -> Response {
    match server.admit(&headers) {
        Ok(mut known) => known.steps.entry(number).or_default().report = Some(report),
        Err(error) => return *error,
    }
    server.changed.notify_waiters();
    StatusCode::NO_CONTENT.into_response()
}

#[derive(serde::Deserialize)]
struct At {
    offset: usize,
}

async fn put_log(
    State(server): State<Server>,
    Path((_, _, number)): Path<(String, u32, u32)>,
    Query(At { offset }): Query<At>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let committed = match server.admit(&headers) {
        Ok(mut known) => {
            let step = known.steps.get_mut(&number).expect("a log came before its step");
            assert_eq!(step.log.len(), offset, "a gap or a repetition that was not requested");
            step.log.extend_from_slice(&bytes);
            step.log.len()
        }
        Err(error) => return *error,
    };
    server.changed.notify_waiters();
    Json(LogAnswer { committed: u64::try_from(committed).unwrap() }).into_response()
}

async fn finish(
    State(server): State<Server>,
    headers: HeaderMap,
    Json(report): Json<FinishReport>,
) -> Response {
    match server.admit(&headers) {
        Ok(mut known) => known.finish = Some(report),
        Err(error) => return *error,
    }
    server.changed.notify_waiters();
    StatusCode::NO_CONTENT.into_response()
}
