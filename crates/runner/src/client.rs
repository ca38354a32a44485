//! The runner's side of `protocol`: one method for each request, one error for what may come back.
//!
//! A request is sent once, unless the caller wraps it in [`ServerClient::until_reached`]: only the
//! caller knows whether a repetition does harm, and for how long it is worth trying.

use std::{sync::Arc, time::Duration};

use backon::Retryable as _;
use reqwest::{Method, RequestBuilder, Response, StatusCode, header::LOCATION};
use roundel_model::{cause, id::LeaseId, secret::Secret};
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
    /// Logs that the server is unreachable, once for all requests.
    pub(crate) outage: Outage,
}

impl ServerClient {
    /// Makes a client. Loopback is never reached through a proxy.
    ///
    /// # Errors
    ///
    /// TLS cannot be set up on this host.
    pub(crate) fn new(server: Url, token: Secret<String>) -> Result<Self, reqwest::Error> {
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(RESPONSE_TIMEOUT)
            // What is followed becomes a GET, and would carry the token elsewhere.
            .redirect(reqwest::redirect::Policy::none());
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
            return self.require_no_content(&response).map(|()| None);
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
        self.require_no_content(&self.send(sent).await?)
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
            return Ok(response);
        }
        if let Some(server) = self.moved_to(&response) {
            return Err(CallError::Transient(format!(
                "the server at {} moved to {server}; give that address with `--server`",
                self.server
            )));
        }
        let text = self.read(response).await.unwrap_or_default();
        let error = serde_json::from_slice::<ApiError>(&text);
        let transient = status.is_server_error()
            || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
        Err(match error {
            _ if transient => {
                let server = &self.server;
                CallError::Transient(format!("the server at {server} is unavailable ({status})"))
            }
            Ok(error) if status == StatusCode::GONE => CallError::LeaseGone(error),
            Ok(error) => CallError::Rejected { status, message: error.message },
            Err(_) if is_of_another_server(status) => self.not_ours(),
            Err(_) => {
                let message = String::from_utf8_lossy(&text).chars().take(300).collect();
                CallError::Rejected { status, message }
            }
        })
    }

    /// Returns the address of the server that a redirect leads to, without the path of the request.
    fn moved_to(&self, response: &Response) -> Option<Url> {
        if !response.status().is_redirection() {
            return None;
        }
        let location = response.headers().get(LOCATION)?.to_str().ok()?;
        let mut target = response.url().join(location).ok()?;
        target.set_query(None);
        let path = target.path().split(PREFIX).next().unwrap_or_default().to_owned();
        target.set_path(if path == target.path() { "/" } else { &path });
        (target != self.server).then_some(target)
    }

    async fn read_json<T: serde::de::DeserializeOwned>(
        &self,
        response: Response,
    ) -> Result<T, CallError> {
        // The text may hold secrets of a job: nothing of it is shown.
        let answer = serde_json::from_slice(&self.read(response).await?);
        let answer = answer.map_err(|_| self.not_ours())?;
        self.outage.over();
        Ok(answer)
    }

    fn require_no_content(&self, response: &Response) -> Result<(), CallError> {
        if response.status() != StatusCode::NO_CONTENT {
            return Err(self.not_ours());
        }
        self.outage.over();
        Ok(())
    }

    /// Makes the error for what no server of this release answers: another web server has the address,
    /// or a proxy shows a page.
    fn not_ours(&self) -> CallError {
        CallError::Transient(format!(
            "{} did not answer as a Roundel server of this release does: check the address, and that \
             server and runner have the same release",
            self.server
        ))
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
        if answers_without_tls(error) {
            return CallError::Transient(format!(
                "the server at {} answers without TLS: use `http://` in place of `https://`, or the address of \
                 the proxy that has the certificate",
                self.server
            ));
        }
        let cause = cause::innermost(error);
        CallError::Transient(format!("cannot reach the server at {} ({cause})", self.server))
    }
}

/// Whether what answers an `https` request is not TLS at all: most often plain HTTP.
fn answers_without_tls(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(found) = cause {
        if let Some(rustls::Error::InvalidMessage(_)) = found.downcast_ref() {
            return true;
        }
        // The source of a system error is not what it wraps, but the source of that.
        cause = match found.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => found.source(),
        };
    }
    false
}

/// Returns whether a web server says with this status that it does not know what a runner asks for.
fn is_of_another_server(status: StatusCode) -> bool {
    status.is_redirection()
        || matches!(
            status,
            StatusCode::BAD_REQUEST
                | StatusCode::NOT_FOUND
                | StatusCode::METHOD_NOT_ALLOWED
                | StatusCode::GONE
                | StatusCode::UPGRADE_REQUIRED
        )
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
        self.server.require_no_content(&self.server.send(request).await?)
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
        self.server.require_no_content(&self.server.send(request).await?)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.server
            .http
            .request(method, self.server.url(&format!("{}{path}", self.path)))
            .bearer_auth(self.token.expose())
            .header(LEASE_HEADER, &self.lease)
    }
}

#[cfg(test)]
mod tests;
