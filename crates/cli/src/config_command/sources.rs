//! Sources of configurations: from files and from standard input.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use crate::exit::UsageError;
use anyhow::{Context as _, Result};
use roundel_config::{Diagnostic, Severity};
use roundel_model::limits::CONFIG_BYTES;

/// Where a configuration is by default.
pub(crate) const DEFAULT: &str = ".circleci/config.yml";

#[derive(Debug)]
pub(crate) struct Source {
    /// What people call it: its path, or `standard input`.
    pub(crate) path: String,
    /// The directory in which git is asked about it.
    pub(crate) folder: PathBuf,
    pub(crate) text: String,
    /// Why its content is not text.
    pub(crate) broken: Option<Diagnostic>,
}

/// Reads several files; `-` is standard input, and nothing is the usual place.
///
/// # Errors
///
/// [`UsageError`] if one of them is not there; otherwise if it cannot be read. Nothing is done then.
pub(crate) fn read_all(paths: &[PathBuf]) -> Result<Vec<Source>> {
    if paths.is_empty() {
        return Ok(vec![read(Path::new(DEFAULT))?]);
    }
    if paths.iter().filter(|path| is_input(path)).count() > 1 {
        return Err(UsageError("standard input (`-`) can be read once".to_owned()).into());
    }
    let missing: Vec<_> = paths
        .iter()
        .filter(|path| !is_input(path) && !path.exists())
        .map(PathBuf::as_path)
        .collect();
    if missing.len() > 1 {
        let names: Vec<_> = missing.iter().map(|path| format!("`{}`", path.display())).collect();
        return Err(UsageError(format!("there are no files {}", names.join(", "))).into());
    }
    paths.iter().map(|path| read(path)).collect()
}

/// Reads one file, or standard input for `-`.
///
/// # Errors
///
/// As [`read_all`].
pub(crate) fn read(path: &Path) -> Result<Source> {
    if is_input(path) {
        let bytes = bytes(io::stdin().lock()).context("failed to read standard input")?;
        return Ok(source("standard input".to_owned(), PathBuf::from("."), bytes));
    }
    let name = path.display().to_string();
    match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(not_there(path).into()),
        Ok(metadata) if metadata.is_dir() => return Err(is_folder(path).into()),
        _ => {}
    }
    let file = File::open(path).with_context(|| format!("failed to open `{name}`"))?;
    let bytes = bytes(file).with_context(|| format!("failed to read `{name}`"))?;
    let folder = path.parent().filter(|folder| folder.as_os_str() != "");
    Ok(source(name, folder.unwrap_or(Path::new(".")).to_owned(), bytes))
}

fn is_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn not_there(path: &Path) -> UsageError {
    let name = path.display();
    let other = path.with_extension("yaml");
    let hint = if other != path && other.exists() {
        format!("; `{}` is not read; rename it", other.display())
    } else if path == Path::new(DEFAULT) {
        "; name the file, or `-` for standard input".to_owned()
    } else {
        String::new()
    };
    UsageError(format!("there is no file `{name}`{hint}"))
}

fn is_folder(path: &Path) -> UsageError {
    let name = path.display();
    let inner = path.join(DEFAULT);
    let hint = if inner.exists() {
        format!("name the file, `{}`", inner.display())
    } else {
        format!("if it holds a configuration in parts: `roundel config pack {name}`")
    };
    UsageError(format!("`{name}` is a directory; {hint}"))
}

/// Reads a little more than a configuration may have, so that the compiler can say so.
fn bytes(reader: impl Read) -> io::Result<Vec<u8>> {
    let limit = u64::try_from(CONFIG_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    reader.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn source(path: String, folder: PathBuf, bytes: Vec<u8>) -> Source {
    let (text, broken) = decoded(&path, bytes);
    Source { path, folder, text, broken }
}

/// Returns bytes as text, and if they are not UTF-8, where.
pub(super) fn decoded(path: &str, bytes: Vec<u8>) -> (String, Option<Diagnostic>) {
    match String::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            // A text that was cut within a character is too long, and the compiler says that.
            let is_cut = error.utf8_error().error_len().is_none() && valid >= CONFIG_BYTES - 3;
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let broken = (!is_cut).then(|| not_utf8(path, &text, valid));
            (text, broken)
        }
    }
}

fn not_utf8(path: &str, text: &str, at: usize) -> Diagnostic {
    let before = text.get(..at).unwrap_or("");
    let one_based = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
    let column = before.rsplit('\n').next().unwrap_or("").chars().count();
    Diagnostic {
        code: "special-character".to_owned(),
        severity: Severity::Error,
        message: "the file is not UTF-8".to_owned(),
        path: path.to_owned(),
        start: at,
        end: at + '\u{fffd}'.len_utf8(),
        line: one_based(before.matches('\n').count()),
        column: one_based(column),
        at: String::new(),
        via: Vec::new(),
        related: Vec::new(),
        help: Some("save the file as UTF-8".to_owned()),
        replacement: None,
        orb: None,
        jobs: Vec::new(),
        more_jobs: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_a_usage_error_that_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let wrong = |path: &Path| {
            let error = read(path).unwrap_err();
            assert!(error.is::<UsageError>(), "{error:?}");
            error.to_string().replace(&folder.path().display().to_string(), "DIR")
        };
        let file = folder.path().join("config.yml");
        assert_eq!(wrong(&file), "there is no file `DIR/config.yml`");
        std::fs::write(folder.path().join("config.yaml"), "").unwrap();
        assert_eq!(
            wrong(&file),
            "there is no file `DIR/config.yml`; `DIR/config.yaml` is not read; rename it"
        );
        assert_eq!(
            wrong(folder.path()),
            "`DIR` is a directory; if it holds a configuration in parts: `roundel config pack DIR`"
        );
        let several = [folder.path().join("a"), folder.path().join("b")];
        let error = read_all(&several).unwrap_err();
        assert!(error.to_string().starts_with("there are no files"), "{error}");
    }

    #[test]
    fn cfg_001_invalid_utf_8_is_reported_with_its_place() {
        let broken = source("c.yml".to_owned(), PathBuf::new(), b"a: 1\nb: \xff\n".to_vec());
        let problem = broken.broken.unwrap();
        assert_eq!((problem.line, problem.column, problem.start), (2, 4, 8));
        let rendered =
            roundel_config::render(&broken.text, &[problem], roundel_config::Layout::default());
        assert!(rendered.contains("c.yml:2:4"), "{rendered}");
    }
}
