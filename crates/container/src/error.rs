//! What went wrong, and whose trouble it is.

/// An environment or image could not be had.
#[derive(Debug, thiserror::Error)]
pub enum ContainerError {
    /// The request is wrong: an image that does not exist, a bad reference, a refused password.
    #[error("{0}")]
    Request(String),
    /// The host cannot do it: full disk, missing feature, forbidden call. The sentence says the way out.
    #[error("{0}")]
    Host(String),
}

impl ContainerError {
    /// The host's trouble with something that was tried.
    pub(crate) fn host(tried: impl std::fmt::Display, error: impl std::fmt::Display) -> Self {
        Self::Host(format!("failed to {tried}: {error}"))
    }
}
