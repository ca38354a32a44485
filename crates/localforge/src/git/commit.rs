//! Making commits without a working tree.

use super::{Git, GitError, run};

/// The author and committer.
pub(crate) struct Signature<'a> {
    pub(crate) name: &'a str,
    pub(crate) email: &'a str,
}

/// A commit to make.
pub(crate) struct NewFiles<'a> {
    /// Without `refs/heads/`.
    pub(crate) branch: &'a str,
    /// Where a branch that is not there starts; `None` makes a first commit.
    pub(crate) from: Option<&'a str>,
    /// Path and contents; `None` deletes.
    pub(crate) files: &'a [(String, Option<Vec<u8>>)],
    pub(crate) message: &'a str,
    pub(crate) by: Signature<'a>,
}

impl Git {
    /// Commits files on top of a branch and moves it, unless it moved meanwhile.
    pub(crate) async fn commit_files(&self, new: &NewFiles<'_>) -> Result<String, GitError> {
        let full = format!("refs/heads/{}", new.branch);
        let old = self.resolve(&full).await;
        let parent = match (&old, new.from) {
            (Some(old), _) => Some(old.clone()),
            (None, Some(from)) => self.resolve(from).await,
            (None, None) => None,
        };
        let tree = self.write_tree(parent.as_deref(), new.files).await?;
        let commit = self.write_commit(&tree, parent.as_deref(), new).await?;
        let old = old.unwrap_or_else(|| "0".repeat(commit.len()));
        self.bytes(&["update-ref", &full, &commit, &old]).await?;
        Ok(commit)
    }

    async fn write_tree(
        &self,
        parent: Option<&str>,
        files: &[(String, Option<Vec<u8>>)],
    ) -> Result<String, GitError> {
        let scratch = tempfile::tempdir()?;
        let index = scratch.path().join("index");
        // An index that is not there is an empty one.
        if let Some(parent) = parent {
            let mut command = self.command(&["read-tree", parent]);
            command.env("GIT_INDEX_FILE", &index);
            run(command, "read-tree", None).await?;
        }

        let mut lines = Vec::new();
        for (path, contents) in files {
            let line = match contents {
                Some(contents) => {
                    let write = self.command(&["hash-object", "-w", "--stdin"]);
                    let output = run(write, "hash-object", Some(contents)).await?;
                    let sha = String::from_utf8_lossy(&output.stdout).trim().to_owned();
                    let mode = if contents.starts_with(b"#!") { "100755" } else { "100644" };
                    format!("{mode} {sha} 0\t{path}\0")
                }
                None => format!("0 {}\t{path}\0", "0".repeat(40)),
            };
            lines.extend_from_slice(line.as_bytes());
        }
        let mut command = self.command(&["update-index", "-z", "--index-info"]);
        command.env("GIT_INDEX_FILE", &index);
        run(command, "update-index", Some(&lines)).await?;

        let mut command = self.command(&["write-tree"]);
        command.env("GIT_INDEX_FILE", &index);
        let output = run(command, "write-tree", None).await?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    async fn write_commit(
        &self,
        tree: &str,
        parent: Option<&str>,
        new: &NewFiles<'_>,
    ) -> Result<String, GitError> {
        let mut args = vec!["commit-tree", tree];
        if let Some(parent) = parent {
            args.extend(["-p", parent]);
        }
        let mut command = self.command(&args);
        set_author(&mut command, &new.by);
        let output = run(command, "commit-tree", Some(new.message.as_bytes())).await?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Makes a tag: annotated with a message, or a plain name without one.
    pub(crate) async fn tag(
        &self,
        name: &str,
        target: &str,
        message: Option<&str>,
        by: &Signature<'_>,
    ) -> Result<(), GitError> {
        let mut args = vec!["tag"];
        if message.is_some() {
            args.extend(["--annotate", "--file=-"]);
        }
        args.extend(["--end-of-options", name, target]);
        let mut command = self.command(&args);
        set_author(&mut command, by);
        run(command, "tag", message.map(str::as_bytes)).await.map(drop)
    }
}

fn set_author(command: &mut tokio::process::Command, by: &Signature<'_>) {
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), by.name).env(format!("GIT_{role}_EMAIL"), by.email);
    }
}
