//! What a page says was just done, at the top.
//!
//! A form answers with an address that has the code of a notice, `?done=canceled`, and no text: an
//! address must not put text on a page.

use axum::response::Response;
use roundel_model::forge::ForgeKind;

use super::address::see_other;

roundel_model::words! {
    /// What was just done; its text is the code in an address.
    Notice("notice") {
        Triggered = "triggered",
        Canceled = "canceled",
        Approved = "approved",
        Followed = "followed",
        Unfollowed = "unfollowed",
        VariableSaved = "variable-set",
        VariableDeleted = "variable-deleted",
        TokenGenerated = "badge-token",
        TokenReplaced = "badge-token-replaced",
        Stopped = "stopped",
        PreferencesSaved = "email-saved",
        CanceledAtGitHub = "github-canceled",
        CanceledAtBitbucket = "bitbucket-canceled",
        Late = "late",
    }
}

impl Notice {
    /// Says that a sign-in was canceled on the consent page of a forge.
    pub(crate) const fn sign_in_canceled(at: ForgeKind) -> Self {
        match at {
            ForgeKind::GitHub => Self::CanceledAtGitHub,
            ForgeKind::Bitbucket => Self::CanceledAtBitbucket,
        }
    }

    /// Returns the notice that an address has a code of.
    pub(crate) fn of(code: &str) -> Option<Self> {
        code.parse().ok()
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
            Self::CanceledAtGitHub => {
                "Sign-in was canceled at GitHub. Nothing was changed."
            }
            Self::CanceledAtBitbucket => {
                "Sign-in was canceled at Bitbucket. Nothing was changed."
            }
            Self::Late => "No change: already finished or decided.",
        }
    }
}

/// Answers a form: look there, and see what was done. The address may have a query, and end with a
/// `#fragment`.
pub(crate) fn see_done(to: &str, notice: Notice) -> Response {
    see_other(&with_notice(to, notice))
}

/// Puts a notice into an address. Of several in it, a page shows the first.
fn with_notice(to: &str, notice: Notice) -> String {
    let (to, fragment) = match to.split_once('#') {
        Some((to, fragment)) => (to, format!("#{fragment}")),
        None => (to, String::new()),
    };
    let (page, query) = match to.split_once('?') {
        Some((page, query)) => (page, format!("&{query}")),
        None => (to, String::new()),
    };
    format!("{page}?done={}{query}{fragment}", notice.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_found_by_its_code_and_says_a_sentence() {
        for notice in Notice::ALL {
            assert_eq!(Notice::of(notice.as_str()), Some(*notice));
            assert!(notice.sentence().ends_with('.'), "{notice}");
        }
        assert_eq!(Notice::of("<b>"), None);
    }

    #[test]
    fn a_notice_keeps_what_an_address_says() {
        let address = |to| with_notice(to, Notice::Stopped);
        assert_eq!(address("/a"), "/a?done=stopped");
        assert_eq!(address("/a#b"), "/a?done=stopped#b");
        assert_eq!(address("/a?done=late&x=1#b?c"), "/a?done=stopped&done=late&x=1#b?c");
    }
}
