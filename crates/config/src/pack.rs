//! A configuration or an orb that is kept in a directory of many files, as one document.
//!
//! The convention is that of the public command-line client, known as FYAML. Directories are keys and
//! files are keys:
//!
//! ```text
//! @orb.yml  orb.yml               the contents, at the top
//! commands/greet.yml              commands.greet: the contents
//! commands/@shared.yml            commands: the contents
//! commands/cloud/login.yml        commands.login: directories within a section are only for order …
//! jobs/build/steps.yml            jobs.build.steps: … unless what they hold is one definition
//! scripts/greet.sh                << include(scripts/greet.sh) >> puts its text there
//! .hidden  README.md              nothing
//! ```
//!
//! `commands/cloud/` and `jobs/build/` show the two conventions of that client: old versions make every
//! directory a key, new ones use directories within a section only for order. A directory whose keys are
//! all keys of such a definition is read the old way, any other the new way.
//!
//! Anchors of one file may be used in all of them. The same key in two files is a mistake that names
//! both. Deliberately absent: reading files. The caller passes their contents.

mod error;
mod fold;
mod include;

pub use error::{FILES, PackError};

use crate::read::{
    document::{Node, read},
    yaml::Anchors,
};

/// How often all files are read for the sake of anchors that use anchors of later files.
const ROUNDS: usize = 16;

/// A file of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackFile {
    /// Its path within the directory, with `/`: `commands/greet.yml`.
    pub path: String,
    /// Contents of the file.
    pub text: String,
}

/// Packs the files of a directory into one document.
///
/// `include` is asked for the contents of included files, by their path within the directory; it answers
/// with the text or with what is wrong ("which does not exist"). Paths that lead out of the directory
/// never reach it. An included text is taken as it is: directives and tags in it mean nothing, so it
/// can include nothing itself.
///
/// # Errors
///
/// Everything that keeps the directory from being packed.
pub fn pack(
    files: &[PackFile],
    include: &mut dyn FnMut(&str) -> Result<String, String>,
) -> Result<Node, Vec<PackError>> {
    let mut files: Vec<&PackFile> = files.iter().filter(|file| is_packed(&file.path)).collect();
    if files.is_empty() {
        return Err(vec![PackError::Empty]);
    }
    if files.len() > FILES {
        return Err(vec![PackError::TooManyFiles]);
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut problems = Vec::new();
    let mut contents = contents(&files, &mut problems);
    for (path, node) in &mut contents {
        include::fill_in(path, node, include, &mut problems);
    }
    let document = fold::fold(contents, &mut problems);
    if problems.is_empty() { Ok(document) } else { Err(problems) }
}

/// Returns whether a path is packed: a YAML file, and nothing on the way to it is hidden.
pub fn is_packed(path: &str) -> bool {
    let is_hidden = path.split('/').any(|part| part.starts_with('.'));
    !is_hidden && fold::stem(path).is_some()
}

/// Reads all files. Anchors of any file are known in all of them; those of earlier files win, and a
/// file's own win over all.
fn contents(files: &[&PackFile], problems: &mut Vec<PackError>) -> Vec<(String, Node)> {
    let mut anchors = Anchors::new();
    let mut rounds = 0;
    loop {
        let before = anchors.len();
        let mut contents = Vec::with_capacity(files.len());
        let mut wrong = Vec::new();
        for file in files {
            let read = read(&file.path, &file.text, &anchors);
            for (name, node) in read.anchors {
                anchors.entry(name).or_insert(node);
            }
            if !read.diagnostics.is_empty() {
                let (path, diagnostics) = (file.path.clone(), read.diagnostics);
                wrong.push(PackError::Yaml { path, diagnostics });
            }
            contents.push((file.path.clone(), read.root));
        }
        rounds += 1;
        // What one file lacks may have become known with a later one.
        if wrong.is_empty() || anchors.len() == before || rounds == ROUNDS {
            problems.append(&mut wrong);
            return contents;
        }
    }
}

#[cfg(test)]
mod tests;
