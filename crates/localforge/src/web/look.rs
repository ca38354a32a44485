//! How states and times are shown on a page.

use roundel_model::time::Timestamp;

use crate::model::{Repository, Status};

/// How a state is shown: color, glyph and label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StateView {
    pub(super) class: &'static str,
    pub(super) glyph: &'static str,
    pub(super) label: &'static str,
}

impl StateView {
    pub(super) const NONE: Self = Self { class: "odd", glyph: "○", label: "no status" };

    /// Reads the states of both forges.
    pub(super) fn of(state: &str) -> Self {
        match state {
            "success" | "SUCCESSFUL" => Self { class: "good", glyph: "✓", label: "success" },
            "failure" | "FAILED" => Self { class: "bad", glyph: "✗", label: "failure" },
            "pending" | "INPROGRESS" => Self { class: "wait", glyph: "●", label: "pending" },
            "error" => Self { class: "bad", glyph: "!", label: "error" },
            "STOPPED" => Self { class: "odd", glyph: "■", label: "stopped" },
            _ => Self::NONE,
        }
    }

    /// Returns the worst of several.
    pub(super) fn worst(all: &[Status]) -> Self {
        let rank = |look: &Self| match look.class {
            "bad" => 3,
            "wait" => 2,
            "odd" => 1,
            _ => 0,
        };
        all.iter().map(|one| Self::of(&one.state)).max_by_key(rank).unwrap_or(Self::NONE)
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
