//! Lists of many pages.

use std::collections::HashSet;

use serde_json::Value;

use super::{Call, Client};
use crate::ForgeError;

/// Pages of one list: against loops. With 100 items each, far beyond what an account holds.
const PAGES: usize = 1_000;

/// One page of a list.
pub(crate) struct Page {
    pub(crate) items: Vec<Value>,
    /// The address of the next page, as the forge wrote it.
    pub(crate) next: Option<String>,
}

impl Client {
    /// Reads a list to its end.
    ///
    /// # Errors
    /// As for a single call; a page that leads to another host, in a circle or on without end is
    /// [`crate::ErrorClass::Broken`]. There are no half lists: what is missing would look deleted.
    pub(crate) async fn list(&self, mut call: Call) -> Result<Vec<Value>, ForgeError> {
        let origin = call.url.origin();
        let (mut items, mut seen) = (Vec::new(), HashSet::new());
        while seen.len() < PAGES {
            if !seen.insert(call.url.clone()) {
                return Err(self.broken(&call, "its pages lead in a circle"));
            }
            let answer = self.send(&call).await?;
            let page = (self.dialect.page)(&answer)
                .map_err(|error| self.broken(&call, &format!("a page is unreadable: {error}")))?;
            items.extend(page.items);
            let Some(next) = page.next else { return Ok(items) };
            match answer.url.join(&next) {
                Ok(next) if next.origin() == origin => call.at_page(next),
                _ => return Err(self.broken(&call, "its next page is on another host")),
            }
        }
        Err(self.broken(&call, "its list has more than 1000 pages"))
    }
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
