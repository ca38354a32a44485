//! One page of a list, and where the next one is.

use serde_json::Value;

/// One page of a list.
pub(crate) struct Page {
    pub(crate) items: Vec<Value>,
    /// The address of the next page, as the forge wrote it.
    pub(crate) next: Option<String>,
}

/// Finds the target of `rel="next"` in a `Link` header (RFC 8288).
pub(crate) fn link_next(header: &str) -> Option<String> {
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let (target, after) = after.split_once('>')?;
        // The parameters end where the next target begins; a target may itself hold commas.
        let parameters = after.split('<').next().unwrap_or_default();
        let is_next = parameters.split([';', ',']).any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or_default();
            let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
            name.trim().eq_ignore_ascii_case("rel") && relations.any(|relation| relation == "next")
        });
        if is_next {
            return Some(target.to_owned());
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_among_other_links() {
        let header = r#"<https://h/a?page=1&x=1,2>; rel="prev", <https://h/a?page=3>; title="t"; rel="last next", <https://h/a?page=9>; rel="last""#;
        assert_eq!(link_next(header).as_deref(), Some("https://h/a?page=3"));
    }

    #[test]
    fn the_last_page_has_no_next() {
        for header in ["", "<https://h/a>; rel=\"first\"", "<broken", "rel=\"next\""] {
            assert_eq!(link_next(header), None, "{header}");
        }
    }
}
