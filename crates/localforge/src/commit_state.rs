//! The states of a commit status, which the two forges name differently.

use roundel_model::forge::ForgeKind;
use serde::{Deserialize, Serialize};

/// A state of a commit status, in the words of the forge that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommitState {
    /// GitHub: not decided.
    #[serde(rename = "pending")]
    Pending,
    /// GitHub: passed.
    #[serde(rename = "success")]
    Success,
    /// GitHub: did not pass.
    #[serde(rename = "failure")]
    Failure,
    /// GitHub: could not be decided.
    #[serde(rename = "error")]
    Error,
    /// Bitbucket: not decided.
    #[serde(rename = "INPROGRESS")]
    InProgress,
    /// Bitbucket: passed.
    #[serde(rename = "SUCCESSFUL")]
    Successful,
    /// Bitbucket: did not pass.
    #[serde(rename = "FAILED")]
    Failed,
    /// Bitbucket: ended before it was decided.
    #[serde(rename = "STOPPED")]
    Stopped,
}

impl CommitState {
    /// Lists the states that a forge knows.
    const fn of(kind: ForgeKind) -> [Self; 4] {
        match kind {
            ForgeKind::GitHub => [Self::Error, Self::Failure, Self::Pending, Self::Success],
            ForgeKind::Bitbucket => {
                [Self::InProgress, Self::Successful, Self::Failed, Self::Stopped]
            }
        }
    }

    /// Reads a word of a forge; `None` for one that this forge does not know.
    pub(crate) fn parse(kind: ForgeKind, word: &str) -> Option<Self> {
        Self::of(kind).into_iter().find(|state| state.as_str() == word)
    }

    /// Returns the word of its forge.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Error => "error",
            Self::InProgress => "INPROGRESS",
            Self::Successful => "SUCCESSFUL",
            Self::Failed => "FAILED",
            Self::Stopped => "STOPPED",
        }
    }

    /// Returns whether a forge shows the commit as green.
    pub const fn is_green(self) -> bool {
        matches!(self, Self::Success | Self::Successful)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forge_takes_its_own_words_and_keeps_them() {
        for kind in ForgeKind::ALL {
            for state in CommitState::of(kind) {
                assert_eq!(CommitState::parse(kind, state.as_str()), Some(state));
                assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
            }
        }
        assert_eq!(CommitState::parse(ForgeKind::GitHub, "SUCCESSFUL"), None);
        assert_eq!(CommitState::parse(ForgeKind::Bitbucket, "success"), None);
    }
}
