//! Downloads a source over HTTP, within a time and a size, and never goes where it was not sent.
//!
//! Deliberately absent: caches, and what the text means.

use std::time::Duration;

use reqwest::{StatusCode, header};
use roundel_model::{cause, secret::Secret};
use url::Url;

use super::wire;

/// Downloads sources.
#[derive(Clone, Debug)]
pub(super) struct Fetcher {
    client: reqwest::Client,
    timeout: Duration,
}

/// What is at an address.
#[derive(Debug)]
pub(super) enum Fetched {
    /// A source, and the digest that its server promised.
    Text(String, Option<String>),
    /// A redirect to this address.
    Elsewhere(Url),
    /// Nothing, or nothing for us.
    Nothing,
}

/// What to get, and how much of it at most.
pub(super) struct Request<'a> {
    pub(super) url: &'a Url,
    pub(super) token: Option<&'a Secret<String>>,
    pub(super) limit_bytes: u64,
}

/// No client could be made that asks others for orbs.
#[derive(Debug, thiserror::Error)]
#[error("failed to set up a client for orbs; are the system's CA certificates installed?")]
pub struct ClientError(#[source] reqwest::Error);

/// Which authorities are trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certificates {
    /// Those of this machine.
    System,
    /// None: no address needs TLS, and this machine may have no certificates.
    None,
}

impl Fetcher {
    /// Builds one.
    ///
    /// # Errors
    ///
    /// If TLS cannot be set up on this machine.
    pub(super) fn new(timeout: Duration, certificates: Certificates) -> Result<Self, ClientError> {
        let builder = reqwest::Client::builder()
            // Redirects are ours: the library would follow them anywhere.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(timeout)
            .user_agent(concat!("Roundel/", env!("CARGO_PKG_VERSION")));
        let builder = match certificates {
            Certificates::System => builder,
            Certificates::None => builder.tls_certs_only([]),
        };
        Ok(Self { client: builder.build().map_err(ClientError)?, timeout })
    }

    /// Downloads a source.
    ///
    /// # Errors
    ///
    /// A phrase that says what went wrong: "did not answer within 10 s".
    pub(super) async fn get(&self, what: &Request<'_>) -> Result<Fetched, String> {
        let mut request = self.client.get(what.url.clone());
        if let Some(token) = what.token {
            request = request.bearer_auth(token.expose());
        }
        let mut response = request.send().await.map_err(|error| self.reason(&error))?;
        let status = response.status();
        if status.is_redirection() {
            let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
            return to
                .and_then(|to| what.url.join(to).ok())
                .map(Fetched::Elsewhere)
                .ok_or_else(|| "redirects to nowhere".to_owned());
        }
        match status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(Fetched::Nothing),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(format!("refuses access (status {})", status.as_u16()));
            }
            _ => return Err(format!("answers with status {}", status.as_u16())),
        }
        let digest = response.headers().get(wire::DIGEST_HEADER);
        let digest = digest.and_then(|digest| digest.to_str().ok()).map(str::to_owned);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.reason(&error))? {
            body.extend_from_slice(&chunk);
            if u64::try_from(body.len()).is_ok_and(|length| length > what.limit_bytes) {
                return Err(format!("sends more than {} bytes", what.limit_bytes));
            }
        }
        let text = String::from_utf8(body).map_err(|_| "sends something that is not text")?;
        Ok(Fetched::Text(text, digest))
    }

    fn reason(&self, error: &reqwest::Error) -> String {
        if error.is_timeout() {
            return format!("did not answer within {} s", self.timeout.as_secs_f32());
        }
        format!("cannot be reached: {}", cause::innermost(error))
    }
}
