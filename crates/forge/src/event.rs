//! Webhooks: from headers and bytes to events. Never rejects what it does not understand: it says so.
//!
//! A payload is a hint to look, not the truth (`VCS` §0 rule 4): only what names the change is read
//! from it, every other field may be missing or odd, and addresses in it are never called
//! (`VCS` §3.5). The caller of [`parse`] has verified the signature.
//!
//! Deliberately absent: whether to build, skip markers, forks' trust.

mod bitbucket;
mod change;
mod fields;
mod github;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use roundel_model::forge::ForgeKind;

pub use self::change::{ForgeEvent, HeadCommit, PullRequest, Push};
use self::fields::ignored;

/// The headers of a delivery that matter, of either forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryHeaders {
    /// `X-GitHub-Event` or `X-Event-Key`.
    pub event: String,
    /// `X-GitHub-Delivery` or `X-Request-UUID`.
    pub guid: String,
}

/// Reads a delivery. One push may change several refs, so there may be several events.
/// Never fails: what cannot be read becomes [`ForgeEvent::Ignored`] with the reason.
pub fn parse(kind: ForgeKind, event: &str, body: &[u8]) -> Vec<ForgeEvent> {
    let body = unwrap_form(body);
    let read = match kind {
        ForgeKind::GitHub => github::read(event, &body).map(|event| vec![event]),
        ForgeKind::Bitbucket => bitbucket::read(event, &body),
    };
    match read {
        Ok(events) if events.is_empty() => vec![ignored("the payload reports no change")],
        Ok(events) => events,
        Err(because) => vec![ignored(because)],
    }
}

/// Hooks that people edit by hand may send a form with the payload in a field (`VCS` §2.9).
fn unwrap_form(body: &[u8]) -> Cow<'_, [u8]> {
    if !body.starts_with(b"payload=") {
        return Cow::Borrowed(body);
    }
    match url::form_urlencoded::parse(body).next() {
        Some((_, payload)) => Cow::Owned(payload.into_owned().into_bytes()),
        None => Cow::Borrowed(body),
    }
}

/// Longest header that we keep. The forges' own have 36 characters.
const HEADER_CHARS: usize = 128;

/// Picks the headers of a delivery; `header` looks one up by lower-case name.
///
/// # Errors
/// A sentence, if the event's name or the delivery's id is missing or absurd.
pub fn headers<'a>(
    kind: ForgeKind,
    header: impl Fn(&str) -> Option<&'a str>,
) -> Result<DeliveryHeaders, String> {
    let [event, guid] = match kind {
        ForgeKind::GitHub => ["x-github-event", "x-github-delivery"],
        ForgeKind::Bitbucket => ["x-event-key", "x-request-uuid"],
    };
    let take = |name: &str| match header(name).map(str::trim) {
        None | Some("") => Err(format!("the header `{name}` is missing")),
        Some(value) if value.len() > HEADER_CHARS => {
            Err(format!("the header `{name}` is too long"))
        }
        Some(value) => Ok(value.to_owned()),
    };
    Ok(DeliveryHeaders { event: take(event)?, guid: take(guid)? })
}

/// Picks the header with the signature of a delivery.
pub fn signature<'a>(kind: ForgeKind, header: impl Fn(&str) -> Option<&'a str>) -> Option<&'a str> {
    let name = match kind {
        ForgeKind::GitHub => "x-hub-signature-256",
        // The name that GitHub uses for SHA-1; here it is SHA-256.
        ForgeKind::Bitbucket => "x-hub-signature",
    };
    header(name).map(str::trim).filter(|value| !value.is_empty() && value.len() <= HEADER_CHARS)
}
