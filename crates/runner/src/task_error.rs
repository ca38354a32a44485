//! What keeps a task from continuing, and whether the job or the runner is at fault.

use std::io;

use roundel_container::{ContainerError, ErrorKind};

use crate::phrases;

/// What keeps a task from continuing. The sentence is for the job page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TaskError {
    /// The configuration asks for something impossible, or the job used up its limits: it fails.
    #[error("{0}")]
    Job(String),
    /// The runner or its host cannot do its part: never the author's fault.
    #[error("{0}")]
    Infrastructure(String),
}

impl TaskError {
    /// The runner's disk does not accept something.
    pub(crate) fn disk(error: &io::Error) -> Self {
        Self::Infrastructure(if is_disk_full(error) {
            "The runner's disk is full. Free some space in its data directory, then run the job \
             again."
                .to_owned()
        } else {
            format!("The runner cannot use its data directory: {error}")
        })
    }

    /// An image was not pulled. Where credentials may help, says where a configuration has them.
    pub(crate) fn of_pull(error: ContainerError) -> Self {
        let hint = match error.kind() {
            ErrorKind::NotFound | ErrorKind::AccessDenied | ErrorKind::RateLimited => {
                phrases::CREDENTIALS
            }
            ErrorKind::InvalidRequest
            | ErrorKind::DiskLimit
            | ErrorKind::StorageFull
            | ErrorKind::Unavailable
            | ErrorKind::Unsupported
            | ErrorKind::Ended
            | ErrorKind::Host => "",
        };
        match Self::from(error) {
            Self::Job(sentence) => Self::Job(sentence + hint),
            Self::Infrastructure(sentence) => Self::Infrastructure(sentence + hint),
        }
    }

    /// Returns the sentence for people.
    pub(crate) fn sentence(&self) -> &str {
        match self {
            Self::Job(sentence) | Self::Infrastructure(sentence) => sentence,
        }
    }
}

impl From<ContainerError> for TaskError {
    fn from(error: ContainerError) -> Self {
        if error.kind() == ErrorKind::DiskLimit {
            Self::Job(format!("The job has used up its disk limit: {error}"))
        } else if error.kind().is_request() {
            Self::Job(error.to_string())
        } else {
            Self::Infrastructure(error.to_string())
        }
    }
}

/// Returns whether an error means that there is no room left.
pub(crate) fn is_disk_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_that_needs_credentials_says_which_key_has_them() {
        let sentence = |kind: &str| {
            let error = serde_json::json!({ "kind": kind, "message": "image `a` …" });
            TaskError::of_pull(serde_json::from_value(error).unwrap()).to_string()
        };
        for kind in ["NotFound", "AccessDenied", "RateLimited"] {
            assert_eq!(
                sentence(kind),
                "image `a` …; credentials go into the key `auth` next to `image`"
            );
        }
        assert_eq!(sentence("Unavailable"), "image `a` …");
    }

    #[test]
    fn a_full_disk_says_what_to_do() {
        let full = io::Error::from_raw_os_error(nix::libc::ENOSPC);
        let sentence = TaskError::disk(&full).to_string();
        assert!(sentence.contains("disk is full") && sentence.contains("Free some space"));
    }
}
