//! The runner's side of `protocol`: one method for each request, one error for what may come back.
//!
//! Deliberately absent: retries. Who calls knows whether a repetition does harm, and how long it is
//! worth it.

use std::{sync::Arc, time::Duration};

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use roundel_model::{id::LeaseId, secret::Secret, word::Word};
use roundel_protocol::{
    ClaimRequest, FinishReport, JobSpec, LEASE_HEADER, LogAnswer, PREFIX, Refusal, RenewAnswer,
    RenewRequest, StepReport, TaskRef,
};
use url::Url;

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(5);

/// How long the server may take to answer a request that does not wait.
const ANSWER: Duration = Duration::from_secs(20);

/// Bytes of an answer that are worth reading. A job spec holds the configuration of one job.
const ANSWER_BYTES: usize = 16 << 20;

/// Why a request did not do what it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The lease is not held any more.
    #[error("the task is not ours any more ({}): {}", .0.code, .0.message)]
    Gone(Refusal),
    /// The server understood, and says no. Asking again does not help.
    #[error("the server refused with {status}: {message}")]
    Refused {
        /// The answer's status.
        status: StatusCode,
        /// What it says.
        message: String,
    },
    /// The server is away or has trouble of its own. Nobody knows whether the request was done.
    #[error("the server cannot be reached: {0}")]
    Away(String),
}

/// Speaks to the server.
pub(crate) struct ServerClient {
    http: reqwest::Client,
    server: Url,
    token: Secret<String>,
}

impl ServerClient {
    /// Makes a client. Loopback is never spoken to through a proxy.
    ///
    /// # Errors
    ///
    /// TLS cannot be set up on this host.
    pub(crate) fn new(server: Url, token: Secret<String>) -> Result<Self, reqwest::Error> {
        let mut builder = reqwest::Client::builder().connect_timeout(CONNECT).timeout(ANSWER);
        let loopback = match server.host() {
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        };
        if loopback {
            builder = builder.no_proxy();
        }
        Ok(Self { http: builder.build()?, server, token })
    }

    /// Asks for a task; `None` if there is none for now.
    pub(crate) async fn claim(&self, request: &ClaimRequest) -> Result<Option<JobSpec>, CallError> {
        let sent = self
            .http
            .post(self.url("/claim"))
            .bearer_auth(self.token.expose())
            .timeout(request.wait.saturating_add(ANSWER))
            .json(request);
        let response = send(sent).await?;
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        read_json(response).await.map(Some)
    }

    /// Returns the client for the requests of a task.
    pub(crate) fn task_of(
        self: &Arc<Self>,
        task: TaskRef,
        lease: LeaseId,
        token: Secret<String>,
    ) -> TaskClient {
        TaskClient {
            server: Arc::clone(self),
            path: format!("/tasks/{}/{}", task.job, task.index),
            lease: lease.to_string(),
            token,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{PREFIX}{path}", self.server.as_str().trim_end_matches('/'))
    }
}

/// Speaks to the server about one task.
pub(crate) struct TaskClient {
    server: Arc<ServerClient>,
    path: String,
    lease: String,
    token: Secret<String>,
}

impl TaskClient {
    /// Keeps the lease.
    pub(crate) async fn renew(&self) -> Result<RenewAnswer, CallError> {
        read_json(send(self.request(Method::POST, "/renew").json(&RenewRequest {})).await?).await
    }

    /// Says where a step is.
    pub(crate) async fn put_step(&self, number: u32, report: &StepReport) -> Result<(), CallError> {
        let path = format!("/steps/{number}");
        send(self.request(Method::PUT, &path).json(report)).await.map(drop)
    }

    /// Appends to a step's log. The answer counts whether the offset was right or not.
    pub(crate) async fn put_log(
        &self,
        number: u32,
        offset: u64,
        bytes: Vec<u8>,
    ) -> Result<LogAnswer, CallError> {
        let path = format!("/steps/{number}/log?offset={offset}");
        let request = self
            .request(Method::PUT, &path)
            .header(reqwest::header::CONTENT_TYPE, "application/octet-stream")
            .body(bytes);
        let response = request.send().await.map_err(away)?;
        let response = if response.status() == StatusCode::CONFLICT {
            response
        } else {
            check(response).await?
        };
        read_json(response).await
    }

    /// Gives the verdict.
    pub(crate) async fn finish(&self, report: &FinishReport) -> Result<(), CallError> {
        send(self.request(Method::POST, "/finish").json(report)).await.map(drop)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.server
            .http
            .request(method, self.server.url(&format!("{}{path}", self.path)))
            .bearer_auth(self.token.expose())
            .header(LEASE_HEADER, &self.lease)
    }
}

async fn send(request: RequestBuilder) -> Result<Response, CallError> {
    check(request.send().await.map_err(away)?).await
}

/// Sorts an answer into done, gone, refused and "try again".
async fn check(response: Response) -> Result<Response, CallError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let text = read(response).await.unwrap_or_default();
    let refusal = serde_json::from_slice::<Refusal>(&text).unwrap_or_else(|_| Refusal {
        code: Word::Other(String::new()),
        message: String::from_utf8_lossy(&text).chars().take(300).collect(),
    });
    let passing = status.is_server_error()
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
    Err(if status == StatusCode::GONE {
        CallError::Gone(refusal)
    } else if passing {
        CallError::Away(format!("it answered {status}: {}", refusal.message))
    } else {
        CallError::Refused { status, message: refusal.message }
    })
}

async fn read_json<T: serde::de::DeserializeOwned>(response: Response) -> Result<T, CallError> {
    let status = response.status();
    let text = read(response).await?;
    serde_json::from_slice(&text).map_err(|error| CallError::Refused {
        status,
        // The text may hold secrets of a job: only the error's position is told.
        message: format!("its answer is not understood at column {}", error.column()),
    })
}

async fn read(mut response: Response) -> Result<Vec<u8>, CallError> {
    let mut text = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(away)? {
        if text.len() + piece.len() > ANSWER_BYTES {
            return Err(CallError::Away("its answer has no end".to_owned()));
        }
        text.extend_from_slice(&piece);
    }
    Ok(text)
}

fn away(error: impl std::error::Error) -> CallError {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    CallError::Away(message)
}
