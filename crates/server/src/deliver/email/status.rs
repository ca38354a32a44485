//! What an email reports, and the word and the color that say it.
//!
//! Deliberately absent: when it is reported, and to whom (`announce`).

use roundel_model::status::JobStatus;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EmailStatus {
    Success,
    /// A success after a failure.
    Fixed,
    Failed,
    Canceled,
    Unauthorized,
    /// A job needs approval.
    OnHold,
    /// The configuration needs what this release does not have.
    NotSupported,
    ConfigError,
    /// The forge did not return the configuration.
    ConfigUnreadable,
}

impl EmailStatus {
    /// Returns the word of the header `X-Roundel-Status` and of a message's id, which filters of emails read.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Fixed => "fixed",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Unauthorized => "unauthorized",
            Self::OnHold => "on hold",
            Self::NotSupported => "not supported",
            Self::ConfigError => "config error",
            Self::ConfigUnreadable => "could not read configuration",
        }
    }

    /// Returns the word that pages use.
    pub(crate) fn shown(self) -> &'static str {
        match self {
            Self::Success => "passed",
            Self::OnHold => "needs approval",
            Self::Fixed
            | Self::Failed
            | Self::Canceled
            | Self::Unauthorized
            | Self::NotSupported
            | Self::ConfigError
            | Self::ConfigUnreadable => self.as_str(),
        }
    }

    pub(crate) fn color(self) -> &'static str {
        match self {
            Self::Success | Self::Fixed => "#1a7f37",
            Self::OnHold => "#8250df",
            Self::Canceled => "#57606a",
            Self::Failed
            | Self::Unauthorized
            | Self::NotSupported
            | Self::ConfigError
            | Self::ConfigUnreadable => "#cf222e",
        }
    }
}

/// Returns the word that pages use for a job that went wrong.
pub(crate) fn shown_of_job(status: JobStatus) -> &'static str {
    match status {
        JobStatus::Timedout => "timed out",
        JobStatus::InfrastructureFail => "infrastructure failure",
        JobStatus::Failed
        | JobStatus::Unauthorized
        | JobStatus::Blocked
        | JobStatus::NotRunning
        | JobStatus::Running
        | JobStatus::OnHold
        | JobStatus::Success
        | JobStatus::Canceled
        | JobStatus::NotRun => status.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_uses_the_words_of_pages() {
        let words = [EmailStatus::Success, EmailStatus::OnHold, EmailStatus::Failed];
        assert_eq!(words.map(EmailStatus::shown), ["passed", "needs approval", "failed"]);
        let words = [JobStatus::Timedout, JobStatus::InfrastructureFail, JobStatus::Failed];
        assert_eq!(words.map(shown_of_job), ["timed out", "infrastructure failure", "failed"]);
    }
}
