//! What a page says was just done, at the top.
//!
//! A form answers with an address that has the code of a notice, `?done=canceled`, and no text: an
//! address must not put text on a page.

use axum::response::Response;

use super::address::see_other;

/// What was just done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    Triggered,
    Canceled,
    Approved,
    Followed,
    Unfollowed,
    VariableSaved,
    VariableDeleted,
    TokenGenerated,
    TokenReplaced,
    Stopped,
    PreferencesSaved,
    Late,
}

const ALL: [Notice; 12] = [
    Notice::Triggered,
    Notice::Canceled,
    Notice::Approved,
    Notice::Followed,
    Notice::Unfollowed,
    Notice::VariableSaved,
    Notice::VariableDeleted,
    Notice::TokenGenerated,
    Notice::TokenReplaced,
    Notice::Stopped,
    Notice::PreferencesSaved,
    Notice::Late,
];

impl Notice {
    /// Returns the notice that an address has a code of.
    pub(crate) fn of(code: &str) -> Option<Self> {
        ALL.into_iter().find(|notice| notice.code() == code)
    }

    /// Returns its code in an address.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Triggered => "triggered",
            Self::Canceled => "canceled",
            Self::Approved => "approved",
            Self::Followed => "followed",
            Self::Unfollowed => "unfollowed",
            Self::VariableSaved => "variable-set",
            Self::VariableDeleted => "variable-deleted",
            Self::TokenGenerated => "badge-token",
            Self::TokenReplaced => "badge-token-replaced",
            Self::Stopped => "stopped",
            Self::PreferencesSaved => "email-saved",
            Self::Late => "late",
        }
    }

    /// Returns the sentence that the page shows.
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::Triggered => "A pipeline was started.",
            Self::Canceled => "Canceled.",
            Self::Approved => "Approved; dependent jobs will start.",
            Self::Followed => "You follow this project: its pipelines are on your dashboard.",
            Self::Unfollowed => "You no longer follow this project.",
            Self::VariableSaved => "Variable saved. Jobs that start from now on get it.",
            Self::VariableDeleted => "Variable deleted.",
            Self::TokenGenerated => "Badge token generated.",
            Self::TokenReplaced => "New badge token generated. The previous token no longer works.",
            Self::Stopped => "Stopped: pushes to this repository start no pipelines.",
            Self::PreferencesSaved => "Preferences saved.",
            Self::Late => "No change: already finished or decided.",
        }
    }
}

/// Answers a form: look there, and see what was done. The address may end with a `#fragment`.
pub(crate) fn see_done(to: &str, notice: Notice) -> Response {
    let (page, fragment) = match to.split_once('#') {
        Some((page, fragment)) => (page, format!("#{fragment}")),
        None => (to, String::new()),
    };
    see_other(&format!("{page}?done={}{fragment}", notice.code()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notice_is_found_by_its_code() {
        for notice in ALL {
            assert_eq!(Notice::of(notice.code()), Some(notice));
        }
        assert_eq!(Notice::of("<b>"), None);
    }
}
