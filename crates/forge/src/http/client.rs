//! Sending one call: time-out, size limit, redirects, repeats, and the error that comes of it.

use std::time::Duration;

use reqwest::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue, USER_AGENT},
};
use roundel_model::{cause, forge::ForgeKind};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use url::Url;

use super::{
    address::at,
    call::{Answer, Call},
    diagnosis::Diagnosis,
    page::Page,
    redirect::{self, Redirect},
    web_page::is_web_page,
};
use crate::{
    api::{AccessToken, ForgeSettings},
    error::{ErrorClass, ForgeError},
};

/// Redirects that one call follows (`VCS` §2.2).
const REDIRECTS: usize = 5;

/// Bytes of one answer, after decompression. A page of 100 repositories has well under 1 MiB; a
/// file at the limit of what we read is 1.4 MiB in base64.
pub(super) const ANSWER_BYTES: usize = 8 << 20;

/// What differs between the forges below the level of single calls.
pub(crate) struct Dialect {
    /// Headers of every request.
    pub(crate) headers: HeaderMap,
    /// What an error response means.
    pub(crate) diagnose: fn(&Answer) -> Diagnosis,
    /// The items of a page, and where the next one is.
    pub(crate) page: fn(&Answer) -> Result<Page, serde_json::Error>,
    /// The query parameter that says how many items a page has.
    pub(crate) page_size: &'static str,
}

/// Sends calls to one forge.
pub(crate) struct Client {
    inner: reqwest::Client,
    settings: ForgeSettings,
    pub(super) dialect: Dialect,
}

impl Client {
    /// Builds a client.
    ///
    /// # Errors
    /// If TLS cannot be set up on this machine.
    pub(crate) fn new(settings: ForgeSettings, mut dialect: Dialect) -> Result<Self, ForgeError> {
        dialect.headers.insert(USER_AGENT, user_agent(&settings.public_url));
        let timeout = settings.retry.timeout;
        let builder = reqwest::Client::builder()
            // Redirects are ours: the library's own policy would leave the host.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(timeout)
            .connect_timeout(timeout)
            .pool_idle_timeout(Duration::from_mins(1));
        // A forge without TLS needs no certificates; a machine for a demo may have none.
        let plain = [&settings.web_url, &settings.api_url].iter().all(|url| url.scheme() == "http");
        let builder = if plain { builder.tls_certs_only([]) } else { builder };
        let inner = builder.build().map_err(|error| {
            let message = format!(
                "failed to set up a client for {}: {}; are the system's CA certificates installed?",
                settings.kind,
                cause::innermost(&error)
            );
            ForgeError::new(ErrorClass::Broken, message)
        })?;
        Ok(Self { inner, settings, dialect })
    }

    /// Returns where the forge is and who we are there.
    pub(crate) fn settings(&self) -> &ForgeSettings {
        &self.settings
    }

    pub(super) fn kind(&self) -> ForgeKind {
        self.settings.kind
    }

    /// Returns an address below the API's root.
    ///
    /// # Errors
    /// See [`at`].
    pub(crate) fn api(&self, segments: &[&str]) -> Result<Url, ForgeError> {
        at(&self.settings.api_url, segments)
    }

    /// Sends a call and reads the answer's JSON.
    ///
    /// # Errors
    /// As [`Self::send_for_json`] and [`Self::read`].
    pub(crate) async fn ask<T: DeserializeOwned>(&self, call: &Call) -> Result<T, ForgeError> {
        self.read(call, &self.send_for_json(call).await?)
    }

    /// Sends a call whose answer repeats what was sent, and requires that it does. Otherwise it did not
    /// come from the forge: a proxy answers with success, too, and nothing was set.
    ///
    /// # Errors
    /// As [`Self::send_for_json`], and [`ErrorClass::Unavailable`] for another answer.
    pub(crate) async fn send_confirmed(
        &self,
        call: &Call,
        fields: &[(&str, &str)],
    ) -> Result<(), ForgeError> {
        let answer = self.send_for_json(call).await?;
        let object: Value = self.read(call, &answer)?;
        let repeats = |(name, sent): &(&str, &str)| {
            object.get(name).and_then(Value::as_str).is_some_and(|text| text.trim() == sent.trim())
        };
        if fields.iter().all(repeats) {
            return Ok(());
        }
        Err(self.no_answer(call, "its answer does not confirm what was sent (a proxy's answer?)"))
    }

    /// Reads an answer's JSON.
    ///
    /// # Errors
    /// [`ErrorClass::Broken`], if it is not what we expect.
    pub(crate) fn read<T: DeserializeOwned>(
        &self,
        call: &Call,
        answer: &Answer,
    ) -> Result<T, ForgeError> {
        answer.json().map_err(|error| self.broken(call, &format!("unexpected response: {error}")))
    }

    /// Deletes something. What is gone already is as good as deleted (`VCS` §2.7, §4.5).
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(crate) async fn delete(
        &self,
        what: &'static str,
        url: Url,
        token: &AccessToken,
    ) -> Result<(), ForgeError> {
        let call = Call::new(Method::DELETE, what, url).by(token).repeatable();
        match self.send(&call).await {
            Err(error) if !error.is_not_found_by_forge() => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Sends a call and, if it is safe, repeats it while the forge is unavailable.
    ///
    /// # Errors
    /// Whatever is not a success, classified; [`ErrorClass::Unavailable`] for a web page, which is not a
    /// forge's answer to a program.
    pub(crate) async fn send(&self, call: &Call) -> Result<Answer, ForgeError> {
        self.send_until(call, |answer| {
            if is_web_page(answer) { Err("it answered with a web page") } else { Ok(()) }
        })
        .await
    }

    /// The same for an answer in JSON. Anything else is not the forge's: a proxy shows a page.
    ///
    /// # Errors
    /// As [`Self::send`], and [`ErrorClass::Unavailable`] for an answer that is not JSON.
    pub(crate) async fn send_for_json(&self, call: &Call) -> Result<Answer, ForgeError> {
        self.send_until(call, |answer| {
            let is_json = answer.json::<IgnoredAny>().is_ok();
            if is_json {
                Ok(())
            } else {
                Err("it answered with something that is not JSON (a web page?)")
            }
        })
        .await
    }

    /// The same for a file. What a proxy sends in place of it would be compiled as the configuration.
    ///
    /// # Errors
    /// As [`Self::send`], and [`ErrorClass::Unavailable`] for a message about an error, and for a success
    /// that has no content.
    pub(crate) async fn send_for_file(&self, call: &Call) -> Result<Answer, ForgeError> {
        self.send_until(call, |answer| {
            if answer.status != 200 {
                Err("it answered without the file")
            } else if is_web_page(answer) {
                Err("it answered with a web page instead of the file")
            } else if is_error_message(answer) {
                Err("it answered with an error message instead of the file")
            } else {
                Ok(())
            }
        })
        .await
    }

    /// Sends a call and, if it is safe, repeats it until the answer passes a check, which gives the
    /// reason why it does not.
    async fn send_until(
        &self,
        call: &Call,
        check: fn(&Answer) -> Result<(), &'static str>,
    ) -> Result<Answer, ForgeError> {
        let started = tokio::time::Instant::now();
        let mut delays = self.settings.retry.delays();
        loop {
            let error = match self.follow(call).await {
                Ok(answer) => match check(&answer) {
                    Ok(()) => return Ok(answer),
                    Err(reason) => self.no_answer(call, reason),
                },
                Err(error) => error,
            };
            // A forge that hangs has used up the time already: repeating only hurts both.
            let repeat = call.repeatable
                && error.class == ErrorClass::Unavailable
                && started.elapsed() < self.settings.retry.timeout;
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
                Redirect::To(next) => url = next,
                Redirect::None => return Err(self.error_of(call, &answer)),
                Redirect::Elsewhere(place) => {
                    let reason = format!("it redirects to {place}");
                    // Networks lead to their sign-in page with one that is temporary; a move lasts.
                    return Err(match answer.status {
                        301 | 308 => self.broken(call, &reason),
                        _ => self.no_answer(call, &reason),
                    });
                }
                Redirect::Nowhere => return Err(self.broken(call, "it redirects to no address")),
            }
        }
        Err(self.broken(call, "it redirects in a loop"))
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

    /// Makes the error of an error response.
    fn error_of(&self, call: &Call, answer: &Answer) -> ForgeError {
        (self.dialect.diagnose)(answer).into_error(self.kind(), call, answer)
    }

    /// Makes the error for a success that cannot be understood.
    pub(crate) fn broken(&self, call: &Call, reason: &str) -> ForgeError {
        ForgeError::of_call(ErrorClass::Broken, call.what, self.kind(), call.masked(reason))
    }

    /// Makes the error for an answer that the forge itself did not send.
    pub(crate) fn no_answer(&self, call: &Call, reason: &str) -> ForgeError {
        ForgeError { class: ErrorClass::Unavailable, ..self.broken(call, reason) }
    }

    /// Makes the error for no answer, or half of one.
    fn unreachable(&self, call: &Call, error: &reqwest::Error) -> ForgeError {
        let reason = if error.is_timeout() {
            format!("no answer within {} s", self.settings.retry.timeout.as_secs_f32())
        } else {
            cause::innermost(error)
        };
        let host = call.url.host_str().unwrap_or_default();
        let reason = format!("{host} cannot be reached: {reason}");
        let class = if error.is_builder() { ErrorClass::Broken } else { ErrorClass::Unavailable };
        ForgeError::of_call(class, call.what, self.kind(), reason)
    }
}

/// Returns whether a success contains an object that only an error response has: gateways report errors so.
fn is_error_message(answer: &Answer) -> bool {
    let object = answer.json::<Value>().unwrap_or_default();
    ["error", "errors", "message"].iter().any(|key| object.get(key).is_some())
        || object.get("type").is_some_and(|kind| kind == "error")
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
