//! Telling a web page from what a forge answers. Proxies, firewalls and sign-in pages of a network send
//! one with any status, success included.

use super::call::Answer;

/// The media types of web pages.
const PAGE_TYPES: [&str; 2] = ["text/html", "application/xhtml+xml"];

/// Returns whether an answer is a web page: by its type, or by how it begins, for a page may come as plain
/// text or without a type. No configuration begins with a tag, and no JSON.
pub(super) fn is_web_page(answer: &Answer) -> bool {
    is_page_type(answer) || begins_with_tag(&answer.body)
}

/// Returns whether an answer is declared as a web page, in any case.
pub(super) fn is_page_type(answer: &Answer) -> bool {
    let declared = answer.header("content-type").split(';').next().unwrap_or_default().trim();
    PAGE_TYPES.iter().any(|page| declared.eq_ignore_ascii_case(page))
}

/// Returns whether a text begins with a tag, a declaration or a comment of HTML, after spaces.
fn begins_with_tag(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    match text {
        [b'<', next, ..] => next.is_ascii_alphabetic() || matches!(next, b'!' | b'?'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_known_by_how_it_begins() {
        for page in [
            "<!DOCTYPE html><p>",
            "\r\n <Html>",
            "\u{feff}<html lang=en>",
            "\u{feff}\n<?xml version='1.0'?><html>",
            "<!-- blocked --><html>",
            "<head>",
        ] {
            assert!(begins_with_tag(page.as_bytes()), "{page}");
        }
    }

    #[test]
    fn a_configuration_is_not_taken_for_a_page() {
        for file in
            ["", "<", "version: 2.1", "# <html>", "<<: { version: 2.1 }", "{\"version\":2.1}"]
        {
            assert!(!begins_with_tag(file.as_bytes()), "{file}");
        }
    }
}
