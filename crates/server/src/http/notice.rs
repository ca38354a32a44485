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
        NotSent = "not-sent",
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
            Self::Triggered => "Pipeline triggered.",
            Self::Canceled => "Canceled.",
            Self::Approved => "Approved.",
            Self::Followed => "You follow this project: its pipelines are on your dashboard.",
            Self::Unfollowed => "You no longer follow the project.",
            Self::VariableSaved => "Variable saved. Jobs started from now on use it.",
            Self::VariableDeleted => "Variable deleted.",
            Self::TokenGenerated => "Badge token generated.",
            Self::TokenReplaced => "New badge token generated. The previous token no longer works.",
            Self::Stopped => "Stopped: pushes to this repository start no pipelines.",
            Self::PreferencesSaved => "Preferences saved.",
            Self::CanceledAtGitHub => "Sign-in was canceled at GitHub. Nothing was changed.",
            Self::CanceledAtBitbucket => "Sign-in was canceled at Bitbucket. Nothing was changed.",
            Self::Late => "No change: already finished or decided.",
            Self::NotSent => {
                "Your session had ended, and nothing was changed. Send the form again."
            }
        }
    }
}

/// Answers a form: look there, and see what was done. The address may have a query, and end with a
/// `#fragment`.
pub(crate) fn see_done(to: &str, notice: Notice) -> Response {
    see_other(&showing(to, notice))
}

/// Returns the address of a page with the code of a notice. The address may have a query, whose own notice
/// is replaced, and a `#fragment`.
pub(crate) fn showing(to: &str, notice: Notice) -> String {
    let (page, fragment) = to
        .split_once('#')
        .map_or((to, String::new()), |(page, fragment)| (page, format!("#{fragment}")));
    let (path, query) = page.split_once('?').unwrap_or((page, ""));
    let others = query.split('&').filter(|one| !one.is_empty() && !one.starts_with("done="));
    let done = format!("done={notice}");
    let query: Vec<&str> = others.chain([done.as_str()]).collect();
    format!("{path}?{}{fragment}", query.join("&"))
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
    fn a_notice_joins_the_query_of_its_page() {
        assert_eq!(showing("/a", Notice::Late), "/a?done=late");
        assert_eq!(showing("/a#b", Notice::Late), "/a?done=late#b");
        assert_eq!(showing("/a?x=1&done=canceled#b", Notice::Late), "/a?x=1&done=late#b");
    }
}
