//! The one HTTP client under both forges: time-outs, size limits, redirects, repeats, pages.
//!
//! A [`Call`] says what is wanted, in words for people and as a request. [`Client::send`] answers
//! with a success or with a [`ForgeError`]; what a refusal means is the forge's own [`Dialect`].
//!
//! Rules that hold for every call (`VCS` §2.2, §2.15, §4.1, §4.12):
//!
//! - It ends: a request has a time-out, an answer a size limit, a list a limit of pages.
//! - A token goes to the host it was meant for, never to where a redirect or a page link points.
//! - Only what is safe to repeat is repeated, and only when the forge is unavailable. Long patience is
//!   not here: whoever owes the call pays it later.
//!
//! Deliberately absent: which calls exist (`github`, `bitbucket`), queues and budgets per token.

mod address;
mod call;
mod paging;
mod redirect;
mod refusal;
mod waiting;

#[cfg(test)]
pub(crate) mod tests;

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use roundel_model::forge::ForgeKind;
use url::Url;

pub(crate) use self::{
    address::at,
    call::{Answer, Call},
    paging::{Page, link_next},
    refusal::{Refusal, plain_words},
};
use crate::{ErrorClass, ForgeError, ForgeSettings};

/// How long we wait and how often we repeat.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// One request, from connecting to the last byte. GitHub ends its own requests after 10 s.
    pub(crate) request: Duration,
    /// Before the first repeat; the next waits four times as long.
    pub(crate) first_delay: Duration,
    /// Repeats of what is safe to repeat. Few: the caller has its own, longer patience.
    pub(crate) repeats: usize,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            request: Duration::from_secs(10),
            first_delay: Duration::from_millis(250),
            repeats: 2,
        }
    }
}

/// Redirects that one call follows (`VCS` §2.2).
const REDIRECTS: usize = 5;

/// Bytes of one answer, after decompression. A page of 100 repositories has well under 1 MiB; a
/// file at the limit of what we read is 1.4 MiB in base64.
const ANSWER_BYTES: usize = 8 << 20;

/// What differs between the forges below the level of single calls.
pub(crate) struct Dialect {
    pub(crate) kind: ForgeKind,
    /// Headers of every request.
    pub(crate) headers: HeaderMap,
    /// What an answer that is no success means.
    pub(crate) refusal: fn(&Answer) -> Refusal,
    /// The items of a page, and where the next one is.
    pub(crate) page: fn(&Answer) -> Result<Page, serde_json::Error>,
}

/// Sends calls to one forge.
pub(crate) struct Client {
    inner: reqwest::Client,
    dialect: Dialect,
    patience: Patience,
}

impl Client {
    /// Builds a client.
    ///
    /// # Errors
    /// If TLS cannot be set up on this machine.
    pub(crate) fn new(
        settings: &ForgeSettings,
        mut dialect: Dialect,
        patience: Patience,
    ) -> Result<Self, ForgeError> {
        dialect.headers.insert(USER_AGENT, user_agent(&settings.public_url));
        let builder = reqwest::Client::builder()
            // Redirects are ours: the library's own policy would leave the host.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(patience.request)
            .connect_timeout(patience.request)
            .pool_idle_timeout(Duration::from_mins(1));
        // A forge without TLS needs no certificates; a machine for a demo may have none.
        let plain = [&settings.web_url, &settings.api_url].iter().all(|url| url.scheme() == "http");
        let builder = if plain { builder.tls_certs_only([]) } else { builder };
        let inner = builder.build().map_err(|error| {
            let message = format!(
                "failed to set up a client for {}: {}; are the system's CA certificates installed?",
                dialect.kind,
                root_cause(&error)
            );
            ForgeError::new(ErrorClass::Broken, message)
        })?;
        Ok(Self { inner, dialect, patience })
    }

    /// Sends a call and, if it is safe, repeats it while the forge is unavailable.
    ///
    /// # Errors
    /// Whatever is no success, classified.
    pub(crate) async fn send(&self, call: &Call) -> Result<Answer, ForgeError> {
        let started = tokio::time::Instant::now();
        let mut delays = ExponentialBuilder::default()
            .with_min_delay(self.patience.first_delay)
            .with_factor(4.0)
            .with_max_times(self.patience.repeats)
            .with_jitter()
            .build();
        loop {
            let error = match self.follow(call).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            // A forge that hangs has used up the patience already: repeating only hurts both.
            let repeat = call.repeatable
                && error.class == ErrorClass::Unavailable
                && started.elapsed() < self.patience.request;
            match delays.next() {
                Some(delay) if repeat => tokio::time::sleep(delay).await,
                _ => return Err(error),
            }
        }
    }

    /// Sends a call once, and again to where the same host redirects it.
    async fn follow(&self, call: &Call) -> Result<Answer, ForgeError> {
        let mut url = call.url.clone();
        for _ in 0..=REDIRECTS {
            let answer = self.exchange(call, url).await?;
            if (200..300).contains(&answer.status) {
                return Ok(answer);
            }
            match redirect::next(&call.method, &call.url, &answer) {
                Ok(Some(next)) => url = next,
                Ok(None) => return Err(self.refused(call, &answer)),
                Err(reason) => return Err(self.broken(call, &reason)),
            }
        }
        Err(self.broken(call, "it redirects in a circle"))
    }

    /// Sends one request and reads its whole answer.
    async fn exchange(&self, call: &Call, url: Url) -> Result<Answer, ForgeError> {
        let request = self
            .inner
            .request(call.method.clone(), url.clone())
            .headers(self.dialect.headers.clone());
        let request = call.dress(request).map_err(|reason| self.broken(call, reason))?;
        let mut response = request.send().await.map_err(|error| self.unreachable(call, &error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| self.unreachable(call, &error))?
        {
            if body.len().saturating_add(chunk.len()) > ANSWER_BYTES {
                return Err(self.broken(call, "its answer is larger than we accept (8 MiB)"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body: body.into(), url })
    }

    /// The error for an answer that is no success.
    fn refused(&self, call: &Call, answer: &Answer) -> ForgeError {
        let refusal = (self.dialect.refusal)(answer);
        refusal.into_error(self.dialect.kind, call.what, answer)
    }

    /// The error for a success that cannot be understood.
    pub(crate) fn broken(&self, call: &Call, reason: &str) -> ForgeError {
        let message = format!("could not {} on {}: {reason}", call.what, self.dialect.kind);
        ForgeError::new(ErrorClass::Broken, message)
    }

    /// The error for no answer, or half of one.
    fn unreachable(&self, call: &Call, error: &reqwest::Error) -> ForgeError {
        let kind = self.dialect.kind;
        let reason = if error.is_timeout() {
            format!("no answer within {} s", self.patience.request.as_secs_f32())
        } else {
            root_cause(error)
        };
        let host = call.url.host_str().unwrap_or_default();
        let message =
            format!("could not {} on {kind}: {host} cannot be reached: {reason}", call.what);
        let class = if error.is_builder() { ErrorClass::Broken } else { ErrorClass::Unavailable };
        ForgeError::new(class, message)
    }
}

/// The innermost reason: "connection refused" says more than "error sending request".
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// Names us to the forge; without a `User-Agent` GitHub answers 403 (`VCS` §2.2).
fn user_agent(public_url: &str) -> HeaderValue {
    const PLAIN: &str = concat!("Roundel/", env!("CARGO_PKG_VERSION"));
    HeaderValue::try_from(format!("{PLAIN} (+{public_url})"))
        .unwrap_or_else(|_| HeaderValue::from_static(PLAIN))
}

/// A map of headers whose values are fixed.
pub(crate) fn fixed_headers(headers: &[(&'static str, &'static str)]) -> HeaderMap {
    let pairs = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    pairs.collect()
}
