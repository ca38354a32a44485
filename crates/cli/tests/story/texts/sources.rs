//! The texts that people read: documents, pages, emails, help, and the messages in the code.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A text, and where it is.
pub(super) struct Text {
    /// From the root of the repository; or what it is.
    pub(super) path: String,
    pub(super) text: String,
}

impl Text {
    pub(super) fn ends_with(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|own| own == extension)
    }
}

/// Directories and files with texts. Decision records are left out: they say what was so when they were
/// written.
const PLACES: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "docs",
    "packaging",
    "crates/server/templates",
    "crates/cli/src",
    "crates/config/src",
    "crates/container/src",
    "crates/forge/src",
    "crates/jobtool/src",
    "crates/localforge/src",
    "crates/lsp/src",
    "crates/runner/src",
    "crates/server/src",
    "crates/store/src",
];

/// Reads all of them.
pub(super) fn all() -> Vec<Text> {
    let mut paths = Vec::new();
    for place in PLACES {
        let path = root().join(place);
        assert!(path.exists(), "{place} is not there");
        walk(&path, &mut paths);
    }
    paths.sort();
    let mut texts: Vec<Text> = paths.iter().filter_map(|path| read(path)).collect();
    texts.extend(help());
    texts
}

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn walk(path: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(path) else { return found.push(path.to_owned()) };
    for entry in entries {
        walk(&entry.unwrap().path(), found);
    }
}

fn read(path: &Path) -> Option<Text> {
    let wanted = ["md", "html", "txt", "rs", "service"];
    let extension = path.extension()?.to_str()?;
    let shown = path.strip_prefix(root()).unwrap().display().to_string();
    // Tests may name what does not exist; records describe their time.
    let is_left_out = shown.contains("/tests") || shown.starts_with("docs/decisions/");
    if is_left_out || !wanted.contains(&extension) {
        return None;
    }
    Some(Text { path: shown, text: fs::read_to_string(path).unwrap() })
}

/// The help of every command.
fn help() -> Vec<Text> {
    let mut texts = Vec::new();
    let mut command = roundel_cli::command();
    command.build();
    add_help(&mut command, &mut texts);
    texts
}

fn add_help(command: &mut clap::Command, texts: &mut Vec<Text>) {
    let path = format!("help of `{}`", command.get_bin_name().unwrap_or("roundel"));
    texts.push(Text { path, text: command.render_long_help().to_string() });
    for inner in command.get_subcommands_mut() {
        add_help(inner, texts);
    }
}
