//! Links in the documents lead somewhere.

use std::path::Path;

use crate::shell;

use super::{
    report::report,
    source::{self, Source},
};

/// Finds links to files that are not there, and to headings that a page does not have. `text_of`
/// returns what a file holds; nothing for a picture or a directory that is there.
fn dead_links(pages: &[Source], text_of: impl Fn(&Path) -> Option<String>) -> Vec<String> {
    let mut broken = Vec::new();
    for page in pages {
        for link in links(&page.text) {
            let (target, heading) = link.split_once('#').unwrap_or((link, ""));
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
            let text = match target {
                "" => Some(page.text.clone()),
                _ => text_of(&folder.join(target)),
            };
            let leads_somewhere =
                text.is_some_and(|text| heading.is_empty() || has_heading(&text, heading));
            if !leads_somewhere {
                broken.push(format!("{}: {link}", page.path));
            }
        }
    }
    broken
}

/// Says whether a page has a heading with this anchor. The second heading of a name gets `-1`.
fn has_heading(text: &str, wanted: &str) -> bool {
    let mut in_code = false;
    let mut seen: Vec<String> = Vec::new();
    for line in text.lines() {
        in_code ^= line.trim_start().starts_with("```");
        if in_code || !line.starts_with('#') {
            continue;
        }
        let heading = line.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let before = seen.iter().filter(|known| **known == anchor).count();
        let name = if before == 0 { anchor.clone() } else { format!("{anchor}-{before}") };
        if name == wanted {
            return true;
        }
        seen.push(anchor);
    }
    false
}

/// Finds the targets of Markdown links and pictures, outside code.
fn links(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        let mut rest = line;
        while let Some(start) = rest.find("](") {
            rest = &rest[start + 2..];
            let Some(end) = rest.find(')') else { break };
            found.push(rest[..end].split(' ').next().unwrap_or(""));
            rest = &rest[end..];
        }
    }
    found
}

#[test]
fn no_link_in_the_docs_is_dead() {
    let mut pages =
        source::tree(&["docs", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]);
    pages.retain(|page| page.has_extension("md"));
    let text_of = |path: &Path| {
        let path = shell::root().join(path);
        path.exists().then(|| std::fs::read_to_string(path).unwrap_or_default())
    };
    report("links lead somewhere", dead_links(&pages, text_of));
}

#[test]
fn a_dead_link_is_seen() {
    let text = "[a](a.md#the-part) [a](a.md#part) [b](b.md) [c](https://c.example) ![d](../d.png)\n```\n[e](e.md)\n```\n[f](#end) [g](#here)\n# End";
    let pages = source::sample(&[("docs/page.md", text)]);
    let text_of =
        |path: &Path| (path == Path::new("docs/a.md")).then(|| "## The *part*?\n".to_owned());
    assert_eq!(
        dead_links(&pages, text_of),
        [
            "docs/page.md: a.md#part",
            "docs/page.md: b.md",
            "docs/page.md: ../d.png",
            "docs/page.md: #here"
        ]
    );
}
