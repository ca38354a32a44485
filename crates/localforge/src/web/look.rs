//! How states and times are shown on a page.

use roundel_model::time::Timestamp;

use crate::{
    commit_state::CommitState,
    model::{Repository, Status},
};

/// The color of a state; the worst is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Color {
    Good,
    Odd,
    Wait,
    Bad,
}

impl Color {
    /// Returns its class in the style sheet.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Odd => "odd",
            Self::Wait => "wait",
            Self::Bad => "bad",
        }
    }
}

/// How a state is shown: color, glyph and label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StateView {
    pub(super) color: Color,
    pub(super) glyph: &'static str,
    pub(super) label: &'static str,
}

impl StateView {
    pub(super) const NONE: Self = Self { color: Color::Odd, glyph: "○", label: "no status" };

    /// Returns how a state of a commit status is shown: alike for both forges.
    pub(super) const fn of(state: CommitState) -> Self {
        let (color, glyph, label) = match state {
            CommitState::Success | CommitState::Successful => (Color::Good, "✓", "success"),
            CommitState::Failure | CommitState::Failed => (Color::Bad, "✗", "failure"),
            CommitState::Pending | CommitState::InProgress => (Color::Wait, "●", "pending"),
            CommitState::Error => (Color::Bad, "!", "error"),
            CommitState::Stopped => (Color::Odd, "■", "stopped"),
        };
        Self { color, glyph, label }
    }

    /// Returns the worst of several.
    pub(super) fn worst(all: &[Status]) -> Self {
        let views = all.iter().map(|one| Self::of(one.state));
        views.max_by_key(|view| view.color).unwrap_or(Self::NONE)
    }
}

/// Returns how long ago something was, in words.
pub(super) fn ago(time: Timestamp, now: Timestamp) -> String {
    let seconds = now.since(time).as_secs();
    match seconds {
        0..5 => "just now".to_owned(),
        5..120 => format!("{seconds} s ago"),
        120..7_200 => format!("{} min ago", seconds / 60),
        7_200..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

pub(super) const fn visibility(repository: &Repository) -> &'static str {
    if repository.private { "private" } else { "public" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_words() {
        let now = Timestamp::from_micros(1_000_000_000_000);
        let before = |seconds: i64| Timestamp::from_micros((1_000_000 - seconds) * 1_000_000);
        assert_eq!(ago(before(2), now), "just now");
        assert_eq!(ago(before(90), now), "90 s ago");
        assert_eq!(ago(before(600), now), "10 min ago");
        assert_eq!(ago(before(10_000), now), "2 h ago");
    }
}
