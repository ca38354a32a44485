//! `roundel config pack`: one document of a directory of files. What goes where decides
//! [`roundel_config::pack`]; here the files are read.

use roundel_model::text::counted;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use roundel_config::{
    Diagnostic, Layout,
    document::to_yaml,
    pack::{FILES, PackError, PackFile, is_packed, pack},
};
use roundel_model::limits::CONFIG_BYTES;

use super::sources;
use crate::{
    exit::{Exit, UsageError},
    terminal,
};

/// Levels of directories.
const DEPTH: usize = 32;

/// Bytes of all files together.
const BYTES: usize = 8 * CONFIG_BYTES;

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// The directory, or a single file
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Write to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Reads the directory and prints the document.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let folder = &arguments.folder;
    let shown = folder.display();
    if !folder.exists() {
        return Err(UsageError(format!("there is no directory `{shown}`")).into());
    }
    let output = arguments.output.as_deref();
    let mut walk = Walk { output, files: Vec::new(), bytes: 0, not_utf8: Vec::new() };
    let root = if folder.is_dir() {
        walk.folder(folder, "", 0)?;
        folder.clone()
    } else {
        walk.file(folder, "config.yml".to_owned())?;
        let parent = folder.parent().filter(|parent| parent.as_os_str() != "");
        parent.unwrap_or(Path::new(".")).to_owned()
    };
    let Walk { files, not_utf8, .. } = walk;
    if !not_utf8.is_empty() {
        terminal::remark(&rendered(&not_utf8, &files, folder, terminal::remark_layout()));
        return Ok(Exit::Failure);
    }
    let root = root.canonicalize().with_context(|| format!("failed to look at `{shown}`"))?;
    match pack(&files, &mut |path| include(&root, path)) {
        Ok(document) => {
            let text = to_yaml(&document);
            match &arguments.output {
                Some(path) => fs::write(path, text)
                    .with_context(|| format!("failed to write `{}`", path.display()))?,
                None => terminal::print_data(&text)?,
            }
            Ok(Exit::Success)
        }
        Err(problems) => {
            terminal::remark(&rendered(&problems, &files, folder, terminal::remark_layout()));
            Ok(Exit::Failure)
        }
    }
}

/// Says everything that is wrong.
fn rendered(problems: &[PackError], files: &[PackFile], folder: &Path, layout: Layout) -> String {
    let label = terminal::styled("error:", anstyle::AnsiColor::Red.on_default().bold(), layout);
    let mut text = String::new();
    for problem in problems {
        if let PackError::Yaml { path, diagnostics } = problem {
            let source = files.iter().find(|file| file.path == *path).map_or("", |file| &file.text);
            // So that a terminal can open it.
            let place = if folder.is_dir() { folder.join(path) } else { folder.to_owned() };
            let path = place.display().to_string();
            let whole = |found: &Diagnostic| Diagnostic { path: path.clone(), ..found.clone() };
            let diagnostics: Vec<Diagnostic> = diagnostics.iter().map(whole).collect();
            text.push_str(&terminal::rendered(source, &diagnostics, layout));
            text.push('\n');
        } else {
            let problem = terminal::wrapped(&problem.to_string(), "error: ".len(), layout.width);
            terminal::line(&mut text, &format!("{label} {problem}"));
        }
    }
    let count = counted(problems.len(), "problem");
    text + &format!("`{}` cannot be packed: {count}\n", folder.display())
}

/// Reads all YAML files below a directory.
struct Walk<'o> {
    /// What is written is not read.
    output: Option<&'o Path>,
    files: Vec<PackFile>,
    bytes: usize,
    /// Files that are not UTF-8.
    not_utf8: Vec<PackError>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<()> {
        let shown = folder.display();
        if depth > DEPTH {
            // Links may form a loop.
            return Err(UsageError(format!("`{shown}` is nested too deeply")).into());
        }
        let failed = || format!("failed to read the directory `{shown}`");
        for entry in fs::read_dir(folder).with_context(failed)? {
            let entry = entry.with_context(failed)?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let (path, inner) = (entry.path(), format!("{prefix}{name}"));
            if name.starts_with('.') || self.is_output(&path) {
                continue;
            }
            if path.is_dir() {
                self.folder(&path, &format!("{inner}/"), depth + 1)?;
            } else if is_packed(&inner) {
                self.file(&path, inner)?;
                if self.files.len() > FILES || self.bytes > BYTES {
                    return Err(UsageError(format!("`{shown}` holds too much to pack")).into());
                }
            }
        }
        Ok(())
    }

    /// Reads a file, which the document knows by its path below the directory.
    fn file(&mut self, file: &Path, path: String) -> Result<()> {
        let (text, not_utf8) = sources::decoded(&path, read(file)?);
        self.bytes += text.len();
        self.not_utf8.extend(
            not_utf8.map(|found| PackError::Yaml { path: path.clone(), diagnostics: vec![found] }),
        );
        self.files.push(PackFile { path, text });
        Ok(())
    }

    fn is_output(&self, path: &Path) -> bool {
        let same = |output: &Path| Some(output.canonicalize().ok()? == path.canonicalize().ok()?);
        self.output.and_then(same).unwrap_or(false)
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let shown = path.display();
    let length = path.metadata().with_context(|| format!("failed to read `{shown}`"))?.len();
    if usize::try_from(length).is_ok_and(|length| length > CONFIG_BYTES) {
        return Err(UsageError(format!("`{shown}` is larger than a configuration may be")).into());
    }
    fs::read(path).with_context(|| format!("failed to read `{shown}`"))
}

/// Reads an included file, which must lie within the directory however links lead.
fn include(root: &Path, path: &str) -> Result<String, String> {
    let file = match root.join(path).canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err("which does not exist".to_owned());
        }
        Err(error) => return Err(format!("which cannot be read: {error}")),
        Ok(file) => file,
    };
    if !file.starts_with(root) {
        return Err("which is outside the directory".to_owned());
    }
    let bytes = read(&file).map_err(|error| match error.downcast::<UsageError>() {
        Ok(_) => "which is larger than a configuration may be".to_owned(),
        Err(error) => format!("which cannot be read: {}", error.root_cause()),
    })?;
    String::from_utf8(bytes).map_err(|_| "which is not UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn a_folder_is_packed_into_a_file_within_it_again_and_again() {
        let folder = folder(&[
            ("@orb.yml", "version: 2.1\n"),
            ("commands/greet.yml", "steps: [run: << include(scripts/greet.sh) >>]\n"),
            ("scripts/greet.sh", "cat <<EOF\nhi\nEOF\n"),
            (".git/x.yml", "no: [\n"),
        ]);
        let output = folder.path().join("config.yml");
        let arguments =
            Arguments { folder: folder.path().to_owned(), output: Some(output.clone()) };
        for _ in 0..2 {
            assert_eq!(run(&arguments).unwrap(), Exit::Success);
            assert_eq!(
                fs::read_to_string(&output).unwrap(),
                "version: 2.1\ncommands:\n  greet:\n    steps:\n    - run: |\n        cat \\<<EOF\n        \
                 hi\n        EOF\n"
            );
        }
    }

    #[test]
    fn an_included_file_is_never_read_from_elsewhere() {
        let outside = folder(&[("secret.txt", "secret")]);
        let folder = folder(&[("scripts/a.sh", "a")]);
        let root = folder.path().canonicalize().unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret.txt"), root.join("link.txt"))
            .unwrap();
        assert_eq!(include(&root, "scripts/a.sh"), Ok("a".to_owned()));
        assert_eq!(include(&root, "scripts/b.sh"), Err("which does not exist".to_owned()));
        assert_eq!(include(&root, "link.txt"), Err("which is outside the directory".to_owned()));
    }

    #[test]
    fn a_file_that_is_not_utf_8_is_an_error_of_the_configuration() {
        let folder = folder(&[("@orb.yml", "version: 2.1\n")]);
        let file = folder.path().join("jobs.yml");
        fs::write(&file, b"a: 1\nb: \xff\n").unwrap();
        for path in [folder.path(), &file] {
            let arguments = Arguments { folder: path.to_owned(), output: None };
            assert_eq!(run(&arguments).unwrap(), Exit::Failure);
        }
    }

    #[test]
    fn links_in_a_cycle_are_reported() {
        let folder = folder(&[("commands/a.yml", "steps: []\n")]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("commands/again")).unwrap();
        let arguments = Arguments { folder: folder.path().to_owned(), output: None };
        assert!(run(&arguments).unwrap_err().is::<UsageError>());
    }

    #[test]
    fn errors_are_reported_with_the_files() {
        let files = [
            PackFile { path: "a.yml".to_owned(), text: "a: [\n".to_owned() },
            PackFile { path: "b.yml".to_owned(), text: "b: 1\n".to_owned() },
        ];
        let problems = pack(&files, &mut |_| Err(String::new())).unwrap_err();
        let folder = folder(&[]);
        let shown = folder.path().display();
        let text = rendered(&problems, &files, folder.path(), Layout::default());
        assert!(text.contains(&format!("--> {shown}/a.yml:1:4")), "{text}");
        assert!(text.ends_with(&format!("`{shown}` cannot be packed: 1 problem\n")), "{text}");
    }
}
