//! Addresses of calls: a base and path segments, each percent-encoded as a whole.

use url::Url;

use crate::error::{ErrorClass, ForgeError};

/// Appends segments to a base address. A slash within a segment becomes `%2F`, braces become
/// `%7B` and `%7D` (`VCS` §2.2, §4.1).
///
/// # Errors
/// [`ErrorClass::Invalid`] for a segment that would change the path's meaning: empty, `.`, `..`,
/// or with control characters. Names come from payloads and people, so they are checked here.
pub(crate) fn at(base: &Url, segments: &[&str]) -> Result<Url, ForgeError> {
    let mut url = base.clone();
    for segment in segments {
        let misleading = matches!(*segment, "" | "." | "..");
        if misleading || segment.chars().any(char::is_control) {
            let message = format!("`{}` cannot be part of an address", segment.escape_debug());
            return Err(ForgeError::new(ErrorClass::Invalid, message));
        }
    }
    let extended = url.path_segments_mut().map(|mut path| {
        path.pop_if_empty().extend(segments);
    });
    extended.map(|()| url).map_err(|()| {
        let message = format!("`{base}` cannot be the address of a forge");
        ForgeError::new(ErrorClass::Broken, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(segments: &[&str]) -> Option<String> {
        let base = Url::parse("https://ghe.example.org/api/v3/").unwrap();
        at(&base, segments).ok().map(|url| url.path().to_owned())
    }

    #[test]
    fn a_slash_within_a_segment_is_encoded() {
        assert_eq!(
            path(&["repos", "acme", "web", "contents", ".circleci/config.yml"]).as_deref(),
            Some("/api/v3/repos/acme/web/contents/.circleci%2Fconfig.yml")
        );
    }

    #[test]
    fn braces_and_signs_of_the_query_are_encoded() {
        assert_eq!(path(&["{a-b}"]).as_deref(), Some("/api/v3/%7Ba-b%7D"));
        assert_eq!(path(&["a?b#c%2F ü"]).as_deref(), Some("/api/v3/a%3Fb%23c%252F%20%C3%BC"));
    }

    #[test]
    fn a_segment_cannot_climb_out_of_its_path() {
        for bad in ["", ".", "..", "a\nb"] {
            assert_eq!(path(&["repos", bad, "web"]), None, "{bad:?}");
        }
    }
}
