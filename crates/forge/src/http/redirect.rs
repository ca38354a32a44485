//! Where a redirect may lead: to the same host, with the same method (`VCS` §2.2).

use reqwest::Method;
use url::Url;

use super::call::Answer;

/// Returns the address that an answer redirects to, or `None` if it is not one that may be followed
/// with this method.
///
/// The host never changes, so the token cannot be carried off. A 301 or 302 of a write is not
/// followed, for it would silently become a read; GitHub sends 307 for those.
///
/// # Errors
/// A sentence, if the redirect points to another host or nowhere.
pub(super) fn next(method: &Method, from: &Url, answer: &Answer) -> Result<Option<Url>, String> {
    let followed = match answer.status {
        301 | 302 => *method == Method::GET,
        307 | 308 => true,
        _ => false,
    };
    let location = answer.header("location");
    if !followed || location.is_empty() {
        return Ok(None);
    }
    let next = answer.url.join(location).map_err(|_| "it redirects to no address".to_owned())?;
    if next.origin() == from.origin() {
        return Ok(Some(next));
    }
    let host = next.host_str().unwrap_or("nowhere");
    Err(format!("it redirects to another host, {host}, where the token must not go"))
}
