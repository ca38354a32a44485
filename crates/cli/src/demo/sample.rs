//! The sample repositories, and pushing to two of them with the visitor's own git.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use roundel_localforge::NewRepository;
use roundel_model::{forge::ForgeKind, name::CommitSha};

/// The visitor's login at both forges.
pub(crate) const VISITOR: &str = "visitor";

/// Returns the repository of a forge that is not added, so that the visitor can add it.
pub(crate) fn not_added(forge: ForgeKind) -> NewRepository<'static> {
    let name = match forge {
        ForgeKind::GitHub => "sunrise",
        ForgeKind::Bitbucket => "dice",
    };
    NewRepository { owner: "acme", name, private: true, admin: VISITOR }
}

/// Name under which the demo commits.
const AUTHOR: (&str, &str) = ("Visitor", "visitor@example.org");
/// The branch `main`, of all that the clone has. A name, even `refs/heads/main`, is ambiguous as soon as a
/// visitor has pushed a branch named `refs/heads/main`, or a tag `main`; a pattern is not.
const ONLY_MAIN: &str = "refs/heads/main*:refs/heads/main*";
/// The branch that is pushed.
const MAIN: &str = "refs/heads/main";
/// No push over loopback takes longer.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A sample repository and its files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) forge: ForgeKind,
    pub(crate) owner: &'static str,
    pub(crate) name: &'static str,
    files: &'static [(&'static str, &'static str)],
}

macro_rules! files {
    ($root:literal: $($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../samples/", $root, "/", $path)))),*]
    };
}

/// One for each forge.
pub(crate) const SAMPLES: [Sample; 2] = [
    Sample {
        forge: ForgeKind::GitHub,
        owner: "acme",
        name: "greet",
        files: files!("github": ".circleci/config.yml", "README.md", "bin/greet",
            "test/greets-by-name.sh", "test/greets-everyone.sh"),
    },
    Sample {
        forge: ForgeKind::Bitbucket,
        owner: "acme",
        name: "count",
        files: files!("bitbucket": ".circleci/config.yml", "README.md", "bin/count", "test/expected"),
    },
];

/// A clone of a sample on this machine.
pub(crate) struct SampleClone {
    directory: PathBuf,
}

impl SampleClone {
    /// Opens the clone that is there, or makes one and pushes the sample as its first commit.
    pub(crate) async fn open(sample: &Sample, url: &str, parent: &Path) -> Result<Self> {
        let directory = parent.join(sample.name);
        let clone = Self { directory };
        if clone.directory.join(".git").is_dir() && clone.update().await.is_ok() {
            return Ok(clone);
        }
        // Left by a start that was interrupted: git may have stopped anywhere, also after the forge had
        // accepted the first push.
        if clone.directory.exists() {
            tokio::fs::remove_dir_all(&clone.directory).await?;
        }
        tokio::fs::create_dir_all(&clone.directory).await?;
        clone.git(&["init", "--quiet", "--initial-branch=main"]).await?;
        clone.git(&["remote", "add", "origin", url]).await?;
        if !clone.git(&["ls-remote", "origin", MAIN]).await?.is_empty() {
            clone.update().await?;
            return Ok(clone);
        }
        for (path, text) in sample.files {
            let path = clone.directory.join(path);
            if let Some(parent) = path.parent() {
                tokio::fs::create_dir_all(parent).await?;
            }
            tokio::fs::write(path, text).await?;
        }
        clone.commit("Begin with something small").await?;
        clone.push().await?;
        Ok(clone)
    }

    /// Takes what the forge has: the visitor was invited to push, and what they pushed from their own
    /// clone comes first.
    async fn update(&self) -> Result<()> {
        let main = format!("+{MAIN}:refs/remotes/origin/main");
        self.git(&["fetch", "--quiet", "origin", &main]).await?;
        self.git(&["reset", "--quiet", "--hard", "refs/remotes/origin/main"]).await.map(drop)
    }

    /// Changes a line and commits it. Returns the commit.
    pub(crate) async fn change(&self) -> Result<CommitSha> {
        let path = self.directory.join("README.md");
        let mut text = tokio::fs::read_to_string(&path).await?;
        text.push_str("\nPushed by the demo.\n");
        tokio::fs::write(&path, text).await?;
        self.commit("Say who pushed this").await?;
        let sha = self.git(&["rev-parse", "HEAD"]).await?;
        Ok(CommitSha::from(sha.trim()))
    }

    /// Pushes what is committed. When this returns, the forge has accepted it.
    pub(crate) async fn push(&self) -> Result<()> {
        self.git(&["push", "--quiet", "--set-upstream", "origin", ONLY_MAIN]).await.map(drop)
    }

    async fn commit(&self, message: &str) -> Result<()> {
        self.git(&["add", "--all"]).await?;
        self.git(&["commit", "--quiet", "--message", message]).await.map(drop)
    }

    async fn git(&self, arguments: &[&str]) -> Result<String> {
        let mut command = tokio::process::Command::new("git");
        command
            .args(arguments)
            .current_dir(&self.directory)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .envs([("GIT_AUTHOR_NAME", AUTHOR.0), ("GIT_AUTHOR_EMAIL", AUTHOR.1)])
            .envs([("GIT_COMMITTER_NAME", AUTHOR.0), ("GIT_COMMITTER_EMAIL", AUTHOR.1)])
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let verb = arguments.first().copied().unwrap_or_default();
        let output = tokio::time::timeout(TIMEOUT, command.output())
            .await
            .with_context(|| format!("`git {verb}` did not end within {TIMEOUT:?}"))?
            .with_context(|| format!("failed to start `git {verb}`; is git installed?"))?;
        if !output.status.success() {
            bail!("`git {verb}` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{ONLY_MAIN, SAMPLES, SampleClone};

    /// What the forge has, without its server.
    async fn bare_repository(parent: &Path) -> SampleClone {
        let forge = SampleClone { directory: parent.join("forge.git") };
        std::fs::create_dir(&forge.directory).unwrap();
        forge.git(&["init", "--quiet", "--bare", "--initial-branch=main"]).await.unwrap();
        forge
    }

    /// The demo invites its visitor to push; it must start again afterward.
    #[tokio::test]
    async fn a_kept_clone_takes_what_others_pushed() {
        let directory = tempfile::tempdir().unwrap();
        let forge = bare_repository(directory.path()).await;
        let url = forge.directory.to_str().unwrap();
        let open = async |who| {
            let parent = directory.path().join(who);
            SampleClone::open(&SAMPLES[0], url, &parent).await.unwrap()
        };
        open("demo").await;
        let visitor = SampleClone { directory: directory.path().join("visitor") };
        std::fs::create_dir(&visitor.directory).unwrap();
        visitor.git(&["clone", "--quiet", url, "."]).await.unwrap();
        let pushed = visitor.change().await.unwrap();
        visitor.push().await.unwrap();
        // Names that make `main` ambiguous at the forge.
        for odd in ["main:refs/heads/refs/heads/main", "main:refs/tags/main"] {
            visitor.git(&["push", "--quiet", "origin", odd]).await.unwrap();
        }
        let again = open("demo").await;
        again.change().await.unwrap();
        again.push().await.unwrap();
        let below = again.git(&["rev-parse", "HEAD~1"]).await.unwrap();
        assert_eq!(below.trim(), pushed.as_str());
    }

    /// A demo that was ended in its first second could never be started again in its directory.
    #[tokio::test]
    async fn a_clone_that_was_interrupted_continues_with_what_the_forge_accepted() {
        let directory = tempfile::tempdir().unwrap();
        let forge = bare_repository(directory.path()).await;
        let url = forge.directory.to_str().unwrap();
        let parent = directory.path().join("clones");
        let open = async || SampleClone::open(&SAMPLES[0], url, &parent).await.unwrap();
        let first = open().await;
        let pushed = first.git(&["rev-parse", "HEAD"]).await.unwrap();
        let git = first.directory.join(".git");
        let interruptions: [&dyn Fn(); 3] = [
            // The push was accepted, and git had not noted it yet.
            &|| std::fs::remove_dir_all(git.join("refs/remotes")).unwrap(),
            // Git was killed while it wrote its index.
            &|| std::fs::write(git.join("index.lock"), "").unwrap(),
            // Git was killed while it made the clone.
            &|| std::fs::remove_file(git.join("HEAD")).unwrap(),
        ];
        for interrupt in interruptions {
            interrupt();
            let again = open().await;
            assert_eq!(again.git(&["rev-parse", "HEAD"]).await.unwrap(), pushed);
            again.git(&["push", "--quiet", "--dry-run", "origin", ONLY_MAIN]).await.unwrap();
        }
    }
}
