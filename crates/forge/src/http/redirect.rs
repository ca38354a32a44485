//! Where a redirect may lead: to the same host, with the same method (`VCS` §2.2).

use reqwest::Method;
use url::Url;

use super::call::Answer;

/// Where an answer leads.
pub(super) enum Redirect {
    /// To no other address: it is what it says, an error.
    None,
    /// To another address on the same host.
    To(Url),
    /// To another host, where the token must not go.
    Elsewhere(String),
    /// To no address that can be read.
    Nowhere,
}

/// Returns where an answer redirects to, if that may be followed with this method.
///
/// The host never changes, so the token cannot be carried off. It is compared first, for every method: what
/// leads to another host is not the forge's answer, whatever was asked. A 301 or 302 of a write is not
/// followed, for it would silently become a read; GitHub sends 307 for those.
pub(super) fn next(method: &Method, from: &Url, answer: &Answer) -> Redirect {
    let location = answer.header("location");
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) || location.is_empty() {
        return Redirect::None;
    }
    let Ok(next) = answer.url.join(location) else { return Redirect::Nowhere };
    if next.origin() != from.origin() {
        return Redirect::Elsewhere(next.host_str().unwrap_or("nowhere").to_owned());
    }
    let may_follow = match answer.status {
        301 | 302 => *method == Method::GET,
        307 | 308 => true,
        _ => false,
    };
    if may_follow { Redirect::To(next) } else { Redirect::None }
}
