//! Addresses of pages, and the answer that sends a browser to one.

use axum::{
    http::{Method, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use roundel_model::forge::ProjectSlug;
use url::Url;

/// The path of a project's page, each name escaped.
pub(crate) fn address(slug: &ProjectSlug) -> String {
    format!("/{}/{}/{}", slug.forge.slug(), encode(&slug.owner), encode(&slug.repository))
}

/// Answers a form: go there and look.
pub(crate) fn see_other(to: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, to.to_owned())]).into_response()
}

/// Escapes text as one segment of a path, or a value of a query.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&hex::encode_upper([byte]));
        }
    }
    out
}

/// Whether an address to go to stays on this server: a path, and none that a browser reads as a host.
pub(crate) fn is_local(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && !path.chars().any(char::is_control)
}

/// The page whose form was sent. Only its path counts, so it cannot lead to another server.
pub(crate) fn came_from(asked: &Parts) -> Option<String> {
    if asked.method != Method::POST {
        return None;
    }
    let referrer = Url::parse(asked.headers.get(header::REFERER)?.to_str().ok()?).ok()?;
    let query = referrer.query().map(|query| format!("?{query}")).unwrap_or_default();
    let path = format!("{}{query}", referrer.path());
    is_local(&path).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_never_leaves_this_server() {
        for path in ["https://evil.test", "//evil.test", "/\\evil.test", "evil", "/a\nb", ""] {
            assert!(!is_local(path), "{path}");
        }
        assert!(is_local("/gh/acme/web?branch=main"));
    }
}
