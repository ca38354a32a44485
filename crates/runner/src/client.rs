//! The runner's side of `protocol`: one method for each request, one error for what may come back.
//!
//! A request is sent once, unless the caller wraps it in [`ServerClient::until_reached`]: only the
//! caller knows whether a repetition does harm, and for how long it is worth trying.

use std::{sync::Arc, time::Duration};

use backon::Retryable as _;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use roundel_model::{cause, id::LeaseId, secret::Secret, word::Word};
use roundel_protocol::{
    ApiError, ClaimRequest, FinishReport, JobSpec, LEASE_HEADER, LogAnswer, PREFIX, RenewAnswer,
    RenewRequest, SignOffRequest, StepReport, TaskRef,
};
use url::Url;

use crate::{backoff::backoff, outage::Outage};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the server may take to respond to a request that does not wait.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a runner that ends waits for the server to hear it.
const SIGN_OFF_TIMEOUT: Duration = Duration::from_secs(2);

/// Largest response that is read. A job spec holds the configuration of one job.
const RESPONSE_BYTES: usize = 16 << 20;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The runner does not hold the lease any more.
    #[error("the runner no longer holds the task ({}): {}", .0.code, .0.message)]
    LeaseGone(ApiError),
    /// The server understood the request and refuses it. Repeating it does not help.
    #[error("the server refused the request with {status}: {message}")]
    Rejected {
        /// The response's status.
        status: StatusCode,
        message: String,
    },
    /// The server cannot be reached or is unavailable. Whether it did the request is unknown.
    #[error("{0}")]
    Transient(String),
}

impl CallError {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Transient(_))
    }

    /// Returns whether the server does not accept the credentials.
    pub(crate) fn is_unauthorized(&self) -> bool {
        match self {
            Self::Rejected { status, .. } => {
                matches!(*status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
            }
            Self::LeaseGone(_) | Self::Transient(_) => false,
        }
    }
}

/// Sends requests to the server.
pub(crate) struct ServerClient {
    http: reqwest::Client,
    server: Url,
    token: Secret<String>,
    /// What was logged about the server's absence.
    pub(crate) outage: Outage,
}

impl ServerClient {
    /// Makes a client. Loopback is never reached through a proxy.
    ///
    /// # Errors
    ///
    /// TLS cannot be set up on this host.
    pub(crate) fn new(server: Url, token: Secret<String>) -> Result<Self, reqwest::Error> {
        let mut builder =
            reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT).timeout(RESPONSE_TIMEOUT);
        let loopback = match server.host() {
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        };
        if loopback {
            builder = builder.no_proxy();
            // The certificates of the system take longer to read than a demo's first request.
            if server.scheme() == "http" {
                builder = builder.tls_certs_only([]);
            }
        }
        Ok(Self { http: builder.build()?, server, token, outage: Outage::default() })
    }

    /// Repeats a request until the server is reached. Only dropping it ends it earlier.
    pub(crate) async fn until_reached<T, F>(
        &self,
        request: impl FnMut() -> F,
    ) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        request
            .retry(backoff())
            .when(CallError::is_transient)
            .notify(|error, pause| self.outage.failed(error, pause))
            .await
    }

    /// Asks for a task; `None` if there is none for now.
    pub(crate) async fn claim(&self, request: &ClaimRequest) -> Result<Option<JobSpec>, CallError> {
        let sent = self
            .http
            .post(self.url("/claim"))
            .bearer_auth(self.token.expose())
            .timeout(request.wait.saturating_add(RESPONSE_TIMEOUT))
            .json(request);
        let response = self.send(sent).await?;
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        self.read_json(response).await.map(Some)
    }

    /// Says that a runner ends. It is not repeated: a runner that ends waits for nothing.
    pub(crate) async fn sign_off(&self, request: &SignOffRequest) -> Result<(), CallError> {
        let sent = self
            .http
            .post(self.url("/sign-off"))
            .bearer_auth(self.token.expose())
            .timeout(SIGN_OFF_TIMEOUT)
            .json(request);
        self.send(sent).await.map(drop)
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

    async fn send(&self, request: RequestBuilder) -> Result<Response, CallError> {
        self.check(request.send().await.map_err(|error| self.unreachable(&error))?).await
    }

    /// Sorts a response into done, gone, refused and "try again".
    async fn check(&self, response: Response) -> Result<Response, CallError> {
        let status = response.status();
        if status.is_success() {
            self.outage.over();
            return Ok(response);
        }
        let text = self.read(response).await.unwrap_or_default();
        let error = serde_json::from_slice::<ApiError>(&text).unwrap_or_else(|_| ApiError {
            code: Word::Other(String::new()),
            message: String::from_utf8_lossy(&text).chars().take(300).collect(),
        });
        let transient = status.is_server_error()
            || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
        Err(if status == StatusCode::GONE {
            CallError::LeaseGone(error)
        } else if transient {
            let server = &self.server;
            CallError::Transient(format!("the server at {server} is unavailable ({status})"))
        } else {
            CallError::Rejected { status, message: error.message }
        })
    }

    async fn read_json<T: serde::de::DeserializeOwned>(
        &self,
        response: Response,
    ) -> Result<T, CallError> {
        let status = response.status();
        let text = self.read(response).await?;
        serde_json::from_slice(&text).map_err(|error| CallError::Rejected {
            status,
            // The text may hold secrets of a job: only the error's position is shown.
            message: format!("its response is not valid at column {}", error.column()),
        })
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, CallError> {
        let mut text = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| self.unreachable(&error))? {
            if text.len() + piece.len() > RESPONSE_BYTES {
                let server = &self.server;
                let message = format!("the response of the server at {server} is too large");
                return Err(CallError::Transient(message));
            }
            text.extend_from_slice(&piece);
        }
        Ok(text)
    }

    fn unreachable(&self, error: &reqwest::Error) -> CallError {
        let cause = cause::innermost(error);
        CallError::Transient(format!("cannot reach the server at {} ({cause})", self.server))
    }
}

/// Sends requests about one task.
pub(crate) struct TaskClient {
    server: Arc<ServerClient>,
    path: String,
    lease: String,
    token: Secret<String>,
}

impl TaskClient {
    /// Repeats a request until the server is reached. Only dropping it ends it earlier.
    pub(crate) async fn until_reached<T, F>(
        &self,
        request: impl FnMut() -> F,
    ) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        self.server.until_reached(request).await
    }

    /// Renews the lease.
    pub(crate) async fn renew(&self) -> Result<RenewAnswer, CallError> {
        let request = self.request(Method::POST, "/renew").json(&RenewRequest {});
        let response = self.server.send(request).await?;
        self.server.read_json(response).await
    }

    /// Reports the status of a step.
    pub(crate) async fn put_step(&self, number: u32, report: &StepReport) -> Result<(), CallError> {
        let path = format!("/steps/{number}");
        let request = self.request(Method::PUT, &path).json(report);
        self.server.send(request).await.map(drop)
    }

    /// Appends to a step's log. The response counts whether the offset was right or not.
    pub(crate) async fn put_log(
        &self,
        number: u32,
        offset: u64,
        bytes: &[u8],
    ) -> Result<LogAnswer, CallError> {
        let path = format!("/steps/{number}/log?offset={offset}");
        let request = self
            .request(Method::PUT, &path)
            .header(reqwest::header::CONTENT_TYPE, "application/octet-stream")
            .body(bytes.to_vec());
        let response = request.send().await.map_err(|error| self.server.unreachable(&error))?;
        let response = if response.status() == StatusCode::CONFLICT {
            response
        } else {
            self.server.check(response).await?
        };
        self.server.read_json(response).await
    }

    /// Reports how the task ended.
    pub(crate) async fn finish(&self, report: &FinishReport) -> Result<(), CallError> {
        let request = self.request(Method::POST, "/finish").json(report);
        self.server.send(request).await.map(drop)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.server
            .http
            .request(method, self.server.url(&format!("{}{path}", self.path)))
            .bearer_auth(self.token.expose())
            .header(LEASE_HEADER, &self.lease)
    }
}
