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
    /// Path and contents.
    pub(crate) files: &'a [(&'a str, &'a str)],
    pub(crate) message: &'a str,
    pub(crate) by: Signature<'a>,
}

impl NewFiles<'_> {
    /// Writes the commit as `git fast-import` reads it; it answers with the id of the commit.
    fn stream(&self, branch: &str, parent: Option<&str>) -> Vec<u8> {
        let mut stream = format!("commit {branch}\nmark :1\ncommitter {} now\n", self.by.line());
        push_data(&mut stream, self.message);
        if let Some(parent) = parent {
            stream.extend(["from ", parent, "\n"]);
        }
        for &(path, contents) in self.files {
            let mode = if contents.starts_with("#!") { "100755" } else { "100644" };
            stream.extend(["M ", mode, " inline ", &quoted(path), "\n"]);
            push_data(&mut stream, contents);
        }
        stream.push_str("get-mark :1\ndone\n");
        stream.into_bytes()
    }
}

impl Signature<'_> {
    /// Writes who it was as in a commit, without what would end a name or an address there.
    fn line(&self) -> String {
        let plain = |text: &str| text.replace(['<', '>', '\n', '\0'], "").trim().to_owned();
        format!("{} <{}>", plain(self.name), plain(self.email))
    }
}

/// Text of any kind, after its length in bytes.
fn push_data(stream: &mut String, text: &str) {
    stream.extend(["data ", &text.len().to_string(), "\n", text, "\n"]);
}

/// A path as a C string, so that it may begin with a quotation mark and contain lines.
fn quoted(path: &str) -> String {
    let path = path.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{path}\"")
}

impl Git {
    /// Commits files on top of a branch and moves it, unless it moved meanwhile.
    pub(crate) async fn commit_files(&self, new: &NewFiles<'_>) -> Result<String, GitError> {
        // Each command of the stream is a line.
        if new.branch.contains('\n') {
            let message = format!("{:?} is not a valid branch name", new.branch);
            return Err(GitError::Failed { command: "fast-import".to_owned(), message });
        }
        let full = format!("refs/heads/{}", new.branch);
        let parent = match (self.resolve(&full).await, new.from) {
            (Some(old), _) => Some(old),
            (None, Some(from)) => self.resolve(from).await,
            (None, None) => None,
        };
        // One process; each object and each step of an index would otherwise take one of its own.
        // It moves a branch only to a commit that contains where the branch is.
        let import = self.command(&["fast-import", "--quiet", "--done", "--date-format=now"]);
        let stream = new.stream(&full, parent.as_deref());
        let output = run(import, "fast-import", Some(&stream)).await?;
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
