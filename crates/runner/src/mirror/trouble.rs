//! What went wrong when a repository was fetched, and the way out.

use std::{io, time::Duration};

use crate::{
    phrases,
    task::{Trouble, is_disk_full},
};

/// Lines of git's own words that are shown.
const SHOWN_LINES: usize = 12;

/// A repository could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FetchTrouble {
    /// The forge is not who it should be.
    #[error("{0}")]
    HostKey(String),
    /// The forge does not let us in.
    #[error("{0}")]
    Denied(String),
    /// The commit is not there any more.
    #[error("{detail}")]
    Gone {
        /// The commit.
        sha: String,
        /// What git says.
        detail: String,
    },
    /// It took too long.
    #[error("git did not finish within {}", phrases::duration(*.0))]
    Slow(Duration),
    /// The host has no git.
    #[error("the runner's host has no `git`")]
    NoGit,
    /// The host's disk is full.
    #[error("no space left on the runner's disk")]
    DiskFull,
    /// The mirror on this host is damaged, or a killed git left a lock in it.
    #[error("{0}")]
    Damaged(String),
    /// A directory of the runner has a name that cannot be handed to ssh.
    #[error("the path `{0}` holds a quote, a backslash or `%`")]
    Path(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl FetchTrouble {
    /// Understands what git said.
    pub(super) fn from_git(code: Option<i32>, said: &str) -> Self {
        let detail = shown(said);
        let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
        if code == Some(127) && says(&["not found"]) {
            return Self::NoGit;
        }
        if says(&["No space left on device", "Disk quota exceeded"]) {
            return Self::DiskFull;
        }
        if says(&["Host key verification failed", "REMOTE HOST IDENTIFICATION HAS CHANGED"]) {
            return Self::HostKey(detail);
        }
        if says(&[".lock': File exists", "not a git repository", "object file", "is corrupt"]) {
            return Self::Damaged(detail);
        }
        if says(&["not our ref", "couldn't find remote ref", "unadvertised object"]) {
            return Self::Gone { sha: String::new(), detail };
        }
        if says(&[
            "Permission denied",
            "Repository not found",
            "repository not found",
            "access denied",
            "Access denied",
            "does not appear to be a git repository",
            "could not read Username",
            "Authentication failed",
        ]) {
            return Self::Denied(detail);
        }
        Self::Other(detail)
    }

    /// Tells whether making the mirror anew may help.
    pub(super) fn blames_the_mirror(&self) -> bool {
        matches!(self, Self::Damaged(_))
    }

    /// Reads a refusal to give a commit by its name as "it is gone".
    pub(super) fn or_gone(self, sha: &str) -> Self {
        match self {
            Self::Gone { detail, .. } | Self::Other(detail) => {
                Self::Gone { sha: sha.to_owned(), detail }
            }
            other @ (Self::HostKey(_)
            | Self::Denied(_)
            | Self::Slow(_)
            | Self::NoGit
            | Self::DiskFull
            | Self::Damaged(_)
            | Self::Path(_)) => other,
        }
    }

    /// Returns what the log of the step says: git's words, and the way out.
    pub(crate) fn lines(&self, url: &str) -> Vec<String> {
        let advice = match self {
            Self::HostKey(_) => format!(
                "The server at {url} does not prove to be the forge: its host key is not the one \
                 that is pinned. If the forge has published a new key, an administrator enters it \
                 in the forge's settings. Nothing was sent to it."
            ),
            Self::Denied(_) => format!(
                "The forge does not open {url} to the project's key. Look whether the repository \
                 was moved or removed, and whether the deploy key is still listed there; \
                 \"Project settings > SSH keys\" makes a new one."
            ),
            Self::Gone { sha, .. } => format!(
                "The commit {sha} is not in {url} any more: the branch was pushed over or deleted. \
                 Start a pipeline for the new commit."
            ),
            Self::Slow(_) => format!("The forge at {url} is too slow or cannot be reached."),
            Self::NoGit => "Install `git` and the OpenSSH client on the runner's host.".to_owned(),
            Self::DiskFull => {
                "Free some space in the runner's data directory, then run the job again.".to_owned()
            }
            Self::Damaged(_) => {
                "The runner's mirror of the repository is damaged and could not be made anew."
                    .to_owned()
            }
            Self::Path(_) => "Give the runner a data directory with a plain name.".to_owned(),
            Self::Other(_) => format!("The code could not be fetched from {url}."),
        };
        let mut lines: Vec<String> = self.to_string().lines().map(str::to_owned).collect();
        lines.push(advice);
        lines
    }

    /// Returns the trouble that is ours: not the forge's, not the user's.
    pub(crate) fn of_ours(&self) -> Option<Trouble> {
        match self {
            Self::DiskFull => Some(Trouble::disk(&io::Error::from(io::ErrorKind::StorageFull))),
            Self::NoGit | Self::Path(_) | Self::Damaged(_) => {
                Some(Trouble::Infrastructure(format!("The code could not be fetched: {self}.")))
            }
            Self::HostKey(_)
            | Self::Denied(_)
            | Self::Gone { .. }
            | Self::Slow(_)
            | Self::Other(_) => None,
        }
    }
}

impl From<io::Error> for FetchTrouble {
    fn from(error: io::Error) -> Self {
        if is_disk_full(&error) { Self::DiskFull } else { Self::Other(error.to_string()) }
    }
}

/// The last lines of what git said, without blank ones.
fn shown(said: &str) -> String {
    let lines: Vec<&str> =
        said.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_says_is_understood() {
        let of = |said: &str| FetchTrouble::from_git(Some(128), said);
        assert!(matches!(
            of("Host key verification failed.\r\nfatal: x"),
            FetchTrouble::HostKey(_)
        ));
        assert!(matches!(
            of("git@github.com: Permission denied (publickey).\nfatal: Could not read"),
            FetchTrouble::Denied(_)
        ));
        assert!(matches!(of("ERROR: Repository not found."), FetchTrouble::Denied(_)));
        assert!(matches!(
            of("fatal: remote error: upload-pack: not our ref 1234"),
            FetchTrouble::Gone { .. }
        ));
        assert!(
            of("error: Unable to create '/x/refs/heads/main.lock': File exists.")
                .blames_the_mirror()
        );
        assert_eq!(of("fatal: write error: No space left on device"), FetchTrouble::DiskFull);
        assert_eq!(
            FetchTrouble::from_git(Some(127), "git: exec: git: not found"),
            FetchTrouble::NoGit
        );
    }

    #[test]
    fn every_trouble_shows_the_way_out() {
        let lines = FetchTrouble::from_git(Some(128), "Host key verification failed.")
            .lines("git@github.com:acme/web.git");
        assert_eq!(lines[0], "Host key verification failed.");
        assert!(lines[1].contains("an administrator enters it"), "{lines:?}");
    }
}
