//! How a command ends: the exit codes of the program, and the error that means "called wrongly".

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0
    Success,
    /// 1: a pipeline or a configuration failed.
    Failure,
    /// 2: the command was called wrongly, which only became clear while it ran.
    Usage,
    /// 3: an internal or I/O error.
    Internal,
    /// 4: the configuration is valid, and asks for what this release does not support.
    Unsupported,
}

/// The command was called wrongly; the program ends with [`Exit::Usage`].
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct UsageError(pub(crate) String);

impl Exit {
    /// Returns how the program ends after an error.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        if error.is::<UsageError>() { Self::Usage } else { Self::Internal }
    }

    /// Returns the exit code of the program.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::Internal => 3,
            Self::Unsupported => 4,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
