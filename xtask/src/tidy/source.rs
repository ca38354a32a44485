//! The files that rules look at: the tree as it stands, or a few made up by a test.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::shell;

/// A text file of the repository.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Its path from the root of the repository, with `/`.
    pub path: String,
    pub text: String,
}

impl Source {
    /// Returns whether the name of the file ends with `.EXTENSION`.
    pub(crate) fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|own| own == extension)
    }

    /// Returns the name of the file without its extension.
    pub(crate) fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.split_once('.').map_or(name, |(stem, _)| stem)
    }

    /// Returns whether a directory on the way to the file has this name.
    pub(crate) fn is_inside(&self, folder: &str) -> bool {
        let mut parts: Vec<&str> = self.path.split('/').collect();
        parts.pop();
        parts.contains(&folder)
    }
}

/// Reads every text file below these directories and files of the repository.
///
/// What is not text is left out; so is what tools make (`target`, `node_modules`).
pub(crate) fn tree(places: &[&str]) -> Vec<Source> {
    let mut paths = Vec::new();
    for place in places {
        let path = shell::root().join(place);
        if path.is_dir() {
            walk(&path, &mut paths);
        } else {
            paths.push(path);
        }
    }
    paths.sort();
    let read = |path: &PathBuf| {
        let text = String::from_utf8(fs::read(path).ok()?).ok()?;
        let path = path.strip_prefix(shell::root()).unwrap_or(path);
        Some(Source { path: path.to_string_lossy().into_owned(), text })
    };
    paths.iter().filter_map(read).collect()
}

/// Reads the Rust files of the crates, of xtask and of the fuzz targets.
pub(crate) fn rust() -> Vec<Source> {
    let mut found = tree(&["crates", "xtask", "fuzz"]);
    found.retain(|source| source.has_extension("rs"));
    assert!(found.len() > 30, "the tree was not found");
    found
}

/// Makes files up, for a rule to be tried on.
pub(crate) fn sample(files: &[(&str, &str)]) -> Vec<Source> {
    let file =
        |(path, text): &(&str, &str)| Source { path: (*path).to_owned(), text: (*text).to_owned() };
    files.iter().map(file).collect()
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
