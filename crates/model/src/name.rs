//! Names that travel as text, each with its own type.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps a string.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    )*};
}

names! {
    /// A branch, without `refs/heads/`. For a fork's pull request: `pull/N`.
    BranchName,
    /// A tag, without `refs/tags/`.
    TagName,
    /// A full commit id: 40 (SHA-1) or 64 (SHA-256) lower-case hex digits.
    CommitSha,
    /// A job's name in its workflow, after matrix expansion and `name:`.
    JobName,
    /// A workflow's name.
    WorkflowName,
}

impl CommitSha {
    /// Returns whether this is the all-zero id that forges send for "there is none". Works for both
    /// lengths (`VCS` §3.3: compare "all zeros", not a constant).
    pub fn is_zero(&self) -> bool {
        !self.0.is_empty() && self.0.bytes().all(|byte| byte == b'0')
    }

    /// Returns the first seven digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..7).unwrap_or(&self.0)
    }

    /// Returns whether the text has the shape of a full commit id.
    pub fn is_well_formed(&self) -> bool {
        matches!(self.0.len(), 40 | 64)
            && self.0.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }
}

/// Returns whether a shell can read an environment variable of this name: letters, digits and `_` of
/// ASCII, not beginning with a digit (POSIX.1-2024, base definitions §3.216).
pub fn is_variable_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// What a pipeline was started for: a branch or a tag, never both.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "name")]
pub enum GitRef {
    /// A branch, or `pull/N` for a fork's pull request.
    Branch(BranchName),
    Tag(TagName),
}

impl GitRef {
    /// Returns the short name of the branch or tag.
    pub fn name(&self) -> &str {
        match self {
            Self::Branch(name) => name.as_str(),
            Self::Tag(name) => name.as_str(),
        }
    }

    /// Returns the branch, if it is one.
    pub const fn branch(&self) -> Option<&BranchName> {
        match self {
            Self::Branch(name) => Some(name),
            Self::Tag(_) => None,
        }
    }

    /// Returns the tag, if it is one.
    pub const fn tag(&self) -> Option<&TagName> {
        match self {
            Self::Branch(_) => None,
            Self::Tag(name) => Some(name),
        }
    }

    /// Returns the full name: `refs/heads/main`, `refs/tags/v1`.
    pub fn full(&self) -> String {
        match self {
            Self::Branch(name) => format!("refs/heads/{name}"),
            Self::Tag(name) => format!("refs/tags/{name}"),
        }
    }

    /// Reads a full name. Anything but a branch or a tag is `None`.
    pub fn from_full(full: &str) -> Option<Self> {
        if let Some(branch) = full.strip_prefix("refs/heads/") {
            return (!branch.is_empty()).then(|| Self::Branch(branch.into()));
        }
        let tag = full.strip_prefix("refs/tags/")?;
        (!tag.is_empty()).then(|| Self::Tag(tag.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_of_either_length_mean_no_commit() {
        assert!(CommitSha::from("0".repeat(40)).is_zero());
        assert!(CommitSha::from("0".repeat(64)).is_zero());
        assert!(!CommitSha::from("").is_zero());
        assert!(!CommitSha::from("a".repeat(40)).is_zero());
    }

    #[test]
    fn a_variable_has_a_name_that_a_shell_can_read() {
        for name in ["A", "_x", "NPM_TOKEN2"] {
            assert!(is_variable_name(name), "{name}");
        }
        for name in ["", "2A", "A-B", "A B", "Ä", "A=B", "A\n"] {
            assert!(!is_variable_name(name), "{name}");
        }
    }

    #[test]
    fn a_full_ref_name_survives_the_round_trip() {
        for full in ["refs/heads/feature/x", "refs/tags/v1.0"] {
            assert_eq!(
                GitRef::from_full(full).map(|git_ref| git_ref.full()).as_deref(),
                Some(full)
            );
        }
        assert_eq!(GitRef::from_full("refs/pull/1/head"), None);
        assert_eq!(GitRef::from_full("refs/heads/"), None);
    }
}
