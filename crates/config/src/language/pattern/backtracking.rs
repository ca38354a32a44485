//! What only an engine that backtracks can run.

use std::fmt;

/// A part of a pattern that the linear engine does not support.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Backtracking {
    /// `(?= … )`, `(?! … )`.
    LookAhead,
    /// `(?<= … )`, `(?<! … )`.
    LookBehind,
    /// `(?> … )`.
    AtomicGroup,
    /// `x*+`.
    PossessiveQuantifier,
    /// `\1`, `\k<name>`.
    BackReference,
}

impl Backtracking {
    /// Returns what to write instead of it.
    pub(super) fn advice(self) -> &'static str {
        match self {
            Self::LookAhead | Self::LookBehind => {
                "use `ignore` (or `not … matches`) instead of look-around"
            }
            Self::BackReference => "write out the alternatives",
            Self::AtomicGroup | Self::PossessiveQuantifier => "use an ordinary quantifier or group",
        }
    }
}

impl fmt::Display for Backtracking {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::LookAhead => "look-ahead",
            Self::LookBehind => "look-behind",
            Self::AtomicGroup => "atomic group",
            Self::PossessiveQuantifier => "possessive quantifier",
            Self::BackReference => "back-reference",
        })
    }
}
