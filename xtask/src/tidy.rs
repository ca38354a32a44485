//! The house rules that no compiler checks, as an ordinary test: arrows between crates, sizes, a
//! `//!` on top, banned names, dead links, where `unsafe` may stand.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::shell;

/// Which of our crates each may depend on (ARCHITECTURE.md draws it). A new arrow needs a record in
/// `docs/decisions/`.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("config", &["model"]),
    ("lsp", &["config"]),
    ("engine", &["model"]),
    ("protocol", &["model"]),
    ("forge", &["model"]),
    ("localforge", &["model"]),
    ("container", &[]),
    ("jobtool", &[]),
    ("store", &["model", "engine"]),
    ("runner", &["model", "protocol", "container", "jobtool"]),
    ("server", &["model", "config", "engine", "protocol", "forge", "store"]),
    ("testkit", &["model", "protocol", "localforge"]),
    (
        "cli",
        &[
            "model",
            "config",
            "container",
            "forge",
            "localforge",
            "lsp",
            "runner",
            "server",
            "store",
        ],
    ),
];

const FILE_LINES: usize = 600;
const BANNED: &[&str] =
    &["utils", "util", "common", "helpers", "manager", "handler", "misc", "mod"];

fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for directory in ["crates", "xtask"] {
        walk(&shell::root().join(directory), &mut found);
    }
    found.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    assert!(found.len() > 30, "the tree was not found");
    found
}

fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if name == "target" || name == "node_modules" || name == ".git" {
            continue;
        }
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn shown(path: &Path) -> String {
    path.strip_prefix(shell::root()).unwrap_or(path).display().to_string()
}

fn report(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

#[test]
fn arrows_between_crates_point_down_only() {
    let allowed: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let mut broken = Vec::new();
    for entry in fs::read_dir(shell::root().join("crates")).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let text = fs::read_to_string(entry.path().join("Cargo.toml")).unwrap();
        let manifest: toml::Table = text.parse().unwrap();
        let Some(arrows) = allowed.get(name.as_str()) else {
            broken.push(format!("`{name}` is not in the table of arrows"));
            continue;
        };
        for section in ["dependencies", "build-dependencies"] {
            let Some(dependencies) = manifest.get(section).and_then(|table| table.as_table())
            else {
                continue;
            };
            for dependency in dependencies.keys() {
                if let Some(target) = dependency.strip_prefix("roundel-")
                    && !arrows.contains(&target)
                {
                    broken.push(format!("`{name}` may not depend on `{target}`"));
                }
            }
        }
    }
    report("arrows", &broken);
}

#[test]
fn every_file_says_what_it_is_for() {
    let broken: Vec<_> = sources()
        .iter()
        .filter(|path| {
            let text = fs::read_to_string(path).unwrap();
            !text.lines().find(|line| !line.is_empty()).unwrap_or("").starts_with("//!")
        })
        .map(|path| shown(path))
        .collect();
    report("a file begins with `//!`", &broken);
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let mut broken = Vec::new();
    for path in sources() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let in_tests = path.components().any(|part| part.as_os_str() == "tests");
        if in_tests || name == "tests.rs" || name == "histories.rs" {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
        if lines > FILE_LINES {
            broken.push(format!("{}: {lines} lines", shown(&path)));
        }
    }
    report("files stay under 600 lines, tests not counted", &broken);
}

#[test]
fn no_file_is_a_drawer() {
    let broken: Vec<_> = sources()
        .iter()
        .filter(|path| {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            BANNED.contains(&stem.as_ref())
        })
        .map(|path| shown(path))
        .collect();
    report("banned file names", &broken);
}

#[test]
fn unsafe_code_stands_in_one_file_and_says_why() {
    let mut broken = Vec::new();
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        let is_sys = path.ends_with("crates/container/src/sys.rs");
        let lines: Vec<&str> = text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            if !code.contains(concat!("unsafe", " {")) {
                continue;
            }
            let explained =
                lines[index.saturating_sub(6)..index].iter().any(|line| line.contains("SAFETY:"));
            if !is_sys || !explained {
                broken.push(format!("{}:{}", shown(&path), index + 1));
            }
        }
    }
    report("`unsafe` only in container's sys.rs, each with SAFETY", &broken);
}

/// `server::http::routes` has a method for each verb, which asks the handler for its right.
#[test]
fn every_route_of_the_server_declares_its_right() {
    const PLAIN: &[&str] =
        &[concat!(".route", "("), concat!(".route", "_service("), concat!(".nest", "(")];
    let mut broken = Vec::new();
    for path in sources() {
        let name = shown(&path);
        let is_test = name.contains("/tests") || name.ends_with("loopback.rs");
        if !name.starts_with("crates/server/src/") || is_test || name.ends_with("http/routes.rs") {
            continue;
        }
        for (index, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            if PLAIN.iter().any(|call| line.contains(call)) {
                broken.push(format!("{name}:{}", index + 1));
            }
        }
    }
    report("routes are declared with `Routes`, which asks for a right", &broken);
}

#[test]
fn no_link_in_the_docs_is_dead() {
    let mut pages = Vec::new();
    walk(&shell::root().join("docs"), &mut pages);
    for page in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        pages.push(shell::root().join(page));
    }
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    let mut broken = Vec::new();
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for link in links(&text) {
            let target = link.split('#').next().unwrap_or("");
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let path = page.parent().unwrap_or(Path::new("")).join(target);
            if !path.exists() {
                broken.push(format!("{}: {link}", shown(&page)));
            }
        }
    }
    report("links lead somewhere", &broken);
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
