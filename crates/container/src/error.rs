//! What went wrong, and which kind of problem it is.
//!
//! The same type travels from the helper process to the host side, so a kind is decided once, where
//! the error happens, and never guessed from a message.

use std::{fmt::Display, io};

use serde::{Deserialize, Serialize};

/// An environment or an image could not be provided, or a request to one failed.
///
/// The message names the thing and what to do about it; decisions are made by [`ErrorKind`].
#[derive(Clone, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ContainerError {
    kind: ErrorKind,
    message: String,
}

/// The kinds of [`ContainerError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ErrorKind {
    /// The request cannot be met on any host: a malformed reference, a damaged image, an image for
    /// another architecture.
    InvalidRequest,
    /// What the request names does not exist: an image, a program, a user, a directory.
    NotFound,
    /// A registry refuses the credentials, or a file its permissions.
    AccessDenied,
    /// The environment has used up its own disk limit.
    DiskLimit,
    /// The host's disk is full.
    StorageFull,
    /// A registry cannot be reached: a later attempt may succeed.
    Unavailable,
    /// A registry limits the rate of requests: credentials may help, or a later attempt.
    RateLimited,
    /// The host lacks or forbids something that every environment needs.
    Unsupported,
    /// The environment has ended, or does not respond.
    Ended,
    /// Any other failure of the host.
    Host,
}

impl ErrorKind {
    /// Returns whether the caller's request is at fault, not the host.
    pub fn is_request(self) -> bool {
        match self {
            Self::InvalidRequest | Self::NotFound | Self::AccessDenied | Self::DiskLimit => true,
            Self::StorageFull
            | Self::Unavailable
            | Self::RateLimited
            | Self::Unsupported
            | Self::Ended
            | Self::Host => false,
        }
    }
}

impl ContainerError {
    /// Returns the kind of problem.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// The request cannot be met on any host.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidRequest, message)
    }

    /// What the request names does not exist.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// A failure of the host that no system call explains.
    pub(crate) fn host(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Host, message)
    }

    /// A system call failed that the host should have done, whatever the request.
    pub(crate) fn failed(tried: impl Display, error: impl Into<io::Error>) -> Self {
        let error = error.into();
        let kind = if is_storage_full(&error) { ErrorKind::StorageFull } else { ErrorKind::Host };
        Self::new(kind, format!("failed to {tried}: {error}"))
    }

    /// A system call failed on something that the request names.
    pub(crate) fn request_failed(tried: impl Display, error: impl Into<io::Error>) -> Self {
        let error = error.into();
        let kind = if is_storage_full(&error) {
            ErrorKind::StorageFull
        } else if error.kind() == io::ErrorKind::NotFound {
            ErrorKind::NotFound
        } else if error.kind() == io::ErrorKind::PermissionDenied {
            ErrorKind::AccessDenied
        } else {
            ErrorKind::InvalidRequest
        };
        Self::new(kind, format!("failed to {tried}: {error}"))
    }

    /// The same error as another kind, where the caller knows more than the place it happened.
    pub(crate) fn with_kind(self, kind: ErrorKind) -> Self {
        Self { kind, ..self }
    }
}

/// Returns whether an error means that there is no room left.
pub(crate) fn is_storage_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Returns an error followed by its causes, in one line; a cause that is named already is not repeated.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut reason = error.source();
    while let Some(source) = reason {
        let cause = source.to_string();
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
        reason = source.source();
    }
    text
}

/// Returns the innermost cause of an error, without the number of the system's: "connection refused" says more
/// to people than the names of the layers above it.
pub(crate) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let text = cause.to_string();
    let text = text.split(" (os error").next().unwrap_or_default().trim_end_matches('.').trim();
    let mut chars = text.chars();
    let (Some(first), Some(second)) = (chars.next(), text.chars().nth(1)) else {
        return text.to_owned();
    };
    // `TLS` and `EOF` stay as they are.
    if !second.is_lowercase() {
        return text.to_owned();
    }
    first.to_lowercase().chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_comes_from_the_system_call_and_not_from_a_text() {
        let full = || io::Error::from_raw_os_error(libc::ENOSPC);
        assert_eq!(ContainerError::failed("write", full()).kind(), ErrorKind::StorageFull);
        assert_eq!(ContainerError::request_failed("write", full()).kind(), ErrorKind::StorageFull);
        let quota = nix::errno::Errno::EDQUOT;
        assert_eq!(ContainerError::failed("write", quota).kind(), ErrorKind::StorageFull);
        let absent = nix::errno::Errno::ENOENT;
        assert_eq!(ContainerError::failed("open `x`", absent).kind(), ErrorKind::Host);
        assert_eq!(ContainerError::request_failed("open `x`", absent).kind(), ErrorKind::NotFound);
        let english = io::Error::other("No space left on device");
        assert_eq!(ContainerError::failed("write", english).kind(), ErrorKind::Host);
    }
}
