//! Links in the documents lead somewhere.

use std::path::Path;

use crate::shell;

use super::{
    report::report,
    source::{self, Source},
};

fn dead_links(pages: &[Source], exists: impl Fn(&Path) -> bool) -> Vec<String> {
    let mut broken = Vec::new();
    for page in pages {
        for link in links(&page.text) {
            let target = link.split('#').next().unwrap_or("");
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
            if !exists(&folder.join(target)) {
                broken.push(format!("{}: {link}", page.path));
            }
        }
    }
    broken
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
    let exists = |path: &Path| shell::root().join(path).exists();
    report("links lead somewhere", dead_links(&pages, exists));
}

#[test]
fn a_dead_link_is_seen() {
    let text =
        "[a](a.md#part) [b](b.md) [c](https://c.example) ![d](../d.png)\n```\n[e](e.md)\n```";
    let pages = source::sample(&[("docs/page.md", text)]);
    let exists = |path: &Path| path == Path::new("docs/a.md");
    assert_eq!(dead_links(&pages, exists), ["docs/page.md: b.md", "docs/page.md: ../d.png"]);
}
