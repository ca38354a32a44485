//! Why a repository could not be fetched, and what to do about it.
//!
//! git and ssh report what happened in English sentences on standard error and nowhere else. The
//! table [`SENTENCES`] is the only place of the runner that reads them; the tests of `mirror` hold it
//! against the real programs. (The server reads one of them by itself, when it proves a new key.)

use std::{io, time::Duration};

use crate::{
    phrases,
    task_error::{TaskError, is_disk_full},
};

/// Exit code of a shell that does not find the program that it was to become.
const NOT_INSTALLED: i32 = 127;

/// Lines of git's own words that are shown.
const SHOWN_LINES: usize = 12;

/// A repository could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FetchError {
    /// The server at the repository's address has another host key than the forge.
    #[error("{0}")]
    HostKey(String),
    /// The forge denies access.
    #[error("{0}")]
    Denied(String),
    /// The commit is not there any more.
    #[error("{detail}")]
    Gone {
        sha: String,
        /// What git says.
        detail: String,
    },
    /// It took too long.
    #[error("git did not finish within {}", phrases::duration(*.0))]
    TimedOut(Duration),
    /// The host has no git.
    #[error("`git` is not installed on the runner's host")]
    NoGit,
    /// The host's disk is full.
    #[error("no space left on the runner's disk")]
    DiskFull,
    /// The mirror on this host is damaged, or a killed git left a lock in it.
    #[error("{0}")]
    Damaged(String),
    /// A directory of the runner has a name that cannot be handed to ssh.
    #[error("the path `{0}` contains a quote, a backslash or `%`")]
    Path(String),
    /// Any other failure of git or ssh.
    #[error("{0}")]
    Other(String),
}

/// What a sentence of git or ssh means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FailureKind {
    DiskFull,
    HostKey,
    Damaged,
    Gone,
    Denied,
}

/// Parts of what git and ssh print, with `LC_ALL=C`. The first that is found counts.
const SENTENCES: [(&str, FailureKind); 19] = [
    ("No space left on device", FailureKind::DiskFull),
    ("Disk quota exceeded", FailureKind::DiskFull),
    ("Host key verification failed", FailureKind::HostKey),
    ("REMOTE HOST IDENTIFICATION HAS CHANGED", FailureKind::HostKey),
    (".lock': File exists", FailureKind::Damaged),
    ("not a git repository", FailureKind::Damaged),
    ("object file", FailureKind::Damaged),
    ("is corrupt", FailureKind::Damaged),
    ("not our ref", FailureKind::Gone),
    ("couldn't find remote ref", FailureKind::Gone),
    ("unadvertised object", FailureKind::Gone),
    ("Permission denied", FailureKind::Denied),
    ("Repository not found", FailureKind::Denied),
    ("repository not found", FailureKind::Denied),
    ("access denied", FailureKind::Denied),
    ("Access denied", FailureKind::Denied),
    ("does not appear to be a git repository", FailureKind::Denied),
    ("could not read Username", FailureKind::Denied),
    ("Authentication failed", FailureKind::Denied),
];

impl FetchError {
    /// Interprets how git ended and what it printed on standard error.
    pub(super) fn from_git(code: Option<i32>, stderr: &str) -> Self {
        if code == Some(NOT_INSTALLED) {
            return Self::NoGit;
        }
        let detail = shown(stderr);
        let found = SENTENCES.iter().find(|(part, _)| stderr.contains(part));
        match found.map(|(_, meaning)| *meaning) {
            Some(FailureKind::DiskFull) => Self::DiskFull,
            Some(FailureKind::HostKey) => Self::HostKey(detail),
            Some(FailureKind::Damaged) => Self::Damaged(detail),
            Some(FailureKind::Gone) => Self::Gone { sha: String::new(), detail },
            Some(FailureKind::Denied) => Self::Denied(detail),
            None => Self::Other(detail),
        }
    }

    /// Returns whether replacing the mirror may help.
    pub(super) fn blames_the_mirror(&self) -> bool {
        matches!(self, Self::Damaged(_))
    }

    /// Turns the error of a single commit into "it is gone".
    pub(super) fn or_gone(self, sha: &str) -> Self {
        match self {
            Self::Gone { detail, .. } | Self::Other(detail) => {
                Self::Gone { sha: sha.to_owned(), detail }
            }
            other @ (Self::HostKey(_)
            | Self::Denied(_)
            | Self::TimedOut(_)
            | Self::NoGit
            | Self::DiskFull
            | Self::Damaged(_)
            | Self::Path(_)) => other,
        }
    }

    /// Returns the lines for the step's log: git's words, and what to do.
    pub(crate) fn lines(&self, url: &str) -> Vec<String> {
        let advice = match self {
            Self::HostKey(_) => format!(
                "The host key of {url} is not one that is known of this Git provider, so the runner \
                 did not connect. If the provider has published a new key, an administrator adds it \
                 to the `known_hosts` of its settings."
            ),
            Self::Denied(_) => format!(
                "The Git provider denies the project's deploy key access to {url}. Check that the \
                 repository was not moved or removed, and that the key under \"Deploy key\" in the \
                 project's settings is still listed there."
            ),
            Self::Gone { sha, .. } => format!(
                "The commit {sha} is no longer in {url}: the branch was force-pushed or deleted. \
                 Trigger a pipeline for the new commit."
            ),
            Self::TimedOut(_) => format!("The server of {url} is too slow or cannot be reached."),
            Self::NoGit => "Install `git` and the OpenSSH client on the runner's host.".to_owned(),
            Self::DiskFull => {
                "Free some space in the runner's data directory, then push a commit or trigger the pipeline again.".to_owned()
            }
            Self::Damaged(_) => {
                "The runner's mirror of the repository is damaged and could not be replaced."
                    .to_owned()
            }
            Self::Path(_) => "Give the runner a data directory with a plain name.".to_owned(),
            Self::Other(_) => format!("The code could not be fetched from {url}."),
        };
        let mut lines: Vec<String> = self.to_string().lines().map(str::to_owned).collect();
        lines.push(advice);
        lines
    }

    /// Returns the error if it is the runner's, not the forge's or the author's.
    pub(crate) fn of_runner(&self) -> Option<TaskError> {
        match self {
            Self::DiskFull => Some(TaskError::disk(&io::Error::from(io::ErrorKind::StorageFull))),
            Self::NoGit | Self::Path(_) | Self::Damaged(_) => {
                Some(TaskError::Infrastructure(format!("The code could not be fetched: {self}.")))
            }
            Self::HostKey(_)
            | Self::Denied(_)
            | Self::Gone { .. }
            | Self::TimedOut(_)
            | Self::Other(_) => None,
        }
    }
}

impl From<io::Error> for FetchError {
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
    fn every_sentence_of_the_table_is_recognized() {
        for (part, meaning) in SENTENCES {
            let error = FetchError::from_git(Some(128), &format!("fatal: {part} (x)\n"));
            let expected = match meaning {
                FailureKind::DiskFull => matches!(error, FetchError::DiskFull),
                FailureKind::HostKey => matches!(error, FetchError::HostKey(_)),
                FailureKind::Damaged => matches!(error, FetchError::Damaged(_)),
                FailureKind::Gone => matches!(error, FetchError::Gone { .. }),
                FailureKind::Denied => matches!(error, FetchError::Denied(_)),
            };
            assert!(expected, "{part}: {error:?}");
        }
        let other = FetchError::from_git(Some(128), "fatal: early EOF");
        assert!(matches!(other, FetchError::Other(_)));
        assert_eq!(FetchError::from_git(Some(127), "git: exec: git: not found"), FetchError::NoGit);
    }

    #[test]
    fn every_error_says_what_to_do() {
        let lines = FetchError::from_git(Some(128), "Host key verification failed.")
            .lines("git@github.com:acme/web.git");
        assert_eq!(lines[0], "Host key verification failed.");
        assert!(lines[1].contains("an administrator adds it"), "{lines:?}");
    }
}
