//! Branches and tags, read from the files that git keeps them in (gitrepository-layout(5)).
//!
//! Everything that the forge answers begins with them, and a process for each question would take
//! longer than all the rest. What is unusual is left to git.

use std::{
    fs,
    io::{self, ErrorKind},
    path::Path,
};

use super::{Git, GitError, Refs, answers::is_id};

impl Git {
    /// Returns all branches and tags, and the objects that they point at.
    pub(crate) async fn refs(&self) -> Result<Refs, GitError> {
        let directory = self.directory.clone();
        let read = tokio::task::spawn_blocking(move || read(&directory)).await;
        match read.map_err(io::Error::other)?? {
            Some(refs) => Ok(refs),
            None => self.refs_of_git().await,
        }
    }

    async fn refs_of_git(&self) -> Result<Refs, GitError> {
        let format = "--format=%(objectname) %(refname)";
        let text = self.text(&["for-each-ref", format, "refs/heads", "refs/tags"]).await?;
        Ok(text.lines().filter_map(pair).collect())
    }

    /// Returns the commit of a branch that has a file of its own, as each has that was pushed after
    /// the last packing.
    pub(super) async fn unpacked_branch(&self, full: &str) -> Option<String> {
        if !full.starts_with("refs/heads/") || full.split('/').any(|part| part == "..") {
            return None;
        }
        let text = tokio::fs::read_to_string(self.directory.join(full)).await.ok()?;
        text.strip_suffix('\n').filter(|id| is_id(id)).map(str::to_owned)
    }
}

fn pair(line: &str) -> Option<(String, String)> {
    line.split_once(' ').map(|(id, name)| (name.to_owned(), id.to_owned()))
}

/// Reads those with a file, which are newer, and then the packed ones: in the other order one that is packed
/// in between would be missing. `None`: one of them is neither.
fn read(directory: &Path) -> io::Result<Option<Refs>> {
    let mut refs = Refs::new();
    for name in ["refs/heads", "refs/tags"] {
        if !read_files(directory, name, &mut refs)? {
            return Ok(None);
        }
    }
    let packed = match fs::read_to_string(directory.join("packed-refs")) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    // `#` begins what the file says of itself, and `^` what the tag before points at.
    let lines = packed.lines().filter(|line| !line.starts_with(['#', '^']));
    for (name, id) in lines.filter_map(pair) {
        if name.starts_with("refs/heads/") || name.starts_with("refs/tags/") {
            refs.entry(name).or_insert(id);
        }
    }
    Ok(Some(refs))
}

/// Returns whether all files below a directory were refs.
fn read_files(directory: &Path, within: &str, refs: &mut Refs) -> io::Result<bool> {
    let entries = match fs::read_dir(directory.join(within)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let Ok(file) = entry.file_name().into_string() else { return Ok(false) };
        let name = format!("{within}/{file}");
        if entry.file_type()?.is_dir() {
            if !read_files(directory, &name, refs)? {
                return Ok(false);
            }
        } else if entry.path().extension().is_none_or(|extension| extension != "lock") {
            match fs::read_to_string(entry.path()) {
                Ok(text) => match text.strip_suffix('\n').filter(|id| is_id(id)) {
                    Some(id) => drop(refs.insert(name, id.to_owned())),
                    None => return Ok(false),
                },
                // Deleted meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::{process::Command, sync::Arc};

    use super::*;

    /// The reference is git itself.
    #[tokio::test]
    async fn refs_are_read_as_git_reads_them() {
        let scratch = tempfile::tempdir().unwrap();
        let git = Git::at(scratch.path().join("a.git"), Arc::default());
        git.init("main").await.unwrap();
        assert!(git.refs().await.unwrap().is_empty());
        let run = |args: &[&str]| {
            let mut command = Command::new("git");
            command.arg("--git-dir").arg(git.directory()).args(args);
            command.env("GIT_AUTHOR_NAME", "a").env("GIT_AUTHOR_EMAIL", "a@b");
            command.env("GIT_COMMITTER_NAME", "a").env("GIT_COMMITTER_EMAIL", "a@b");
            let output = command.output().unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        let tree = run(&["mktree", "--missing"]);
        let one = run(&["commit-tree", &tree, "-m", "one"]);
        let two = run(&["commit-tree", &tree, "-p", &one, "-m", "two"]);
        for name in ["refs/heads/main", "refs/heads/a/b", "refs/tags/plain", "refs/pull/1/head"] {
            run(&["update-ref", name, &one]);
        }
        run(&["tag", "--annotate", "-m", "a tag", "annotated", &one]);
        let same = async || {
            let refs = git.refs().await.unwrap();
            assert_eq!(refs, git.refs_of_git().await.unwrap());
            refs
        };
        assert_eq!(same().await.len(), 4);
        assert_eq!(git.unpacked_branch("refs/heads/a/b").await, Some(one.clone()));

        run(&["pack-refs", "--all"]);
        assert_eq!(same().await.len(), 4);
        assert_eq!(git.unpacked_branch("refs/heads/main").await, None);
        assert_eq!(git.resolve("refs/heads/main").await, Some(one));

        run(&["update-ref", "refs/heads/main", &two]);
        fs::write(git.directory().join("refs/heads/other.lock"), "").unwrap();
        assert_eq!(same().await["refs/heads/main"], two);
        assert_eq!(git.resolve("refs/heads/main").await, Some(two));

        run(&["symbolic-ref", "refs/heads/alias", "refs/heads/main"]);
        assert_eq!(same().await.len(), 5);
        assert_eq!(git.unpacked_branch("refs/heads/alias").await, None);
        assert_eq!(git.unpacked_branch("refs/heads/../../HEAD").await, None);
    }
}
