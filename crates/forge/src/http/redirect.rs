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
    /// To another origin, where the token must not go: the end of the sentence about it.
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
        let host = next.host_str().unwrap_or("nowhere");
        // An API that is set with `http` leads to itself with `https`.
        let elsewhere = if next.host_str() == from.host_str() {
            let origin = next.origin().ascii_serialization();
            format!("{origin}, which is not the address that is set as the forge's API")
        } else {
            format!("another host, {host}, where the token must not go")
        };
        return Redirect::Elsewhere(elsewhere);
    }
    let may_follow = match answer.status {
        301 | 302 => *method == Method::GET,
        307 | 308 => true,
        _ => false,
    };
    if may_follow { Redirect::To(next) } else { Redirect::None }
}
