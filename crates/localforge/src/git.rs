//! The system's git, run in one bare repository.
//!
//! Arguments are vectors, never a shell line; the machine's and the user's configuration are left
//! out, so that the forge behaves the same everywhere. Every call has a time-out.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::{io::AsyncWriteExt, process::Command};

mod answers;
mod commit;
mod loose;
mod read;
mod refs;

pub(crate) use answers::Answers;
pub(crate) use commit::{NewFiles, Signature};
pub(crate) use read::{CommitInfo, Entry, FileChange};

/// Refs by full name.
pub(crate) type Refs = BTreeMap<String, String>;

/// How long one plumbing command may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What each repository allows, and that nothing packs it while a test looks at it.
const CONFIG: &str = "[http]
	receivepack = true
[uploadpack]
	allowFilter = true
	allowAnySHA1InWant = true
[receive]
	autogc = false
[gc]
	auto = 0
";

/// A git command that failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GitError {
    #[error("failed to run git")]
    Run(#[from] std::io::Error),
    #[error("`git {command}` did not end in time")]
    Late { command: String },
    #[error("`git {command}` failed: {message}")]
    Failed { command: String, message: String },
    #[error("`git {command}` printed unexpected output")]
    Odd { command: String },
}

impl From<GitError> for std::io::Error {
    fn from(error: GitError) -> Self {
        match error {
            GitError::Run(error) => error,
            other @ (GitError::Late { .. } | GitError::Failed { .. } | GitError::Odd { .. }) => {
                Self::other(other)
            }
        }
    }
}

/// Git in one directory.
#[derive(Clone, Debug)]
pub(crate) struct Git {
    directory: PathBuf,
    answers: Arc<Answers>,
}

/// Returns a git command that knows no configuration but its own.
///
/// `safe.directory` counts only from the command line or the environment; without it git refuses a
/// repository that another user made, which is so when the forge runs as root on a mounted directory.
pub(crate) fn command() -> Command {
    let mut command = Command::new(program());
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()))
        .env("HOME", "/nonexistent")
        .env("LC_ALL", "C.UTF-8")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "safe.directory")
        .env("GIT_CONFIG_VALUE_0", "*")
        .kill_on_drop(true);
    command
}

/// Where git is. A command with its own environment and a path is spawned without copying the
/// page tables of this process, which takes longer than most of what git does here.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut found = std::env::split_paths(&path).map(|directory| directory.join("git"));
        found.find(|program| program.is_file()).unwrap_or_else(|| "git".into())
    })
}

impl Git {
    /// Git in this directory, with what it answered before about the forge's repositories.
    pub(crate) fn at(directory: PathBuf, answers: Arc<Answers>) -> Self {
        Self { directory, answers }
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Makes the bare repository, if it is not there.
    pub(crate) async fn init(&self, branch: &str) -> Result<(), GitError> {
        if self.directory.join("HEAD").exists() {
            return Ok(());
        }
        let mut init = command();
        init.args(["init", "--quiet", "--bare", "--template="])
            .arg(format!("--initial-branch={branch}"))
            .arg(&self.directory);
        run(init, "init", None).await?;
        // Appended to the file: `git config` would take a process for each line.
        let mut file =
            tokio::fs::OpenOptions::new().append(true).open(self.directory.join("config")).await?;
        file.write_all(CONFIG.as_bytes()).await?;
        Ok(file.flush().await?)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = command();
        command.arg("--git-dir").arg(&self.directory).args(args);
        command
    }

    /// Runs git and returns what it printed.
    async fn bytes(&self, args: &[&str]) -> Result<Vec<u8>, GitError> {
        let name = args.first().copied().unwrap_or_default();
        Ok(run(self.command(args), name, None).await?.stdout)
    }

    /// Runs git and returns what it printed, as text without the end of the last line.
    async fn text(&self, args: &[&str]) -> Result<String, GitError> {
        let bytes = self.bytes(args).await?;
        Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
    }

    /// Returns what git says about revisions, or what it said before if that cannot have changed.
    async fn bytes_about(&self, args: &[&str], about: &[&str]) -> Result<Arc<[u8]>, GitError> {
        let Some(question) = answers::lasting(&self.directory, args, about) else {
            return Ok(self.bytes(args).await?.into());
        };
        if let Some(answer) = self.answers.get(&question) {
            return Ok(answer);
        }
        let answer: Arc<[u8]> = self.bytes(args).await?.into();
        self.answers.keep(question, Arc::clone(&answer));
        Ok(answer)
    }

    /// The same, as text without the end of the last line.
    async fn text_about(&self, args: &[&str], about: &[&str]) -> Result<String, GitError> {
        let bytes = self.bytes_about(args, about).await?;
        Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
    }

    /// Chooses the branch that a clone starts with.
    pub(crate) async fn set_head(&self, branch: &str) -> Result<(), GitError> {
        self.bytes(&["symbolic-ref", "HEAD", &format!("refs/heads/{branch}")]).await.map(drop)
    }

    /// Sets a branch or tag, or deletes it.
    pub(crate) async fn update_ref(&self, name: &str, to: Option<&str>) -> Result<(), GitError> {
        match to {
            Some(to) => self.bytes(&["update-ref", name, to]).await.map(drop),
            None => self.bytes(&["update-ref", "-d", name]).await.map(drop),
        }
    }
}

/// Runs a prepared command to its end.
async fn run(mut command: Command, name: &str, input: Option<&[u8]>) -> Result<Output, GitError> {
    let stdin = if input.is_some() { Stdio::piped() } else { Stdio::null() };
    command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
    let work = async {
        let mut child = command.spawn()?;
        let pipe = child.stdin.take();
        // Written while it is read: a command that answers before it has read all would block.
        let write = async {
            if let (Some(mut pipe), Some(input)) = (pipe, input) {
                pipe.write_all(input).await?;
                pipe.shutdown().await?;
            }
            Ok::<_, std::io::Error>(())
        };
        let (written, output) = tokio::join!(write, child.wait_with_output());
        let output = output?;
        // A command that fails stops reading; what it says on stderr is the better message.
        if output.status.success() {
            written?;
        }
        Ok::<_, std::io::Error>(output)
    };
    let output = tokio::time::timeout(TIMEOUT, work)
        .await
        .map_err(|_| GitError::Late { command: name.to_owned() })??;
    if output.status.success() {
        Ok(output)
    } else {
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(GitError::Failed { command: name.to_owned(), message })
    }
}
